/**
 * How much of all accesses a choice of memory catches, against the best choice of the same size.
 */
import type { AddressRange } from '../params/types.ts';

/** Bytes of one target whose pages are all accessed about so often. */
export interface RatedRange extends AddressRange {
  readonly targetIndex: number;
  /**
   * True accesses a second to each page, or what a monitor counted: only the order of it matters.
   */
  readonly rate: number;
}

/** The ranges of the highest rates that together have `bytes`; the last one is cut to fit. */
export function hottest(ranges: readonly RatedRange[], bytes: number): RatedRange[] {
  const chosen: RatedRange[] = [];
  let left = bytes;
  for (const range of ranges.toSorted((a, b) => b.rate - a.rate)) {
    if (left <= 0) break;
    const end = Math.min(range.end, range.start + left);
    chosen.push({ ...range, end });
    left -= end - range.start;
  }
  return chosen;
}

/**
 * Share of all accesses that go to the chosen bytes, 0…1.
 * @param truth all memory that is accessed, with its true rates; ranges don't overlap
 * @param chosen ranges don't overlap; their rates don't matter
 */
export function accessShare(truth: readonly RatedRange[], chosen: readonly RatedRange[]): number {
  const all = truth.toSorted(byAddress);
  const picked = chosen.toSorted(byAddress);
  let total = 0;
  let caught = 0;
  let next = 0;
  for (const range of all) {
    total += (range.end - range.start) * range.rate;
    while (next < picked.length && isBefore(picked[next]!, range)) next += 1;
    for (let index = next; index < picked.length && !isBefore(range, picked[index]!); index++) {
      const { start, end } = picked[index]!;
      caught += (Math.min(end, range.end) - Math.max(start, range.start)) * range.rate;
    }
  }
  return total === 0 ? 0 : caught / total;
}

function isBefore(left: RatedRange, right: RatedRange): boolean {
  if (left.targetIndex !== right.targetIndex) return left.targetIndex < right.targetIndex;
  return left.end <= right.start;
}

function byAddress(left: RatedRange, right: RatedRange): number {
  return left.targetIndex - right.targetIndex || left.start - right.start;
}
