import { addSaturating64, ULONG_MAX } from '../base/arithmetic.ts';

/** The score that says "as wanted", and the smallest value that the loop gives. */
const GOAL = 10_000n;

/**
 * The proportional loop behind all auto-tuning (spec 5.5, "feed"): the next input, given the last
 * one and the score that it earned. Below 10,000 it rises, above it falls, both in proportion to
 * the distance; from 20,000 on it drops to the floor. 64-bit arithmetic, as in the kernel.
 */
export function feedbackLoop(last: bigint, score: bigint): bigint {
  if (score === GOAL) return last;
  if (score >= 2n * GOAL) return GOAL;
  const distance = score > GOAL ? score - GOAL : GOAL - score;
  const step = last < ULONG_MAX / distance ? (last * distance) / GOAL : (last / GOAL) * distance;
  if (score < GOAL) return addSaturating64(last, step);
  return last > step + GOAL ? last - step : GOAL;
}
