import { expect, test } from 'vitest';
import {
  allItems,
  allSnapshots,
  bytesOf,
  itemsOf,
  testCodec,
  testRecord,
} from '../../test/records/reading.ts';
import { readRecording } from './open.ts';
import type { RecordItem, Series, SeriesSnapshot } from './recording.ts';
import { withRelativeAddresses } from './relative-addresses.ts';

test('a real recording keeps all but where it lies', async () => {
  const open = () => readRecording(bytesOf(testRecord('damon.data')), testCodec);
  const before = await allSnapshots(open());
  const lowest = Math.min(...before.flatMap(({ start }) => start));
  const moved = (addresses: readonly number[]) => addresses.map((address) => address - lowest);
  expect(await allSnapshots(withRelativeAddresses(open))).toEqual(
    before.map((one) => ({ ...one, start: moved(one.start), end: moved(one.end) })),
  );
});

test('mappings follow their process, and names go', async () => {
  const series = (pid: number | null): Series => ({
    ...{ kdamondIndex: 0, contextIndex: 0, schemeIndex: null, targetId: '0', pid },
    ...{ intervals: null, filters: [{ filter_type: 'memcg', memcg_path: '/secret' }] },
  });
  const snapshot = (seriesIndex: number, start: number): SeriesSnapshot => ({
    ...{ seriesIndex, startNs: 0n, endNs: 1n, nrRegions: 1 },
    ...{ sampleIntervalUs: null, aggregationIntervalUs: null },
    ...{ start: Float64Array.of(start), end: Float64Array.of(start + 10) },
    ...{ nrAccesses: Uint32Array.of(1), age: Float64Array.of(0) },
    ...{ filterPassedBytes: null, probeHits: null, schemeStats: null },
  });
  const mapping = (pid: number, start: number): RecordItem => ({
    kind: 'mapping',
    mapping: { timeNs: 0n, pid, start, end: start + 100, name: '/home/me/secret' },
  });
  const origin = { format: 'tcr', kernelRelease: '7.0', source: null } as const;
  const items: RecordItem[] = [
    { kind: 'origin', origin: { ...origin, host: 'secret', params: { secret: 1 } } },
    { kind: 'series', index: 0, series: series(1) },
    { kind: 'series', index: 1, series: series(null) },
    { kind: 'snapshot', snapshot: snapshot(0, 5000) },
    { kind: 'snapshot', snapshot: snapshot(1, 70) },
    { kind: 'snapshot', snapshot: snapshot(0, 4000) },
    ...[mapping(1, 4000), mapping(1, 3999), mapping(2, 9000)],
  ];
  const moved = await allItems(withRelativeAddresses(itemsOf(items)));
  expect(JSON.stringify(moved, (_, value) => (typeof value === 'bigint' ? 0 : value))).not.toMatch(
    /secret/,
  );
  expect(moved.slice(3)).toMatchObject([
    { snapshot: { start: [1000], end: [1010] } },
    { snapshot: { start: [0], end: [10] } },
    { snapshot: { start: [0], end: [10] } },
    { mapping: { start: 0, end: 100, name: '' } },
  ]);
  expect(moved).toHaveLength(7);
});
