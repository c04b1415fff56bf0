import type { AddressRange } from '../params/types.ts';
import type { Series, SeriesSnapshot } from '../record/recording.ts';
import { intervalsInForce, maxSamplesOf } from './intervals-in-force.ts';
import { notRecorded } from './not-recorded.ts';
import type { Question } from './question.ts';

/** Both ends belong to it. */
export type Bounds = readonly [least: number, most: number];

/** A moment: on the recorder's clock, or counted from the start of the first snapshot. */
export type TimePoint = { readonly atNs: bigint } | { readonly afterStartNs: bigint };

/** What is left of a recording. Null lets everything through. */
export interface SnapshotFilter {
  /** Regions are cut at its ends. */
  readonly addresses: AddressRange | null;
  readonly sizeBytes: Bounds | null;
  /** Of samples that found the region accessed, 0…100. */
  readonly ratePercent: Bounds | null;
  readonly ageUs: Bounds | null;
  /** Snapshots that have a part in it. */
  readonly time: readonly [from: TimePoint, to: TimePoint] | null;
}

/** A filter that lets everything through. */
export const NO_FILTER: SnapshotFilter = {
  addresses: null,
  sizeBytes: null,
  ratePercent: null,
  ageUs: null,
  time: null,
};

/** The moment in nanoseconds. */
export function resolveTime(point: TimePoint, startNs: bigint): bigint {
  return 'atNs' in point ? point.atNs : startNs + point.afterStartNs;
}

/**
 * The question, asked of what a filter leaves. A snapshot of which no region is left is still one,
 * of no regions; all figures and totals are those of what is left.
 * @throws ThermoclineError TC_INVALID from `take` where what is filtered by was not recorded
 */
export function filtered<Answer>(
  filter: SnapshotFilter,
  inner: Question<Answer>,
): Question<Answer> {
  const kept = new KeptRegions(filter);
  const series = new Map<number, Series>();
  let startNs: bigint | null = null;
  return {
    take(item) {
      if (item.kind === 'series') series.set(item.index, item.series);
      if (item.kind !== 'snapshot') return inner.take(item);
      const { snapshot } = item;
      startNs ??= snapshot.startNs;
      if (!isWithin(snapshot, filter.time, startNs)) return;
      inner.take({
        kind: 'snapshot',
        snapshot: kept.of(snapshot, series.get(snapshot.seriesIndex)!),
      });
    },
    answer: () => inner.answer(),
  };
}

function isWithin(
  snapshot: SeriesSnapshot,
  time: SnapshotFilter['time'],
  startNs: bigint,
): boolean {
  if (time === null) return true;
  return (
    snapshot.endNs > resolveTime(time[0], startNs) &&
    snapshot.startNs < resolveTime(time[1], startNs)
  );
}

/** Columns for what is left of one snapshot; used again for the next. */
class KeptRegions {
  readonly #filter: SnapshotFilter;
  #rows: Uint32Array = new Uint32Array(0);

  constructor(filter: SnapshotFilter) {
    this.#filter = filter;
  }

  of(snapshot: SeriesSnapshot, series: Series): SeriesSnapshot {
    const nrRegions = this.#choose(snapshot, series);
    if (nrRegions === snapshot.nrRegions && this.#filter.addresses === null) return snapshot;
    const rows = this.#rows.subarray(0, nrRegions);
    const { start, end, filterPassedBytes, probeHits } = snapshot;
    const { addresses } = this.#filter;
    const low = addresses?.start ?? Number.NEGATIVE_INFINITY;
    const high = addresses?.end ?? Number.POSITIVE_INFINITY;
    const sharePassed = (row: number) => {
      const shared = Math.min(end[row]!, high) - Math.max(start[row]!, low);
      return Math.round((filterPassedBytes![row]! * shared) / (end[row]! - start[row]!));
    };
    return {
      ...snapshot,
      nrRegions,
      start: Float64Array.from(rows, (row) => Math.max(start[row]!, low)),
      end: Float64Array.from(rows, (row) => Math.min(end[row]!, high)),
      nrAccesses: Uint32Array.from(rows, (row) => snapshot.nrAccesses[row]!),
      age: Float64Array.from(rows, (row) => snapshot.age[row]!),
      filterPassedBytes: filterPassedBytes === null ? null : Float64Array.from(rows, sharePassed),
      probeHits:
        probeHits === null
          ? null
          : Uint32Array.from({ length: nrRegions * 4 }, (_, index) => {
              return probeHits[rows[index >> 2]! * 4 + (index & 3)]!;
            }),
    };
  }

  /** Writes the rows that stay and returns how many. */
  #choose(snapshot: SeriesSnapshot, series: Series): number {
    if (this.#rows.length < snapshot.nrRegions)
      this.#rows = new Uint32Array(snapshot.nrRegions * 2);
    const { addresses, sizeBytes, ratePercent, ageUs } = this.#filter;
    const needsIntervals = ratePercent !== null || ageUs !== null;
    const intervals = needsIntervals ? intervalsInForce(series, snapshot) : null;
    if (needsIntervals && intervals === null) throw notRecorded('its intervals');
    let kept = 0;
    for (let row = 0; row < snapshot.nrRegions; row++) {
      let start = snapshot.start[row]!;
      let end = snapshot.end[row]!;
      if (addresses !== null) {
        start = Math.max(start, addresses.start);
        end = Math.min(end, addresses.end);
        if (start >= end) continue;
      }
      if (!isIn(end - start, sizeBytes)) continue;
      if (ratePercent !== null) {
        const percent = (snapshot.nrAccesses[row]! * 100) / maxSamplesOf(intervals!);
        if (!isIn(percent, ratePercent)) continue;
      }
      if (ageUs !== null) {
        if (snapshot.age[row]! < 0) throw notRecorded('ages of regions');
        if (!isIn(snapshot.age[row]! * intervals!.aggregationIntervalUs, ageUs)) continue;
      }
      this.#rows[kept++] = row;
    }
    return kept;
  }
}

function isIn(value: number, bounds: Bounds | null): boolean {
  return bounds === null || (value >= bounds[0] && value <= bounds[1]);
}
