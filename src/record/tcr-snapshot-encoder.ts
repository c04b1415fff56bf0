import { ThermoclineError } from '../base/errors.ts';
import type { SeriesSnapshot } from './recording.ts';
import { MAX_FRAME_BYTES, MAX_REGIONS, MAX_SERIES, PROBES } from './tcr-format.ts';
import {
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
  type ByteSink,
  contentOf,
  newSink,
  putBigInt,
  putBytes,
  putSigned,
  putVarint,
} from './varint.ts';

interface SeriesState {
  readonly rows: Rows;
  before: Before;
  /** All addresses of the snapshot before, or-ed: its trailing zeros tell their common unit. */
  addressBits: number;
  nrSinceKey: number;
}

/** Packs snapshots into the columns of a frame, each told by what changed since the one before. */
export class SnapshotEncoder {
  readonly #sinks: readonly ByteSink[] = Array.from({ length: NR_COLUMNS }, () => newSink());
  readonly #states = new Map<number, SeriesState>();
  readonly #text = new TextEncoder();
  /** For each row of the snapshot at hand, the row before that it is told by. */
  #matches: Int32Array = new Int32Array(0);
  /** Snapshots of the series that has most of them since all series began anew. */
  nrSinceKey = 0;
  /** Rows and statistics that are remembered, of all series. */
  #nrRows = 0;
  #nrStats = 0;
  /** In the frame at hand. */
  nrSnapshots = 0;

  /** Bytes of the frame at hand. */
  get length(): number {
    return this.#sinks.reduce((sum, sink) => sum + sink.length, (NR_COLUMNS + 1) * 4);
  }

  /** Whether readers could be asked to remember too much, if another snapshot were added. */
  isFull({ nrRegions, schemeStats }: SeriesSnapshot): boolean {
    const nrStats = schemeStats === null ? 0 : Object.keys(schemeStats).length;
    return this.#nrRows + nrRegions > MAX_REGIONS || this.#nrStats + nrStats > MAX_STATS_IN_ALL;
  }

  /** From now on nothing is told by what was before. */
  beginAnew(): void {
    this.#states.clear();
    this.nrSinceKey = 0;
    this.#nrRows = 0;
    this.#nrStats = 0;
  }

  /** @throws ThermoclineError TC_INVALID for what a record can't hold; nothing was added then */
  add(snapshot: SeriesSnapshot): void {
    const { seriesIndex, nrRegions, filterPassedBytes, probeHits } = snapshot;
    check(snapshot);
    const state = this.#stateOf(seriesIndex);
    const lengths = this.#sinks.map(({ length }) => length);
    if (this.#matches.length < nrRegions) this.#matches = new Int32Array(nrRegions * 2);
    const bits = addressBits(snapshot);
    const shift = commonShift(bits | state.addressBits);
    const { rows } = state;
    const matches = this.#matches;
    const sink = (column: number) => this.#sinks[column]!;
    this.#putHead(snapshot, state.before, shift);
    putRuns(sink(COLUMN.runs), sink(COLUMN.bounds), snapshot, rows, matches, 2 ** shift);
    putDifferences(sink(COLUMN.rates), snapshot.nrAccesses, nrRegions, rows.nrAccesses, matches);
    putAges(sink(COLUMN.ages), snapshot, rows, matches);
    if (filterPassedBytes !== null) {
      putDifferences(sink(COLUMN.passed), filterPassedBytes, nrRegions, rows.passed, matches);
    }
    if (probeHits !== null) {
      putProbes(sink(COLUMN.probes), probeHits, nrRegions, rows.probes, matches);
    }
    if (this.length > MAX_FRAME_BYTES) {
      for (const [index, sink] of this.#sinks.entries()) sink.length = lengths[index]!;
      throw invalid('it takes more than 64 MiB');
    }
    this.#remember(state, snapshot, bits);
  }

  /** The payload of the frame; the next one begins empty. */
  take(): Uint8Array {
    const payload = newSink(this.length);
    const view = new DataView(payload.bytes.buffer);
    for (const [index, { length }] of this.#sinks.entries())
      view.setUint32(index * 4, length, true);
    view.setUint32(NR_COLUMNS * 4, this.nrSnapshots, true);
    payload.length = (NR_COLUMNS + 1) * 4;
    for (const sink of this.#sinks) {
      putBytes(payload, contentOf(sink));
      sink.length = 0;
    }
    this.nrSnapshots = 0;
    return contentOf(payload);
  }

  #stateOf(seriesIndex: number): SeriesState {
    let state = this.#states.get(seriesIndex);
    if (state === undefined) {
      state = { rows: newRows(), before: nothingBefore(), addressBits: 0, nrSinceKey: 0 };
      this.#states.set(seriesIndex, state);
    }
    return state;
  }

  #putHead(snapshot: SeriesSnapshot, before: Before, shift: number): void {
    const { seriesIndex, nrRegions, startNs, endNs, schemeStats } = snapshot;
    const { sampleIntervalUs, aggregationIntervalUs } = snapshot;
    const heads = this.#sinks[COLUMN.heads]!;
    const hasNewIntervals =
      sampleIntervalUs !== before.sampleIntervalUs ||
      aggregationIntervalUs !== before.aggregationIntervalUs;
    const names = schemeStats === null ? before.statNames : Object.keys(schemeStats);
    const hasNewNames =
      names.length !== before.statNames.length ||
      names.some((name, index) => name !== before.statNames[index]);
    putVarint(heads, seriesIndex);
    putVarint(
      heads,
      (snapshot.filterPassedBytes === null ? 0 : HAS_PASSED) |
        (snapshot.probeHits === null ? 0 : HAS_PROBES) |
        (hasNewIntervals ? NEW_INTERVALS : 0) |
        (schemeStats === null ? 0 : HAS_STATS) |
        (hasNewNames ? NEW_STAT_NAMES : 0),
    );
    putVarint(heads, nrRegions);
    putVarint(heads, shift);
    putBigInt(heads, startNs - before.endNs);
    putBigInt(heads, endNs - startNs - before.durationNs);
    if (hasNewIntervals) {
      putVarint(heads, sampleIntervalUs === null ? 0 : sampleIntervalUs + 1);
      putVarint(heads, aggregationIntervalUs === null ? 0 : aggregationIntervalUs + 1);
    }
    if (schemeStats === null) return;
    if (hasNewNames) this.#putNames(heads, names);
    names.forEach((name, index) => {
      const known = hasNewNames ? 0n : before.statValues[index]!;
      putBigInt(heads, schemeStats[name]! - known);
    });
  }

  #putNames(heads: ByteSink, names: readonly string[]): void {
    putVarint(heads, names.length);
    for (const name of names) {
      const bytes = this.#text.encode(name);
      putVarint(heads, bytes.length);
      putBytes(heads, bytes);
    }
  }

  #remember(state: SeriesState, snapshot: SeriesSnapshot, bits: number): void {
    const { nrRegions, startNs, endNs, schemeStats, filterPassedBytes, probeHits } = snapshot;
    const { rows, before } = state;
    this.#nrRows += nrRegions - rows.nr;
    makeRoom(rows, nrRegions, filterPassedBytes !== null, probeHits !== null);
    rows.start.set(snapshot.start.subarray(0, nrRegions));
    rows.end.set(snapshot.end.subarray(0, nrRegions));
    rows.nrAccesses.set(snapshot.nrAccesses.subarray(0, nrRegions));
    rows.age.set(snapshot.age.subarray(0, nrRegions));
    if (filterPassedBytes !== null) rows.passed!.set(filterPassedBytes.subarray(0, nrRegions));
    if (probeHits !== null) rows.probes!.set(probeHits.subarray(0, nrRegions * PROBES));
    state.addressBits = bits;
    const statNames = schemeStats === null ? before.statNames : Object.keys(schemeStats);
    this.#nrStats += statNames.length - before.statNames.length;
    state.before = {
      endNs,
      durationNs: endNs - startNs,
      sampleIntervalUs: snapshot.sampleIntervalUs,
      aggregationIntervalUs: snapshot.aggregationIntervalUs,
      statNames,
      statValues: schemeStats === null ? before.statValues : Object.values(schemeStats),
    };
    state.nrSinceKey += 1;
    this.nrSinceKey = Math.max(this.nrSinceKey, state.nrSinceKey);
    this.nrSnapshots += 1;
  }
}

function check(snapshot: SeriesSnapshot): void {
  const { seriesIndex, nrRegions, startNs, endNs, filterPassedBytes, schemeStats } = snapshot;
  if (!isWhole(seriesIndex) || seriesIndex >= MAX_SERIES) throw invalid('it has too many series');
  if (nrRegions > MAX_REGIONS) throw invalid(`it has more than ${MAX_REGIONS} regions`);
  if (!isWide(startNs) || !isWide(endNs)) throw invalid('its time is beyond 64 bits');
  for (const interval of [snapshot.sampleIntervalUs, snapshot.aggregationIntervalUs]) {
    if (interval !== null && !isWhole(interval)) {
      throw invalid(`${interval} is no interval of whole microseconds`);
    }
  }
  checkWhole(snapshot.start, nrRegions, 0, 'address');
  checkWhole(snapshot.end, nrRegions, 0, 'address');
  checkWhole(snapshot.age, nrRegions, -1, 'age');
  if (filterPassedBytes !== null) checkWhole(filterPassedBytes, nrRegions, 0, 'size');
  const stats = Object.entries(schemeStats ?? {});
  const hasLongName = stats.some(([name]) => name.length * 3 > MAX_STAT_NAME_BYTES);
  if (stats.length > MAX_STATS || hasLongName || !stats.every(([, value]) => isWide(value))) {
    throw invalid('its scheme has statistics that are too many, too long or beyond 64 bits');
  }
}

function checkWhole(column: Float64Array, nr: number, least: number, what: string): void {
  for (let row = 0; row < nr; row++) {
    const value = column[row]!;
    // Not the negation: what is no number has to fail, too.
    if (value >= least && value < Number.MAX_SAFE_INTEGER && Math.floor(value) === value) continue;
    throw invalid(`${value} is no ${what} that it can hold (whole, below 2^53)`);
  }
}

function isWhole(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value < Number.MAX_SAFE_INTEGER;
}

function isWide(value: bigint): boolean {
  return value >= LEAST_WIDE && value < WIDE_LIMIT;
}

function invalid(why: string): ThermoclineError {
  return new ThermoclineError('TC_INVALID', `A .tcr record can't hold this snapshot: ${why}.`);
}

function addressBits({ nrRegions, start, end }: SeriesSnapshot): number {
  let bits = 0;
  for (let row = 0; row < nrRegions; row++) bits |= start[row]! | end[row]!;
  return bits;
}

function commonShift(bits: number): number {
  return bits === 0 ? MAX_SHIFT : 31 - Math.clz32(bits & -bits);
}

/**
 * Aligns rows with those before by their addresses, tells how they follow, and where fresh ones
 * lie. Leaves in `matches`, for each row, the row before that it is told by, or -1.
 */
function putRuns(
  runs: ByteSink,
  bounds: ByteSink,
  now: SeriesSnapshot,
  old: Rows,
  matches: Int32Array,
  unit: number,
): void {
  const { nrRegions, start, end } = now;
  let row = 0;
  let oldRow = 0;
  while (true) {
    const first = row;
    while (
      row < nrRegions &&
      oldRow < old.nr &&
      start[row] === old.start[oldRow] &&
      end[row] === old.end[oldRow]
    ) {
      matches[row++] = oldRow++;
    }
    putVarint(runs, row - first);
    if (row === nrRegions) return;
    const firstFresh = row;
    const firstPassed = oldRow;
    // Up to the next address at which both a row and one before end.
    for (let meets = false; !meets && row < nrRegions && oldRow < old.nr; ) {
      const rowEnd = end[row]!;
      const oldEnd = old.end[oldRow]!;
      meets = rowEnd === oldEnd;
      if (rowEnd <= oldEnd) row += 1;
      if (oldEnd <= rowEnd) oldRow += 1;
    }
    if (oldRow === old.nr) row = nrRegions;
    const fresh = row - firstFresh;
    const passedOver = oldRow - firstPassed;
    putVarint(runs, fresh);
    putVarint(runs, passedOver);
    for (let k = 0; k < fresh; k++) {
      const at = firstFresh + k;
      const before = rowBefore(firstPassed, k, fresh, passedOver);
      matches[at] = before;
      putSigned(bounds, (start[at]! - (at === 0 ? 0 : end[at - 1]!)) / unit);
      putSigned(bounds, (end[at]! - (before < 0 ? start[at]! : old.end[before]!)) / unit);
    }
    if (row === nrRegions) return;
  }
}

/** Tells the rows of a column that are not as before. */
function putDifferences(
  sink: ByteSink,
  now: Float64Array | Uint32Array,
  nrRegions: number,
  old: Float64Array | Uint32Array | null,
  matches: Int32Array,
): void {
  let next = 0;
  for (let row = 0; row < nrRegions; row++) {
    const before = matches[row]!;
    const difference = now[row]! - (before < 0 || old === null ? 0 : old[before]!);
    if (difference === 0) continue;
    putVarint(sink, row - next + 1);
    putSigned(sink, difference);
    next = row + 1;
  }
  putVarint(sink, 0);
}

/** Tells the rows that are not older by one than they were. */
function putAges(sink: ByteSink, now: SeriesSnapshot, old: Rows, matches: Int32Array): void {
  let next = 0;
  for (let row = 0; row < now.nrRegions; row++) {
    const before = matches[row]!;
    const age = now.age[row]!;
    if (age === (before < 0 ? 0 : expectedAge(old.age[before]!))) continue;
    putVarint(sink, row - next + 1);
    putVarint(sink, age + 1);
    next = row + 1;
  }
  putVarint(sink, 0);
}

/** Tells the probe hits that are not as before; rows are counted in hits, four a region. */
function putProbes(
  sink: ByteSink,
  now: Uint32Array,
  nrRegions: number,
  old: Uint32Array | null,
  matches: Int32Array,
): void {
  let next = 0;
  for (let hit = 0; hit < nrRegions * PROBES; hit++) {
    const before = matches[Math.floor(hit / PROBES)]!;
    const known = before < 0 || old === null ? 0 : old[before * PROBES + (hit % PROBES)]!;
    if (now[hit] === known) continue;
    putVarint(sink, hit - next + 1);
    putSigned(sink, now[hit]! - known);
    next = hit + 1;
  }
  putVarint(sink, 0);
}
