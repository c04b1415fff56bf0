import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type BudgetGuest, budgetShares } from './budget.ts';

const GIB = 2 ** 30;

function guest(size: number, wanted: number, min = 0.5, max = 4): BudgetGuest {
  const bytes = (gib: number) => gib * GIB;
  return {
    sizeBytes: bytes(size),
    wantedBytes: bytes(wanted),
    minBytes: bytes(min),
    maxBytes: bytes(max),
  };
}

function sharesGib(guests: readonly BudgetGuest[], budgetGib: number): number[] {
  return budgetShares(guests, budgetGib * GIB).map((bytes) => bytes / GIB);
}

test('with room for all, each may grow into an equal part of what is left', () => {
  expect(sharesGib([guest(1, 1), guest(2, 1)], 4)).toEqual([1.5, 2.5]);
  expect(sharesGib([guest(1, 1.5), guest(1, 1)], 4)).toEqual([2.25, 1.75]);
});

test('nobody gets what another still has', () => {
  // 1 is lacking and nothing is free: the second is told to come down first.
  expect(sharesGib([guest(2, 3), guest(2, 1)], 4)).toEqual([2, 1]);
  // Half of it has come free by now.
  expect(sharesGib([guest(2, 3), guest(1.5, 1)], 4)).toEqual([2.5, 1]);
});

test('where all want more than there is, minimums first, and the rest by what is wanted', () => {
  expect(sharesGib([guest(2, 4), guest(2, 4)], 4)).toEqual([2, 2]);
  const [first, second] = sharesGib([guest(2.5, 4.5, 0.5), guest(1.5, 1.5, 0.5)], 4);
  expect(first).toBeCloseTo(2.5);
  expect(second).toBeCloseTo(0.5 + (3 * 1) / 4.5);
});

test('the answers fit the budget as long as the sizes do, and stay within the knobs', () => {
  const anyGuest = fc
    .tuple(fc.nat(1000), fc.nat(1000), fc.nat(1000), fc.nat(1000))
    .map(([a, b, wanted, part]): BudgetGuest => {
      const [minBytes, maxBytes] = [Math.min(a, b), Math.max(a, b)];
      const sizeBytes = minBytes + ((maxBytes - minBytes) * part) / 1000;
      return { minBytes, maxBytes, wantedBytes: wanted, sizeBytes };
    });
  fc.assert(
    fc.property(
      fc.array(anyGuest, { minLength: 1, maxLength: 6 }),
      fc.nat(1000),
      (guests, more) => {
        const budget = guests.reduce((all, { sizeBytes }) => all + sizeBytes, 0) + more;
        const shares = budgetShares(guests, budget);
        expect(shares.reduce((all, share) => all + share, 0)).toBeLessThanOrEqual(budget + 1e-6);
        for (const [index, share] of shares.entries()) {
          expect(share).toBeGreaterThanOrEqual(guests[index]!.minBytes - 1e-6);
          expect(share).toBeLessThanOrEqual(guests[index]!.maxBytes);
        }
      },
    ),
  );
});
