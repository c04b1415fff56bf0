import type { Snapshot } from '../params/snapshot.ts';

/** Columns that the estimates need; every snapshot has them. */
export type AccessColumns = Pick<
  Snapshot,
  'nrRegions' | 'start' | 'end' | 'nrAccesses' | 'age' | 'aggregationIntervalUs'
>;

/**
 * Estimated memory bandwidth in bytes a second, as DAMON_STAT computes it (spec 9.3): each sample
 * that found a region accessed counts for all of it.
 */
export function bandwidthBytesPerSecond(snapshot: AccessColumns): number {
  let bytes = 0n;
  for (let row = 0; row < snapshot.nrRegions; row++) {
    const size = snapshot.end[row]! - snapshot.start[row]!;
    bytes += BigInt(size) * BigInt(snapshot.nrAccesses[row]!);
  }
  return Number((bytes * 1_000_000n) / BigInt(snapshot.aggregationIntervalUs || 1));
}

/**
 * For how long memory has been idle, in milliseconds, at each percentile of its bytes from 0 to
 * 100, as DAMON_STAT computes it (spec 9.3). Negative: for how long it has been in use.
 */
export function idleTimePercentilesMs(snapshot: AccessColumns): number[] {
  const { nrRegions, start, end, nrAccesses, age, aggregationIntervalUs } = snapshot;
  const idleIntervals = (row: number) => (nrAccesses[row]! > 0 ? -(age[row]! + 1) : age[row]! + 1);
  const rows = Array.from({ length: nrRegions }, (_, row) => row);
  rows.sort((a, b) => idleIntervals(a) - idleIntervals(b));

  const total = rows.reduce((sum, row) => sum + end[row]! - start[row]!, 0);
  const percentiles: number[] = [];
  let accumulated = 0;
  for (const row of rows) {
    accumulated += end[row]! - start[row]!;
    const idleMs = Math.trunc((idleIntervals(row) * aggregationIntervalUs) / 1000);
    while (percentiles.length <= 100 && percentiles.length <= (accumulated * 100) / total) {
      percentiles.push(idleMs);
    }
  }
  return percentiles;
}
