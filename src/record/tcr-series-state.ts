import { PROBES } from './tcr-format.ts';

/**
 * What both ends of a `.tcr` record remember of each series: the snapshot before, which the next
 * one is told by. Columns of a snapshots frame:
 *
 *   heads   one a snapshot: series, flags, times, intervals, statistics
 *   runs    (same, fresh, passed over): how rows follow those of the snapshot before
 *   bounds  two a fresh row: gap to the row before, difference to the expected end
 *   rates, ages, passed, probes   (rows between + 1, value) of rows that are not as expected; 0
 */
export const COLUMN = {
  heads: 0,
  runs: 1,
  bounds: 2,
  rates: 3,
  ages: 4,
  passed: 5,
  probes: 6,
} as const;
export const NR_COLUMNS = 7;

/** Flags of a snapshot's head. */
export const HAS_PASSED = 1;
export const HAS_PROBES = 2;
export const NEW_INTERVALS = 4;
export const HAS_STATS = 8;
export const NEW_STAT_NAMES = 16;

/** Bytes are told in units of 2^n, so that no bits are spent on those that are always 0. */
export const MAX_SHIFT = 31;
/** Times and statistics, from the least to just below the most: signed and unsigned 64 bits. */
export const LEAST_WIDE: bigint = -(2n ** 63n);
export const WIDE_LIMIT: bigint = 2n ** 64n;
export const MAX_STATS = 256;
export const MAX_STAT_NAME_BYTES = 256;
/** Of all series together. */
export const MAX_STATS_IN_ALL: number = 2 ** 16;

const FIRST_ROWS = 16;

/** Columns of one snapshot. */
export interface Rows {
  nr: number;
  start: Float64Array;
  end: Float64Array;
  nrAccesses: Uint32Array;
  age: Float64Array;
  /** Null until a snapshot has them. */
  passed: Float64Array | null;
  probes: Uint32Array | null;
}

/** What a snapshot carries besides its rows. */
export interface Before {
  endNs: bigint;
  durationNs: bigint;
  sampleIntervalUs: number | null;
  aggregationIntervalUs: number | null;
  statNames: readonly string[];
  statValues: readonly bigint[];
}

/** Of a series that had no snapshot yet. */
export function nothingBefore(): Before {
  return {
    endNs: 0n,
    durationNs: 0n,
    sampleIntervalUs: null,
    aggregationIntervalUs: null,
    statNames: [],
    statValues: [],
  };
}

/** Columns without rows. */
export function newRows(): Rows {
  return {
    nr: 0,
    start: new Float64Array(FIRST_ROWS),
    end: new Float64Array(FIRST_ROWS),
    nrAccesses: new Uint32Array(FIRST_ROWS),
    age: new Float64Array(FIRST_ROWS),
    passed: null,
    probes: null,
  };
}

/** Whether columns are so long for `nr` rows that they should not be kept. */
export function areTooLong({ start }: Rows, nr: number): boolean {
  return start.length > nr * 1.5 + FIRST_ROWS;
}

/**
 * Makes room for `nr` rows, and not for many more: what readers hold is bounded by rows. What the
 * columns held is lost.
 * @param hasPassed whether the bytes that passed filters need room, too; so with probes
 */
export function makeRoom(rows: Rows, nr: number, hasPassed: boolean, hasProbes: boolean): void {
  if (rows.start.length < nr || areTooLong(rows, nr)) {
    const capacity = Math.ceil(nr * 1.25);
    rows.start = new Float64Array(capacity);
    rows.end = new Float64Array(capacity);
    rows.nrAccesses = new Uint32Array(capacity);
    rows.age = new Float64Array(capacity);
  }
  const capacity = rows.start.length;
  if (!hasPassed) rows.passed = null;
  else if (rows.passed?.length !== capacity) rows.passed = new Float64Array(capacity);
  if (!hasProbes) rows.probes = null;
  else if (rows.probes?.length !== capacity * PROBES) {
    rows.probes = new Uint32Array(capacity * PROBES);
  }
  rows.nr = nr;
}

/** The age of a region that nothing has happened to since it was `age`. */
export function expectedAge(age: number): number {
  return age < 0 ? -1 : age + 1;
}

/**
 * The row of the snapshot before that a fresh row is told by: the k-th of `fresh` rows that take
 * the place of `passedOver` ones, the last being told by the last, since they end at the same
 * address most often. -1 without any.
 */
export function rowBefore(from: number, k: number, fresh: number, passedOver: number): number {
  if (passedOver === 0) return -1;
  return from + (k === fresh - 1 ? passedOver - 1 : Math.min(k, passedOver - 1));
}
