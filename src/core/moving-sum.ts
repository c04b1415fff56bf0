import { multFrac } from '../base/arithmetic.ts';

/** Ticks in `intervalUs`; a sampling interval of 0 counts as 1, as in the kernel. */
export function ticksIn(intervalUs: number, sampleIntervalUs: number): number {
  return Math.floor(intervalUs / (sampleIntervalUs || 1));
}

/** How much of the last window a pseudo moving sum still blends in, in 1/10,000 (spec 4.3). */
export function lastWindowShareBp(
  windowTicks: number,
  tick: number,
  nextAggregation: number,
): number {
  const left = tick >= nextAggregation ? 0 : nextAggregation - tick;
  return multFrac(left, 10_000, windowTicks || 1);
}

/**
 * The pseudo moving sum of a counter (spec 4.3): right after a window's end it is the last window's
 * count, at the end of the running one it is that one's, and in between it blends both.
 * @param shareBp see `lastWindowShareBp`
 */
export function movingSum(current: number, last: number, shareBp: number): number {
  if (shareBp === 10_000) return last;
  return current + Math.floor((last * shareBp) / 10_000);
}
