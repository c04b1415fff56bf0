/** Figures by percentile. Keys are the percentiles as numbers print: `0`, `99.9`. */
export type Percentiles<Value = number> = Readonly<Record<string, Value>>;

/**
 * Percentile p of n values is number floor(p / 100 * n) of them, counted from 0, and the last one
 * where that is n.
 * @param sorted ascending, and not empty
 * @param percentile 0…100
 */
export function percentileOf(sorted: ArrayLike<number>, percentile: number): number {
  const index = Math.floor((percentile / 100) * sorted.length);
  return sorted[Math.min(index, sorted.length - 1)]!;
}

/** `percentileOf` for each of `percentiles`. */
export function percentilesOf(
  sorted: ArrayLike<number>,
  percentiles: readonly number[],
): Percentiles {
  return Object.fromEntries(
    percentiles.map((percentile) => [String(percentile), percentileOf(sorted, percentile)]),
  );
}

/** The average, or 0 of nothing. */
export function averageOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
