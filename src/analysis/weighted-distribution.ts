/** How many bytes have which value: percentiles by bytes, and histograms. */
import type { Percentiles } from './percentiles.ts';

/** Bytes with a value from `from` up to but not including `to`. */
export interface HistogramBucket {
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
}

/** Values with the bytes that have each. */
export interface WeightedValues {
  readonly values: readonly number[];
  readonly bytes: readonly number[];
}

/**
 * Percentile p is the value of the first region, by value, at which p percent of all bytes have
 * been reached; the hundredth is the last one. Null where there are no bytes.
 */
export function weightedPercentiles(
  { values, bytes }: WeightedValues,
  percentiles: readonly number[],
): Percentiles<number | null> {
  const rows = [...values.keys()].sort((a, b) => values[a]! - values[b]!);
  const total = bytes.reduce((sum, value) => sum + value, 0);
  const reached: number[] = [];
  let sum = 0;
  for (const row of rows) {
    sum += bytes[row]!;
    reached.push(sum);
  }
  const at = (percentile: number) => {
    if (total === 0) return null;
    const place = reached.findIndex((soFar) => soFar * 100 >= percentile * total);
    return values[rows[percentile >= 100 || place < 0 ? rows.length - 1 : place]!]!;
  };
  return Object.fromEntries(percentiles.map((percentile) => [String(percentile), at(percentile)]));
}

/**
 * Bytes in buckets of the same width: the range from the lowest to the highest value and one more,
 * divided and rounded up. None without values.
 */
export function weightedHistogram(
  { values, bytes }: WeightedValues,
  nrBuckets: number,
): HistogramBucket[] {
  if (values.length === 0) return [];
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  const width = Math.max(Math.ceil((most + 1 - least) / nrBuckets), 1);
  const sums = new Array<number>(nrBuckets).fill(0);
  for (const [index, value] of values.entries()) {
    sums[Math.min(Math.floor((value - least) / width), nrBuckets - 1)]! += bytes[index]!;
  }
  return sums.map((sum, index) => ({
    from: least + index * width,
    to: least + (index + 1) * width,
    bytes: sum,
  }));
}
