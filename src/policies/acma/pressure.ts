/** Pressure as the growth of a total over a sliding window. */

/** Pressure is judged over this time. */
export const PRESSURE_WINDOW_MS = 10_000;

/** One reading of a total, in microseconds. */
export interface Reading {
  readonly atMs: number;
  readonly totalUs: number;
}

/** Adds a reading and drops those that no window reaches any more, but for one. */
export function addReading(readings: readonly Reading[], reading: Reading): readonly Reading[] {
  // A total that falls, or a clock that turns back, is another guest: its past is not this one's.
  const last = readings.at(-1);
  if (last && (reading.totalUs < last.totalUs || reading.atMs < last.atMs)) return [reading];
  if (last && reading.atMs === last.atMs) return readings;
  const fromMs = reading.atMs - PRESSURE_WINDOW_MS;
  const firstKept = readings.findLastIndex(({ atMs }) => atMs <= fromMs);
  return [...readings.slice(Math.max(0, firstKept)), reading];
}

/** Share of the last `windowMs` that was lost, 0…1; 0 before there are two readings. */
export function pressureOver(readings: readonly Reading[], windowMs: number): number {
  const last = readings.at(-1);
  if (last === undefined) return 0;
  const index = readings.findLastIndex(({ atMs }) => atMs <= last.atMs - windowMs);
  const first = readings[Math.max(0, index)]!;
  const spanMs = last.atMs - first.atMs;
  return spanMs === 0 ? 0 : Math.min(1, (last.totalUs - first.totalUs) / 1000 / spanMs);
}
