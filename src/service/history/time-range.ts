/** Part of a history. Times in microseconds, of the clock that the items have. */
export interface TimeRange {
  readonly fromUs: number;
  readonly toUs: number;
  /** So many items at most, evenly over the range. */
  readonly limit: number;
}

/** Those in the range; of too many, evenly spread ones, the newest among them. */
export function within<Item>(
  items: readonly Item[],
  timeUs: (item: Item) => number,
  { fromUs, toUs, limit }: TimeRange,
): Item[] {
  const found = items.filter((item) => timeUs(item) >= fromUs && timeUs(item) <= toUs);
  if (found.length <= limit) return found;
  const step = found.length / limit;
  return Array.from({ length: limit }, (_, index) => found[Math.ceil((index + 1) * step) - 1]!);
}
