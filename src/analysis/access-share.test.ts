import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { accessShare, hottest, type RatedRange } from './access-share.ts';

const range = (start: number, end: number, rate: number, targetIndex = 0): RatedRange => ({
  targetIndex,
  start,
  end,
  rate,
});

const truth = [range(0, 100, 1), range(100, 200, 8), range(200, 300, 1)];

describe('hottest', () => {
  test('takes the highest rates first and cuts the last range', () => {
    expect(hottest(truth, 150)).toEqual([range(100, 200, 8), range(0, 50, 1)]);
  });

  test('takes everything when asked for more than there is', () => {
    expect(hottest(truth, 1000).map(({ start }) => start)).toEqual([100, 0, 200]);
  });
});

describe('accessShare', () => {
  test('counts what is in common by its true rate', () => {
    expect(accessShare(truth, [range(150, 250, 0)])).toBeCloseTo((50 * 8 + 50) / 1000, 12);
  });

  test('keeps targets apart', () => {
    expect(accessShare(truth, [range(0, 300, 0, 1)])).toBe(0);
  });

  test('sees every chosen range that lies within one true range', () => {
    const chosen = [range(10, 20, 0), range(30, 40, 0), range(90, 110, 0)];
    expect(accessShare(truth, chosen)).toBeCloseTo((10 + 10 + 10 + 10 * 8) / 1000, 12);
  });

  test('no choice of a size catches more than the hottest', () => {
    const rates = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(rates, fc.nat(1200), fc.nat(1200), (values, start, bytes) => {
        const all = values.map((rate, index) => range(index * 100, index * 100 + 100, rate));
        const best = accessShare(all, hottest(all, bytes));
        expect(accessShare(all, [range(start, start + bytes, 0)])).toBeLessThanOrEqual(best + 1e-9);
      }),
    );
  });
});
