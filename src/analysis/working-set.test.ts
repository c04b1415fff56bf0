import { describe, expect, test } from 'vitest';
import { seriesItem, snapshotItem, source } from '../../test/hand-made-recording.ts';
import type { RecordItem } from '../record/recording.ts';
import { skipping } from './narrowed.ts';
import { ask } from './question.ts';
import { WorkingSet, type WorkingSetOptions, workingSetValues } from './working-set.ts';

/** One region of `bytes` that was accessed, in the snapshot that ends at `endMs`. */
const sized = (seriesIndex: number, startMs: number, endMs: number, bytes: number) =>
  snapshotItem(startMs, endMs, [[0, bytes, 1]], { seriesIndex });

async function values(
  items: readonly RecordItem[],
  options: WorkingSetOptions = {},
  { likeDamo = false, skip = 0 } = {},
): Promise<number[]> {
  const all = [seriesItem(0), seriesItem(1), seriesItem(2), ...items];
  const [answer] = await ask(source(all), [skipping(skip, new WorkingSet(options))]);
  return workingSetValues(answer, 'time', likeDamo);
}

describe('the working set', () => {
  const mixed = snapshotItem(0, 100, [
    [0, 10, 0],
    [10, 30, 1],
    [30, 70, 5],
    [100, 180, 20],
  ]);

  test('is what was accessed', async () => {
    expect(await values([mixed])).toEqual([140]);
  });

  test('can ask for more samples, and for larger regions', async () => {
    expect(await values([mixed], { minSamples: 5 })).toEqual([120]);
    expect(await values([mixed], { minBytes: 40 })).toEqual([120]);
    expect(await values([mixed], { minBytes: 41 })).toEqual([80]);
    expect(await values([mixed], { minSamples: 21 })).toEqual([0]);
  });

  test('leaves out snapshots of each target at the beginning', async () => {
    const items = [sized(0, 0, 100, 1), sized(0, 100, 200, 2), sized(1, 0, 100, 10)];
    expect(await values(items, {}, { skip: 1 })).toEqual([2]);
    expect(await values(items, {}, { skip: 9 })).toEqual([]);
  });
});

describe('several targets', () => {
  test('are added at the same moment, however the file has them in order', async () => {
    const first = [sized(0, 0, 100, 1), sized(0, 100, 200, 5), sized(0, 200, 300, 1)];
    const second = [sized(1, 0, 100, 70), sized(1, 100, 200, 10), sized(1, 200, 300, 20)];
    expect(await values([...first, ...second])).toEqual([71, 15, 21]);
    const inTurns = first.flatMap((item, index) => [item, second[index]!]);
    expect(await values(inTurns)).toEqual([71, 15, 21]);
  });

  test('that are one, seen by several schemes, count once', async () => {
    const seen = [
      seriesItem(0, { targetId: '7', schemeIndex: 1 }),
      seriesItem(1, { targetId: '7', schemeIndex: 0 }),
      seriesItem(2, { targetId: '8', schemeIndex: 0 }),
      seriesItem(3, { targetId: '8', schemeIndex: null }),
    ];
    const items = [0, 1, 2, 3].map((index) => sized(index, 0, 100, 10 ** index));
    const [answer] = await ask(source([...seen, ...items]), [new WorkingSet()]);
    expect(workingSetValues(answer, 'time', false)).toEqual([1010]);
  });

  test('like damo, are added after sorting each alone', async () => {
    const items = [
      ...[sized(0, 0, 100, 1), sized(0, 100, 200, 5), sized(0, 200, 300, 1)],
      ...[sized(1, 0, 100, 70), sized(1, 100, 200, 10), sized(1, 200, 300, 20)],
    ];
    const all = [seriesItem(0), seriesItem(1), ...items];
    const [answer] = await ask(source(all), [new WorkingSet()]);
    expect(workingSetValues(answer, 'size', true)).toEqual([11, 21, 75]);
    expect(workingSetValues(answer, 'size', false)).toEqual([15, 21, 71]);
  });

  test('need not end in the same microsecond', async () => {
    const items = [
      ...[sized(0, 0, 100, 1), sized(0, 100, 200, 2)],
      ...[sized(1, 0.01, 100.01, 10), sized(1, 100.01, 200.01, 20)],
    ];
    expect(await values(items)).toEqual([11, 22]);
  });

  test('count for as long as they are there', async () => {
    const items = [
      ...[sized(0, 0, 100, 1), sized(0, 100, 200, 2)],
      ...[sized(1, 100, 200, 10), sized(1, 200, 300, 20), sized(2, 200, 300, 300)],
    ];
    expect(await values(items)).toEqual([1, 12, 320]);
  });

  test('of a slower monitor count at each moment that their snapshot covers', async () => {
    const fast = [0, 1, 2, 3].map((n) => sized(0, n * 100, n * 100 + 100, n + 1));
    const items = [...fast, sized(1, 0, 200, 10), sized(1, 200, 400, 20)];
    expect(await values(items)).toEqual([11, 12, 23, 24]);
  });

  test('half a snapshot apart are not counted twice', async () => {
    const fast = [0, 1, 2].map((n) => sized(0, n * 100, n * 100 + 100, 1));
    const late = [0, 1, 2].map((n) => sized(1, n * 100 + 50, n * 100 + 150, 10));
    expect(await values([...fast, ...late])).toEqual([11, 11, 11]);
  });
});

describe('the work time', () => {
  const quarter = (n: number, ...regions: number[][]) =>
    snapshotItem(n * 100, n * 100 + 100, regions);

  test('joins what was accessed in any of its snapshots', async () => {
    const items = [
      quarter(0, [0, 10, 1], [10, 20, 0]),
      quarter(1, [0, 10, 0], [10, 20, 3]),
      quarter(2, [0, 20, 0]),
      quarter(3, [0, 20, 0]),
      quarter(4, [0, 20, 7]),
    ];
    // The last snapshot begins a group that is never complete.
    expect(await values(items, { workTimeUs: 200_000 })).toEqual([20, 0]);
    expect(await values(items, { workTimeUs: 1 })).toEqual([10, 10, 0, 0, 20]);
    expect(await values(items, { workTimeUs: 600_000 })).toEqual([]);
  });

  test('joins snapshots that began before 0, as derived starts can', async () => {
    const items = [quarter(-3, [0, 10, 1]), quarter(-2, [0, 10, 0]), quarter(-1, [0, 10, 5])];
    expect(await values(items, { workTimeUs: 200_000 })).toEqual([10]);
  });

  test('adds up the highest count that each snapshot has for a region', async () => {
    const items = [quarter(0, [0, 10, 2]), quarter(1, [0, 5, 1], [5, 10, 4], [10, 12, 3])];
    const at = (minSamples: number) => values(items, { workTimeUs: 200_000, minSamples });
    expect(await at(6)).toEqual([10]);
    expect(await at(7)).toEqual([0]);
    expect(await at(3)).toEqual([12]);
  });

  test('makes a region of each piece that none had', async () => {
    const items = [quarter(0, [10, 20, 1], [30, 40, 0]), quarter(1, [0, 50, 1])];
    expect(await values(items, { workTimeUs: 200_000 })).toEqual([50]);
    // 10…20 was accessed twice; the pieces around it once.
    expect(await values(items, { workTimeUs: 200_000, minSamples: 2 })).toEqual([10]);
  });
});
