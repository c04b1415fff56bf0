/** A recorded access pattern: what was accessed when, in columns that threads can share. */
import { ThermoclineError } from '../../base/errors.ts';
import type { Snapshot } from '../../params/snapshot.ts';
import type { AddressRange } from '../../params/types.ts';
import { type PatternRows, RowColumns } from './pattern-rows.ts';
import { sharpened } from './sharpened.ts';

/** Regions of a pattern take 32 bytes each; beyond this, memory would run out before patience. */
const MAX_ROWS = 2 ** 24;

/** A snapshot that is later by more than this many intervals has others missing before it. */
const GAP_FROM = 1.5;

/** Of a region of which all pages were touched, it is not known how often each was. */
const MOST_TOUCHED = 0.95;

/** Accesses that a look at all pages does not explain count from so many deviations on. */
const SIGNIFICANT_DEVIATIONS = 2;

/** What was watched of a target from a moment on. */
export interface Layout {
  /** Microseconds since the start of the pattern. */
  readonly fromUs: number;
  /** Byte addresses, in order and apart; none once the target is gone. */
  readonly ranges: readonly AddressRange[];
}

/** A region as it was when watching began. */
export interface FirstRegion extends AddressRange {
  /** Share of samples that found it accessed, 0…1. */
  readonly accessShare: number;
  /** For how long it had been about the same; null where the recording doesn't tell. */
  readonly ageUs: number | null;
}

/**
 * What was seen of one target. Window w lasts from `startUs[w]` to `endUs[w]`, and the regions that
 * were accessed in it are rows `firstRow[w]` up to `firstRow[w + 1]`, in the order of addresses;
 * what else was watched was not accessed.
 */
export interface TargetPattern extends PatternRows {
  /** Null for physical memory. */
  readonly pid: number | null;
  readonly nrWindows: number;
  /** Microseconds since the start of the pattern; windows follow each other without a gap. */
  readonly startUs: Float64Array;
  readonly endUs: Float64Array;
  /** In force in each window. */
  readonly sampleIntervalUs: Float64Array;
  readonly firstRow: Uint32Array;
  readonly layouts: readonly Layout[];
  readonly firstRegions: readonly FirstRegion[];
}

/** The pattern of all targets, and how much of it there is. */
export interface RecordedPattern {
  readonly targets: readonly TargetPattern[];
  readonly durationUs: number;
  /** Time in which snapshots are missing; what was seen before is taken to hold on. */
  readonly gapUs: number;
  /** Regions in all snapshots, those that were not accessed included. */
  readonly nrRegions: number;
}

/** A complete window; a `Snapshot` is one, and so are the snapshots of a recording. */
export interface PatternSnapshot
  extends Pick<
    Snapshot,
    | 'timeUs'
    | 'sampleIntervalUs'
    | 'aggregationIntervalUs'
    | 'maxNrAccesses'
    | 'nrRegions'
    | 'targetPids'
    | 'targetIndex'
    | 'start'
    | 'end'
    | 'nrAccesses'
  > {
  /** In aggregation intervals; below 0 where it is not known. */
  readonly age: ArrayLike<number>;
  /**
   * Bytes of each region that were accessed in the last `touchedUs` microseconds, where each page
   * was looked at; absent where none was.
   */
  readonly touchedBytes?: ArrayLike<number>;
  /** Absent or longer than that: since the snapshot before. */
  readonly touchedUs?: number;
}

/** Makes a pattern of snapshots, one by one; those of each target in the order of time. */
export class PatternBuilder {
  readonly #targets: TargetBuilder[] = [];
  #startUs = Number.POSITIVE_INFINITY;
  #endUs = 0;
  #nrRegions = 0;

  /**
   * Takes the rows of a complete window; a target that has none in it has no part in it. A snapshot
   * that ends no later than the one before is passed over.
   * @throws ThermoclineError TC_INVALID where there are too many regions to hold
   */
  add(snapshot: PatternSnapshot): void {
    const { targetIndex, nrRegions, targetPids, timeUs, aggregationIntervalUs } = snapshot;
    this.#startUs = Math.min(this.#startUs, timeUs - aggregationIntervalUs);
    this.#endUs = Math.max(this.#endUs, timeUs);
    this.#nrRegions += nrRegions;
    for (let from = 0; from < nrRegions; ) {
      const index = targetIndex[from]!;
      let to = from + 1;
      while (to < nrRegions && targetIndex[to] === index) to += 1;
      this.#targets[index] ??= new TargetBuilder(targetPids[index] ?? null);
      this.#targets[index].add(snapshot, from, to);
      from = to;
    }
    let nrRows = 0;
    for (const target of this.#targets) nrRows += target?.nrRows ?? 0;
    if (nrRows <= MAX_ROWS) return;
    throw new ThermoclineError(
      'TC_INVALID',
      `The recording has more than ${MAX_ROWS} accessed regions; choose a part of it with --time.`,
    );
  }

  /** The pattern; null where no snapshot had any duration. */
  build(): RecordedPattern | null {
    const startUs = this.#startUs;
    const durationUs = this.#endUs - startUs;
    const targets = this.#targets.filter((target) => target !== undefined);
    if (targets.length === 0 || !(durationUs > 0)) return null;
    return {
      targets: targets.map((target) => target.build(startUs, this.#endUs)),
      durationUs,
      gapUs: targets.reduce((most, { gapUs }) => Math.max(most, gapUs), 0),
      nrRegions: this.#nrRegions,
    };
  }
}

/** Bytes that were watched when the pattern began. */
export function layoutBytes(pattern: RecordedPattern | null): number {
  const ranges = (pattern?.targets ?? []).flatMap(({ layouts }) => layouts[0]!.ranges);
  return ranges.reduce((sum, { start, end }) => sum + end - start, 0);
}

/** The pattern of snapshots that are at hand; null where they have no duration. */
export function patternOf(snapshots: Iterable<PatternSnapshot>): RecordedPattern | null {
  const builder = new PatternBuilder();
  for (const snapshot of snapshots) builder.add(snapshot);
  return builder.build();
}

/** Columns of one target while they grow; times on the clock of the snapshots. */
class TargetBuilder {
  readonly #pid: number | null;
  readonly #startUs: number[] = [];
  readonly #endUs: number[] = [];
  readonly #sampleIntervalUs: number[] = [];
  readonly #firstRow: number[] = [];
  readonly #layouts: Layout[] = [];
  #firstRegions: FirstRegion[] = [];
  readonly #rows = new RowColumns();
  gapUs = 0;

  constructor(pid: number | null) {
    this.#pid = pid;
  }

  get nrRows(): number {
    return this.#rows.nr;
  }

  add(snapshot: PatternSnapshot, from: number, to: number): void {
    const { timeUs, sampleIntervalUs, aggregationIntervalUs } = snapshot;
    const beforeUs = this.#endUs.at(-1) ?? timeUs - aggregationIntervalUs;
    if (timeUs <= beforeUs) return;
    // A look at pages tells of all the time since the last one.
    const isLook = snapshot.touchedBytes !== undefined && this.#endUs.length > 0;
    const lateUs = isLook ? 0 : timeUs - beforeUs - GAP_FROM * aggregationIntervalUs;
    const startUs = lateUs > 0 ? timeUs - aggregationIntervalUs : beforeUs;
    this.gapUs += startUs - beforeUs;
    // What was seen last is taken to have gone on until something else was seen.
    if (this.#endUs.length > 0) this.#endUs[this.#endUs.length - 1] = startUs;
    else this.#firstRegions = firstRegionsOf(snapshot, from, to);
    this.#startUs.push(startUs);
    this.#endUs.push(timeUs);
    this.#sampleIntervalUs.push(sampleIntervalUs);
    this.#firstRow.push(this.nrRows);
    for (let row = from; row < to; row++) {
      const { accessShare, activeShare } = isLook
        ? lookedAt(snapshot, row, Math.min(timeUs - startUs, snapshot.touchedUs ?? Infinity))
        : { accessShare: shareOf(snapshot, row), activeShare: 1 };
      const [start, end] = [snapshot.start[row]!, snapshot.end[row]!];
      if (accessShare > 0) this.#rows.append(start, end, accessShare, activeShare);
    }
    this.#followLayout(startUs, snapshot, from, to);
  }

  build(originUs: number, endUs: number): TargetPattern {
    const layouts = this.#layouts.map(({ fromUs, ranges }) => ({
      fromUs: fromUs - originUs,
      ranges,
    }));
    const lastUs = this.#endUs.at(-1)!;
    const lastIntervalUs = lastUs - this.#startUs.at(-1)!;
    const isGone = endUs - lastUs > GAP_FROM * lastIntervalUs;
    if (isGone) layouts.push({ fromUs: lastUs - originUs, ranges: [] });
    return sharpened({
      pid: this.#pid,
      nrWindows: this.#startUs.length,
      startUs: Float64Array.from(this.#startUs, (us) => us - originUs),
      endUs: Float64Array.from(this.#endUs, (us) => us - originUs),
      sampleIntervalUs: Float64Array.from(this.#sampleIntervalUs),
      firstRow: Uint32Array.from([...this.#firstRow, this.nrRows]),
      ...this.#rows.rows(),
      layouts,
      firstRegions: this.#firstRegions,
    });
  }

  #followLayout(fromUs: number, snapshot: PatternSnapshot, from: number, to: number): void {
    const last = this.#layouts.at(-1)?.ranges;
    if (last !== undefined && coversExactly(last, snapshot, from, to)) return;
    this.#layouts.push({ fromUs, ranges: rangesOf(snapshot, from, to) });
  }
}

function shareOf({ nrAccesses, maxNrAccesses }: PatternSnapshot, row: number): number {
  return Math.min(1, nrAccesses[row]! / Math.max(maxNrAccesses, 1));
}

/**
 * What samples and a look at all pages tell together. If all pages were accessed alike, the look
 * says how often; if samples found far more than that, it was few pages, again and again.
 * @param sinceUs the time that the look is about, which is taken to be like all of the window
 */
function lookedAt(
  snapshot: PatternSnapshot,
  row: number,
  sinceUs: number,
): { readonly accessShare: number; readonly activeShare: number } {
  const size = snapshot.end[row]! - snapshot.start[row]!;
  const touched = Math.min(1, snapshot.touchedBytes![row]! / size);
  const sampled = shareOf(snapshot, row);
  const samples = Math.max(1, snapshot.maxNrAccesses);
  const alike = 1 - (1 - Math.min(touched, MOST_TOUCHED)) ** (snapshot.sampleIntervalUs / sinceUs);
  const deviation = Math.sqrt((alike * (1 - alike)) / samples) + 1 / samples;
  const isAlike = sampled <= alike + SIGNIFICANT_DEVIATIONS * deviation;
  return isAlike
    ? { accessShare: alike, activeShare: 1 }
    : { accessShare: sampled, activeShare: touched };
}

/** Without copying: whether the rows, joined where they touch, are these ranges. */
function coversExactly(
  ranges: readonly AddressRange[],
  { start, end }: PatternSnapshot,
  from: number,
  to: number,
): boolean {
  let row = from;
  for (const range of ranges) {
    if (row === to || start[row] !== range.start) return false;
    while (row + 1 < to && start[row + 1] === end[row]) row += 1;
    if (end[row] !== range.end) return false;
    row += 1;
  }
  return row === to;
}

function rangesOf({ start, end }: PatternSnapshot, from: number, to: number): AddressRange[] {
  const ranges: { start: number; end: number }[] = [];
  for (let row = from; row < to; row++) {
    const last = ranges.at(-1);
    if (last !== undefined && start[row]! <= last.end) last.end = Math.max(last.end, end[row]!);
    else ranges.push({ start: start[row]!, end: end[row]! });
  }
  return ranges;
}

function firstRegionsOf(snapshot: PatternSnapshot, from: number, to: number): FirstRegion[] {
  const { start, end, age, aggregationIntervalUs } = snapshot;
  return Array.from({ length: to - from }, (_, index) => {
    const row = from + index;
    return {
      start: start[row]!,
      end: end[row]!,
      accessShare: shareOf(snapshot, row),
      ageUs: age[row]! < 0 ? null : age[row]! * aggregationIntervalUs,
    };
  });
}
