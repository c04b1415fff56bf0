/** Recordings of a few regions, written down in a test. */
import type {
  ItemSource,
  RecordItem,
  Series,
  SeriesIntervals,
  SeriesSnapshot,
} from '../src/record/recording.ts';

/** `[start, end, nrAccesses, age, filterPassedBytes]`; without an age it is not known. */
export type HandMadeRegion = readonly number[];

/** Intervals that were not tuned. */
export function intervals(
  sampleIntervalUs: number,
  aggregationIntervalUs: number,
): SeriesIntervals {
  const operationsUpdateIntervalUs = aggregationIntervalUs * 10;
  return { sampleIntervalUs, aggregationIntervalUs, operationsUpdateIntervalUs, goal: null };
}

export function seriesItem(index: number, series: Partial<Series> = {}): RecordItem {
  return {
    kind: 'series',
    index,
    series: {
      ...{ kdamondIndex: null, contextIndex: null, schemeIndex: null, pid: null },
      ...{ targetId: String(index), intervals: null, filters: [], ...series },
    },
  };
}

/** A snapshot of series 0 from `startMs` to `endMs`. */
export function snapshotItem(
  startMs: number,
  endMs: number,
  regions: readonly HandMadeRegion[],
  more: Partial<SeriesSnapshot> = {},
): RecordItem {
  const hasPassed = regions.some((region) => region.length > 4);
  return {
    kind: 'snapshot',
    snapshot: {
      seriesIndex: 0,
      startNs: BigInt(Math.round(startMs * 1e6)),
      endNs: BigInt(Math.round(endMs * 1e6)),
      sampleIntervalUs: null,
      aggregationIntervalUs: null,
      nrRegions: regions.length,
      start: Float64Array.from(regions, ([start]) => start!),
      end: Float64Array.from(regions, ([, end]) => end!),
      nrAccesses: Uint32Array.from(regions, ([, , count]) => count!),
      age: Float64Array.from(regions, ([, , , age]) => age ?? -1),
      filterPassedBytes: hasPassed ? Float64Array.from(regions, (region) => region[4]!) : null,
      probeHits: null,
      schemeStats: null,
      ...more,
    },
  };
}

/** The items in one batch. */
export async function* source(items: readonly RecordItem[]): ItemSource {
  yield items;
}
