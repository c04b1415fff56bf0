import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { layOutBands } from './address-layout.ts';

const range = (name: string, start: number, end: number, weight = end - start) => ({
  name,
  start,
  end,
  weight,
});

const drawn = (bands: ReturnType<typeof layOutBands>) =>
  bands.map((band) => `${band.range.name}${band.indexInRange}:${band.start}-${band.end}`);

describe('the rows of a picture', () => {
  test('are shared by weight, and gaps take none', () => {
    const ranges = [range('a', 0, 100), range('b', 1_000_000, 1_000_300)];
    expect(drawn(layOutBands(ranges, 4, 1))).toEqual([
      'a0:0-100',
      'b0:1000000-1000100',
      'b1:1000100-1000200',
      'b2:1000200-1000300',
    ]);
  });

  test('belong to one range each, also when they show two bands', () => {
    expect(drawn(layOutBands([range('a', 0, 8), range('b', 8, 16)], 2, 2))).toEqual([
      'a0:0-4',
      'a1:4-8',
      'b0:8-12',
      'b1:12-16',
    ]);
  });

  test('go by the weight and not by the size', () => {
    const reserved = range('reserved', 0, 2 ** 40, 1);
    const used = range('used', 2 ** 41, 2 ** 41 + 4096, 3);
    const names = layOutBands([reserved, used], 4, 1).map((band) => band.range.name);
    expect(names).toEqual(['reserved', 'used', 'used', 'used']);
  });

  test('leave out what is worth less than half a row', () => {
    const ranges = [range('tiny', 0, 4), range('big', 10, 110)];
    expect(layOutBands(ranges, 5, 1).every((band) => band.range.name === 'big')).toBe(true);
  });

  test('are none when there is nothing to show', () => {
    expect(layOutBands([], 5, 2)).toEqual([]);
    expect(layOutBands([range('empty', 0, 100, 0)], 5, 2)).toEqual([]);
  });

  test('are always all used, in order and without a hole in a range', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(weights, fc.integer({ min: 1, max: 30 }), (sizes, nrRows) => {
        const ranges = sizes.map((size, index) => range('r', index * 4096, index * 4096 + size));
        const bands = layOutBands(ranges, nrRows, 2);
        expect(bands.length).toBe(nrRows * 2);
        for (const [index, band] of bands.entries()) {
          const next = bands[index + 1];
          const expected =
            next === undefined || next.indexInRange === 0 ? band.range.end : next.start;
          expect(band.end).toBe(expected);
        }
      }),
    );
  });
});
