/** Recordings of all shapes for property tests. */
import fc from 'fast-check';
import type { RecordItem, Series, SeriesSnapshot } from '../../src/record/recording.ts';

const index = fc.option(fc.nat(5));
const intervalUs = fc.integer({ min: 1, max: 1_000_000 });

const intervals = fc
  .record({
    sampleIntervalUs: intervalUs,
    aggregations: fc.integer({ min: 1, max: 200 }),
    operationsUpdateIntervalUs: intervalUs,
    goal: fc.option(
      fc.record({
        accessBp: fc.nat(10_000),
        aggregations: fc.integer({ min: 1, max: 100 }),
        minSampleIntervalUs: intervalUs,
        maxSampleIntervalUs: intervalUs,
      }),
    ),
  })
  .map(({ aggregations, ...rest }) => ({
    ...rest,
    aggregationIntervalUs: rest.sampleIntervalUs * aggregations,
  }));

const filter = fc.record({
  filter_type: fc.constantFrom('anon', 'memcg'),
  matching: fc.boolean(),
  memcg_path: fc.string({ unit: 'binary' }),
});

const series: fc.Arbitrary<Series> = fc.record({
  kdamondIndex: index,
  contextIndex: index,
  schemeIndex: index,
  targetId: fc.option(fc.bigInt(0n, 2n ** 64n - 1n).map(String)),
  pid: fc.constant(null),
  intervals: fc.option(intervals),
  filters: fc.array(filter, { maxLength: 2 }),
});

const region = fc.record({
  gapBytes: fc.nat(2 ** 40),
  bytes: fc.integer({ min: 1, max: 2 ** 40 }),
  nrAccesses: fc.oneof(fc.nat(20), fc.nat(2 ** 32 - 1)),
  age: fc.oneof(fc.constant(-1), fc.nat(100_000)),
  passed: fc.nat(2 ** 40),
  probeHits: fc.array(fc.nat(255), { minLength: 4, maxLength: 4 }),
});

const shape = fc.record({
  tookNs: fc.bigInt(1n, 10n ** 12n),
  regions: fc.array(region, { maxLength: 12 }),
  hasPassed: fc.boolean(),
  hasProbes: fc.boolean(),
  stats: fc.option(
    fc.record({ nr_tried: fc.bigInt(0n, 2n ** 64n - 1n), sz_tried: fc.bigInt(0n, 2n ** 64n - 1n) }),
  ),
  ownSampleUs: fc.option(intervalUs),
});

/** What damo's JSON can hold, series after series or mixed. */
export const arbitraryItems: fc.Arbitrary<RecordItem[]> = fc
  .record({
    series: fc.array(series, { minLength: 1, maxLength: 3 }),
    snapshots: fc.array(fc.tuple(fc.nat(2), shape), { maxLength: 12 }),
    startNs: fc.bigInt(0n, 2n ** 61n),
    source: fc.option(fc.string({ unit: 'binary' })),
  })
  .map(({ series, snapshots, startNs, source }) => [
    {
      kind: 'origin',
      origin: { format: 'damo-json', host: null, kernelRelease: null, source, params: null },
    },
    ...series.map((one, index) => ({ kind: 'series' as const, index, series: one })),
    ...snapshots.map(([at, one], number) => ({
      kind: 'snapshot' as const,
      snapshot: snapshotOf(at % series.length, series[at % series.length]!, one, startNs, number),
    })),
  ]);

type Shape = typeof shape extends fc.Arbitrary<infer Value> ? Value : never;

function snapshotOf(
  seriesIndex: number,
  { intervals }: Series,
  { tookNs, regions, hasPassed, hasProbes, stats, ownSampleUs }: Shape,
  firstNs: bigint,
  number: number,
): SeriesSnapshot {
  let at = 0;
  const bounds = regions.map(({ gapBytes, bytes }) => {
    const start = at + gapBytes;
    at = start + bytes;
    return { start, end: at };
  });
  const startNs = firstNs + BigInt(number) * 1_000_000_000n;
  // Without an interval of its own, a snapshot has that of its series where nothing tunes.
  const fixed = intervals !== null && intervals.goal === null ? intervals : null;
  const sampleIntervalUs = ownSampleUs ?? fixed?.sampleIntervalUs ?? null;
  const ratio = intervals && intervals.aggregationIntervalUs / intervals.sampleIntervalUs;
  return {
    ...{ seriesIndex, startNs, endNs: startNs + tookNs, sampleIntervalUs },
    aggregationIntervalUs: sampleIntervalUs && ratio && sampleIntervalUs * ratio,
    nrRegions: regions.length,
    start: Float64Array.from(bounds, ({ start }) => start),
    end: Float64Array.from(bounds, ({ end }) => end),
    nrAccesses: Uint32Array.from(regions, ({ nrAccesses }) => nrAccesses),
    age: Float64Array.from(regions, ({ age }) => age),
    filterPassedBytes:
      hasPassed && regions.length > 0 ? Float64Array.from(regions, ({ passed }) => passed) : null,
    probeHits:
      hasProbes && regions.length > 0
        ? Uint32Array.from(regions.flatMap(({ probeHits }) => probeHits))
        : null,
    schemeStats: stats,
  };
}
