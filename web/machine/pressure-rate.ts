/** Pressure totals as shares of time. */

/** Pressure at one moment: microseconds lost since boot. */
export interface PressureSample {
  readonly timeMs: number;
  readonly someUs: number;
  readonly fullUs: number;
}

/** Shares of the time between two samples, 0…1; null while there is only one. */
export function pressureShares(
  before: PressureSample | undefined,
  now: PressureSample,
): { readonly some: number; readonly full: number } | null {
  if (before === undefined || now.timeMs <= before.timeMs) return null;
  const spanUs = (now.timeMs - before.timeMs) * 1000;
  const share = (lostUs: number) => Math.min(Math.max(lostUs / spanUs, 0), 1);
  return { some: share(now.someUs - before.someUs), full: share(now.fullUs - before.fullUs) };
}
