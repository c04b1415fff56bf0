import type { Watermarks } from '../../params/types.ts';

/**
 * Whether a scheme is active now (spec 5.8): off above the high and below the low mark; once off,
 * it comes back only below the middle one.
 * @param value the metric, in 1/1,000
 */
export function activeByWatermarks(marks: Watermarks, value: number, wasActive: boolean): boolean {
  if (value > marks.highPermil || value < marks.lowPermil) return false;
  return wasActive || value < marks.midPermil;
}
