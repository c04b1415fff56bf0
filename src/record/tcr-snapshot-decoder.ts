import type { SeriesSnapshot } from './recording.ts';
import { MAX_REGIONS, MAX_SERIES, PROBES } from './tcr-format.ts';
import {
  areTooLong,
  type Before,
  COLUMN,
  expectedAge,
  HAS_PASSED,
  HAS_PROBES,
  HAS_STATS,
  LEAST_WIDE,
  MAX_SHIFT,
  MAX_STAT_NAME_BYTES,
  MAX_STATS,
  MAX_STATS_IN_ALL,
  makeRoom,
  NEW_INTERVALS,
  NEW_STAT_NAMES,
  NR_COLUMNS,
  newRows,
  nothingBefore,
  type Rows,
  rowBefore,
  WIDE_LIMIT,
} from './tcr-series-state.ts';
import {
  type ByteCursor,
  DamageError,
  takeBigInt,
  takeBytes,
  takeSigned,
  takeVarint,
} from './varint.ts';

const LENGTHS_BYTES = (NR_COLUMNS + 1) * 4;
const KNOWN_FLAGS = HAS_PASSED | HAS_PROBES | NEW_INTERVALS | HAS_STATS | NEW_STAT_NAMES;

interface SeriesState {
  rows: Rows;
  /** Takes the next snapshot; then the two change places. */
  spare: Rows;
  before: Before;
}

/** Unpacks what `SnapshotEncoder` packed. */
export class SnapshotDecoder {
  readonly #cursors: readonly ByteCursor[] = Array.from({ length: NR_COLUMNS }, () => ({
    bytes: new Uint8Array(0),
    offset: 0,
  }));
  readonly #states = new Map<number, SeriesState>();
  readonly #text = new TextDecoder();
  #nrRows = 0;
  #nrStats = 0;

  /** A frame begins in which nothing is told by what was before. */
  beginAnew(): void {
    this.#states.clear();
    this.#nrRows = 0;
    this.#nrStats = 0;
  }

  /**
   * Begins with the payload of a frame.
   * @returns how many snapshots it holds
   * @throws DamageError
   */
  open(payload: Uint8Array): number {
    if (payload.length < LENGTHS_BYTES) throw new DamageError('it has no table of columns');
    const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
    let offset = LENGTHS_BYTES;
    for (const [index, cursor] of this.#cursors.entries()) {
      const length = view.getUint32(index * 4, true);
      if (offset + length > payload.length) throw new DamageError('a column is longer than it');
      cursor.bytes = payload.subarray(offset, offset + length);
      cursor.offset = 0;
      offset += length;
    }
    const nrSnapshots = view.getUint32(NR_COLUMNS * 4, true);
    // The shortest head of a snapshot takes six bytes.
    if (nrSnapshots * 6 > this.#cursors[COLUMN.heads]!.bytes.length) {
      throw new DamageError('it claims more snapshots than it holds');
    }
    return nrSnapshots;
  }

  /**
   * The next snapshot of the frame; its columns are valid until the one after the next.
   * @throws DamageError, after which only a frame that begins anew can be read
   */
  next(): SeriesSnapshot {
    const heads = this.#cursors[COLUMN.heads]!;
    const seriesIndex = takeVarint(heads);
    if (seriesIndex >= MAX_SERIES) throw new DamageError('it has too many series');
    const flags = takeVarint(heads);
    if ((flags & ~KNOWN_FLAGS) !== 0) throw new DamageError('a snapshot has unknown flags');
    const state = this.#stateOf(seriesIndex);
    const { rows: old, spare: rows } = state;
    const nrRegions = takeVarint(heads);
    this.#checkRoom(nrRegions, old.nr);
    const shift = takeVarint(heads);
    if (shift > MAX_SHIFT) throw new DamageError('it has an unknown unit of addresses');
    state.before = this.#takeBefore(state.before, flags);
    makeRoom(rows, nrRegions, (flags & HAS_PASSED) !== 0, (flags & HAS_PROBES) !== 0);
    this.#takeRows(old, rows, 2 ** shift);
    this.#nrRows += nrRegions - old.nr;
    state.rows = rows;
    state.spare = areTooLong(old, nrRegions) ? newRows() : old;
    const { before } = state;
    return {
      seriesIndex,
      startNs: before.endNs - before.durationNs,
      endNs: before.endNs,
      sampleIntervalUs: before.sampleIntervalUs,
      aggregationIntervalUs: before.aggregationIntervalUs,
      nrRegions,
      start: rows.start,
      end: rows.end,
      nrAccesses: rows.nrAccesses,
      age: rows.age,
      filterPassedBytes: rows.passed,
      probeHits: rows.probes,
      schemeStats: (flags & HAS_STATS) === 0 ? null : statsOf(before),
    };
  }

  #stateOf(seriesIndex: number): SeriesState {
    let state = this.#states.get(seriesIndex);
    if (state === undefined) {
      state = { rows: newRows(), spare: newRows(), before: nothingBefore() };
      this.#states.set(seriesIndex, state);
    }
    return state;
  }

  /** A row that is not as before takes two bytes at least, so memory grows with what is there. */
  #checkRoom(nrRegions: number, nrOld: number): void {
    const { bytes, offset } = this.#cursors[COLUMN.bounds]!;
    const nrPossible = nrOld + (bytes.length - offset) / 2;
    if (nrRegions > nrPossible || this.#nrRows - nrOld + nrRegions > MAX_REGIONS) {
      throw new DamageError('a snapshot claims more regions than it can have');
    }
  }

  #takeBefore(before: Before, flags: number): Before {
    const heads = this.#cursors[COLUMN.heads]!;
    const startNs = before.endNs + takeBigInt(heads);
    const durationNs = before.durationNs + takeBigInt(heads);
    let { sampleIntervalUs, aggregationIntervalUs, statNames, statValues } = before;
    if ((flags & NEW_INTERVALS) !== 0) {
      sampleIntervalUs = intervalOf(takeVarint(heads));
      aggregationIntervalUs = intervalOf(takeVarint(heads));
    }
    if ((flags & NEW_STAT_NAMES) !== 0) {
      this.#nrStats -= statNames.length;
      statNames = this.#takeNames();
      this.#nrStats += statNames.length;
      statValues = statNames.map(() => 0n);
    }
    if ((flags & HAS_STATS) !== 0) {
      statValues = statValues.map((value) => inRange(value + takeBigInt(heads)));
    }
    const endNs = inRange(inRange(startNs) + durationNs);
    return { endNs, durationNs, sampleIntervalUs, aggregationIntervalUs, statNames, statValues };
  }

  #takeNames(): string[] {
    const heads = this.#cursors[COLUMN.heads]!;
    const names: string[] = [];
    const count = takeVarint(heads);
    if (count > MAX_STATS || this.#nrStats + count > MAX_STATS_IN_ALL) {
      throw new DamageError('it has too many statistics');
    }
    for (let index = 0; index < count; index++) {
      const length = takeVarint(heads);
      if (length > MAX_STAT_NAME_BYTES) throw new DamageError('a statistic has too long a name');
      names.push(this.#text.decode(takeBytes(heads, length)));
    }
    return names;
  }

  #takeRows(old: Rows, rows: Rows, unit: number): void {
    const cursor = (column: number) => this.#cursors[column]!;
    takeRuns(cursor(COLUMN.runs), cursor(COLUMN.bounds), old, rows, unit);
    takeDifferences(cursor(COLUMN.rates), rows.nrAccesses, rows.nr, 2 ** 32 - 1);
    takeAges(cursor(COLUMN.ages), rows);
    if (rows.passed !== null) {
      takeDifferences(cursor(COLUMN.passed), rows.passed, rows.nr, Number.MAX_SAFE_INTEGER);
    }
    if (rows.probes !== null) {
      takeDifferences(cursor(COLUMN.probes), rows.probes, rows.nr * PROBES, 2 ** 32 - 1);
    }
  }
}

function inRange(value: bigint): bigint {
  if (value >= LEAST_WIDE && value < WIDE_LIMIT) return value;
  throw new DamageError('a time or count is beyond 64 bits');
}

function intervalOf(coded: number): number | null {
  return coded === 0 ? null : coded - 1;
}

function statsOf({ statNames, statValues }: Before): Record<string, bigint> {
  return Object.fromEntries(statNames.map((name, index) => [name, statValues[index]!]));
}

/** Fills `rows` with what is expected of them: bounds as they are, all else as it was before. */
function takeRuns(runs: ByteCursor, bounds: ByteCursor, old: Rows, rows: Rows, unit: number): void {
  const { nr, start, end } = rows;
  let row = 0;
  let oldRow = 0;
  while (true) {
    const same = takeVarint(runs);
    if (row + same > nr || oldRow + same > old.nr) throw tooManyRows();
    for (const limit = row + same; row < limit; row++, oldRow++) {
      start[row] = old.start[oldRow]!;
      end[row] = old.end[oldRow]!;
      expect(rows, row, old, oldRow);
    }
    if (row === nr) return;
    const fresh = takeVarint(runs);
    const passedOver = takeVarint(runs);
    if (row + fresh > nr || oldRow + passedOver > old.nr) throw tooManyRows();
    if (same + fresh + passedOver === 0) throw new DamageError('its rows do not go on');
    for (let k = 0; k < fresh; k++, row++) {
      const before = rowBefore(oldRow, k, fresh, passedOver);
      const from = (row === 0 ? 0 : end[row - 1]!) + takeSigned(bounds) * unit;
      const to = (before < 0 ? from : old.end[before]!) + takeSigned(bounds) * unit;
      if (!(from >= 0 && to >= 0 && from < 2 ** 53 && to < 2 ** 53)) {
        throw new DamageError('an address is beyond 2^53');
      }
      start[row] = from;
      end[row] = to;
      expect(rows, row, old, before);
    }
    oldRow += passedOver;
    if (row === nr) return;
  }
}

/** Row `row` is expected to be as `before` was, a window later; -1: to be new. */
function expect(rows: Rows, row: number, old: Rows, before: number): void {
  rows.nrAccesses[row] = before < 0 ? 0 : old.nrAccesses[before]!;
  rows.age[row] = before < 0 ? 0 : expectedAge(old.age[before]!);
  if (rows.passed !== null) rows.passed[row] = before < 0 ? 0 : (old.passed?.[before] ?? 0);
  if (rows.probes === null) return;
  for (let probe = 0; probe < PROBES; probe++) {
    const known = before < 0 ? 0 : old.probes?.[before * PROBES + probe];
    rows.probes[row * PROBES + probe] = known ?? 0;
  }
}

function takeDifferences(
  cursor: ByteCursor,
  column: Float64Array | Uint32Array,
  nr: number,
  most: number,
): void {
  let next = 0;
  for (let gap = takeVarint(cursor); gap !== 0; gap = takeVarint(cursor)) {
    const row = next + gap - 1;
    if (row >= nr) throw tooManyRows();
    const value = column[row]! + takeSigned(cursor);
    if (!(value >= 0 && value <= most)) throw new DamageError('a count is out of range');
    column[row] = value;
    next = row + 1;
  }
}

function takeAges(cursor: ByteCursor, { nr, age }: Rows): void {
  let next = 0;
  for (let gap = takeVarint(cursor); gap !== 0; gap = takeVarint(cursor)) {
    const row = next + gap - 1;
    if (row >= nr) throw tooManyRows();
    age[row] = takeVarint(cursor) - 1;
    next = row + 1;
  }
}

function tooManyRows(): DamageError {
  return new DamageError('its columns tell of rows that it does not have');
}
