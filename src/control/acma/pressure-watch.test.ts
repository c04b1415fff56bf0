import { expect, test } from 'vitest';
import { PressureWatch } from './pressure-watch.ts';

/** Looks after each of these gains, a tenth of a second apart; numbers of those that fired. */
function firing(gainsUs: readonly number[]): number[] {
  let totalUs = 0;
  const watch = new PressureWatch(() => totalUs, 0.001);
  return [...gainsUs.keys()].filter((index) => {
    totalUs += gainsUs[index]!;
    return watch.look();
  });
}

test('fires as soon as a thousandth of a second was lost in a second', () => {
  expect(firing([5, 400, 400, 201, 0])).toEqual([3]);
  expect(firing(new Array(60).fill(99))).toEqual([]);
});

test('what was lost longer than a second ago does not count', () => {
  expect(firing([0, 900, ...new Array(10).fill(0), 900])).toEqual([]);
});

test('and not twice within the second', () => {
  expect(firing([0, 2000, 500, 500])).toEqual([1]);
});

test('waits no longer than it has to', async () => {
  let totalUs = 0;
  const watch = new PressureWatch(() => (totalUs += 600), 0.001);
  const never = new AbortController().signal;
  expect(await watch.until(60_000, never)).toBe(true);
  expect(totalUs).toBe(1800);
  const calm = new PressureWatch(() => 0, 0.001);
  expect(await calm.until(60_000, AbortSignal.abort())).toBe(false);
});
