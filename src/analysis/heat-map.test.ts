import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { intervals, seriesItem, snapshotItem, source } from '../../test/hand-made-recording.ts';
import type { RecordItem } from '../record/recording.ts';
import { HeatMap, type HeatMapAnswer, type HeatMapOptions } from './heat-map.ts';
import { ask } from './question.ts';

async function mapOf(
  items: readonly RecordItem[],
  [startMs, endMs, start, end]: readonly [number, number, number, number],
  [timeCells, addressCells]: readonly [number, number],
  options: HeatMapOptions = {},
): Promise<HeatMapAnswer> {
  const grid = {
    startNs: BigInt(startMs * 1e6),
    endNs: BigInt(endMs * 1e6),
    addresses: { start, end },
    ...{ timeCells, addressCells },
  };
  return (await ask(source(items), [new HeatMap(grid, options)]))[0];
}

const rows = ({ grid, cells }: HeatMapAnswer) =>
  Array.from({ length: grid.timeCells }, (_, time) =>
    Array.from(cells.subarray(time * grid.addressCells, (time + 1) * grid.addressCells)),
  );

describe('a heat map', () => {
  test('averages samples over time and bytes, NaN where nothing was seen', async () => {
    const items = [
      seriesItem(0),
      snapshotItem(0, 100, [
        [0, 100, 4],
        [100, 150, 8],
      ]),
      snapshotItem(100, 150, [[0, 100, 2]]),
    ];
    const map = await mapOf(items, [0, 300, 0, 300], [3, 3]);
    expect(map.unit).toBe('samples');
    expect([map.timeUnitNs, map.addressUnitBytes]).toEqual([1e8, 100]);
    expect(rows(map)).toEqual([
      [4, 4, NaN],
      [1, NaN, NaN],
      [NaN, NaN, NaN],
    ]);
  });

  test('is in hz where intervals are recorded', async () => {
    const series = seriesItem(0, { intervals: intervals(5000, 100_000) });
    const items = [series, snapshotItem(0, 100, [[0, 100, 4, 0]])];
    const map = await mapOf(items, [0, 100, 0, 100], [1, 1]);
    expect([map.unit, rows(map)]).toEqual(['hz', [[40]]]);
    const inSamples = await mapOf(items, [0, 100, 0, 100], [1, 1], { inSamples: true });
    expect([inSamples.unit, rows(inSamples)]).toEqual(['samples', [[4]]]);
  });

  test('takes the intervals that a snapshot says it was taken with', async () => {
    const items = [
      seriesItem(0, { intervals: intervals(5000, 100_000) }),
      snapshotItem(0, 200, [[0, 100, 4, 0]], {
        sampleIntervalUs: 10_000,
        aggregationIntervalUs: 200_000,
      }),
    ];
    expect(rows(await mapOf(items, [0, 200, 0, 100], [1, 1]))).toEqual([[20]]);
  });

  test('counts a region from when it had got its age, but no time twice', async () => {
    const series = seriesItem(0, { intervals: intervals(5000, 100_000) });
    const items = [1, 2, 3, 4].map((n) => snapshotItem(n * 100, n * 100 + 100, [[0, 100, 10, n]]));
    const map = await mapOf([series, ...items], [0, 500, 0, 100], [5, 1]);
    expect(rows(map)).toEqual([[100], [100], [100], [100], [100]]);
  });

  test('like damo, counts what an age tells in every snapshot again', async () => {
    const series = seriesItem(0, { intervals: intervals(5000, 100_000) });
    const items = [0, 1, 2, 3].map((n) => snapshotItem(n * 100, n * 100 + 100, [[0, 100, 10, n]]));
    const map = await mapOf([series, ...items], [0, 400, 0, 100], [1, 1], { likeDamo: true });
    // 1 + 2 + 3 + 4 intervals of 100 hz in a cell of 4.
    expect(rows(map)).toEqual([[250]]);
    const rightly = await mapOf([series, ...items], [0, 400, 0, 100], [1, 1]);
    expect(rows(rightly)).toEqual([[100]]);
  });

  test('like damo, has the last row and column that a region only meets', async () => {
    const items = [seriesItem(0), snapshotItem(0, 100, [[0, 100, 4]])];
    const map = await mapOf(items, [0, 200, 0, 200], [2, 2], { likeDamo: true });
    expect(rows(map)).toEqual([
      [4, 0],
      [0, 0],
    ]);
  });

  test('leaves out what is outside of it', async () => {
    const items = [
      seriesItem(0),
      snapshotItem(0, 100, [[0, 1000, 1]]),
      snapshotItem(100, 200, [
        [0, 100, 9],
        [100, 200, 2],
        [200, 300, 9],
      ]),
      snapshotItem(200, 300, [[0, 1000, 1]]),
    ];
    for (const likeDamo of [false, true]) {
      const map = await mapOf(items, [100, 200, 100, 200], [1, 1], { likeDamo });
      expect(rows(map)).toEqual([[2]]);
    }
  });

  test('keeps all bytes and all time, whatever its cells are', async () => {
    const cut = fc.integer({ min: 1, max: 40 });
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(cut, cut),
        fc.array(cut, { minLength: 1 }),
        async (cells, sizes) => {
          let address = 0;
          const regions = sizes.map((size, index) => {
            address += size;
            return [address - size, address, index % 5];
          });
          const unit = cells[1] * 1000;
          const items = [
            seriesItem(0),
            ...[0, 1, 2].map((n) => snapshotItem(n * 7, n * 7 + 7, regions)),
          ];
          const map = await mapOf(items, [0, cells[0] * 21, 0, unit], cells);
          const sum = map.cells.reduce((a, b) => a + (Number.isNaN(b) ? 0 : b), 0);
          const heat = regions.reduce((a, [start, end, count]) => a + (end! - start!) * count!, 0);
          expect((sum * map.timeUnitNs * map.addressUnitBytes) / 21e6).toBeCloseTo(heat, 3);
        },
      ),
    );
  });
});
