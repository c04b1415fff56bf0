import { describe, expect, test } from 'vitest';
import { intervals, seriesItem, snapshotItem, source } from '../../test/hand-made-recording.ts';
import type { RecordItem } from '../record/recording.ts';
import { bandwidthOf, idleTimeUs, type RegionFigures, regionValues } from './idle-time.ts';
import { LastSnapshots } from './last-snapshots.ts';
import { ask } from './question.ts';
import { DEFAULT_WEIGHTS, temperatureOf } from './temperature.ts';
import { weightedHistogram, weightedPercentiles } from './weighted-distribution.ts';

const bySize: RegionFigures = { weightedBy: 'size', likeDamo: false };
const known = seriesItem(0, { intervals: intervals(5000, 1_000_000) });

async function lastOf(items: readonly RecordItem[]) {
  return (await ask(source(items), [new LastSnapshots()]))[0];
}

describe('figures of regions', () => {
  test('are those of the last snapshots of all targets that are still there', async () => {
    const kept = await lastOf([
      ...[known, seriesItem(1), seriesItem(2)],
      snapshotItem(0, 100, [[0, 10, 0, 1]]),
      snapshotItem(100, 200, [[0, 20, 0, 2]]),
      snapshotItem(0, 100, [[0, 30, 0, 3]], { seriesIndex: 1 }),
      snapshotItem(100, 200.1, [[0, 40, 0, 4]], { seriesIndex: 2 }),
    ]);
    expect(kept.map(({ snapshot }) => snapshot.end[0])).toEqual([20, 40]);
  });

  test('idle time begins one interval after the last access, unless there was one', async () => {
    const kept = await lastOf([
      known,
      snapshotItem(0, 1000, [
        [0, 8, 0, 0],
        [8, 16, 0, 4],
        [16, 20, 1, 9],
      ]),
    ]);
    expect(regionValues(kept, bySize, idleTimeUs)).toEqual({
      values: [1e6, 5e6, 0],
      bytes: [8, 8, 4],
    });
  });

  test('one access in 200 samples is one; like damo, it is none', async () => {
    const kept = await lastOf([known, snapshotItem(0, 1000, [[0, 8, 1, 3]])]);
    const score = (likeDamo: boolean) =>
      regionValues(kept, { ...bySize, likeDamo }, (region) =>
        temperatureOf(region, DEFAULT_WEIGHTS),
      ).values[0];
    expect(regionValues(kept, bySize, idleTimeUs).values).toEqual([0]);
    expect(score(false)).toBe(300_000_050);
    expect(regionValues(kept, { ...bySize, likeDamo: true }, idleTimeUs).values).toEqual([4e6]);
    expect(score(true)).toBe(-300_000_000);
  });

  test('temperature is what its weights make of size, rate and age', async () => {
    const kept = await lastOf([
      known,
      snapshotItem(0, 1000, [
        [0, 8, 100, 2],
        [8, 10, 0, 2],
      ]),
    ]);
    const score = (size: number, rate: number, age: number) =>
      regionValues(kept, bySize, (region) => temperatureOf(region, { size, rate, age })).values;
    expect(score(1, 0, 0)).toEqual([8, -2]);
    expect(score(0, 1, 0)).toEqual([50, 0]);
    expect(score(0, 0, 1)).toEqual([2e6, -2e6]);
    expect(score(1, 1, 1)).toEqual([2_000_058, -2_000_002]);
  });

  test('bandwidth takes each sample for all bytes', async () => {
    const kept = await lastOf([
      known,
      snapshotItem(0, 1000, [
        [0, 8, 100, 2, 5],
        [8, 10, 3, 2, 0],
      ]),
    ]);
    expect(bandwidthOf(kept, 'size')).toBe(806);
    expect(bandwidthOf(kept, 'passed')).toBe(500);
  });

  test('say what was not recorded', async () => {
    const noIntervals = await lastOf([seriesItem(0), snapshotItem(0, 100, [[0, 8, 1, 3]])]);
    expect(() => regionValues(noIntervals, bySize, idleTimeUs)).toThrow(
      /doesn't tell its intervals/,
    );
    const noAges = await lastOf([known, snapshotItem(0, 100, [[0, 8, 1]])]);
    expect(() => regionValues(noAges, bySize, idleTimeUs)).toThrow(/doesn't tell ages/);
    const passed: RegionFigures = { weightedBy: 'passed', likeDamo: false };
    const aged = await lastOf([known, snapshotItem(0, 100, [[0, 8, 1, 1]])]);
    expect(() => regionValues(aged, passed, idleTimeUs)).toThrow(/bytes that passed filters/);
  });

  test('ages count in the interval in force, where it was tuned', async () => {
    const goal = { accessBp: 400, nrAggregations: 3 } as never;
    const tuned = seriesItem(0, { intervals: { ...intervals(5000, 100_000), goal } });
    const kept = await lastOf([tuned, snapshotItem(0, 400, [[0, 8, 0, 3]])]);
    expect(regionValues(kept, bySize, idleTimeUs).values).toEqual([1.6e6]);
    expect(regionValues(kept, { ...bySize, likeDamo: true }, idleTimeUs).values).toEqual([4e5]);
    const near = await lastOf([tuned, snapshotItem(0, 105, [[0, 8, 0, 3]])]);
    expect(regionValues(near, bySize, idleTimeUs).values).toEqual([4e5]);
  });
});

describe('a distribution by bytes', () => {
  const weighted = { values: [5, 0, 9, 5], bytes: [10, 60, 20, 10] };

  test('has the figure of the region with which a share is reached', () => {
    const percentiles = [0, 1, 60, 60.1, 70, 80, 80.1, 99, 100];
    expect(weightedPercentiles(weighted, percentiles)).toEqual({
      ...{ '0': 0, '1': 0, '60': 0, '60.1': 5, '70': 5, '80': 5, '80.1': 9, '99': 9, '100': 9 },
    });
  });

  test('gives the hundredth percentile to the last region even without bytes', () => {
    expect(weightedPercentiles({ values: [1, 7], bytes: [4, 0] }, [99, 100])).toEqual({
      ...{ '99': 1, '100': 7 },
    });
  });

  test('has no percentiles of no bytes', () => {
    expect(weightedPercentiles({ values: [1], bytes: [0] }, [50])).toEqual({ '50': null });
    expect(weightedHistogram({ values: [], bytes: [] }, 3)).toEqual([]);
  });

  test('has buckets of one width, from the lowest value', () => {
    expect(weightedHistogram(weighted, 5)).toEqual([
      { from: 0, to: 2, bytes: 60 },
      { from: 2, to: 4, bytes: 0 },
      { from: 4, to: 6, bytes: 20 },
      { from: 6, to: 8, bytes: 0 },
      { from: 8, to: 10, bytes: 20 },
    ]);
    expect(weightedHistogram({ values: [3, 3], bytes: [1, 2] }, 2)).toEqual([
      { from: 3, to: 4, bytes: 3 },
      { from: 4, to: 5, bytes: 0 },
    ]);
  });
});
