import { alignUp } from '../base/arithmetic.ts';
import type { AddressRange } from '../params/types.ts';

/**
 * The parts of a process's address space that are worth monitoring: all of it but its two biggest
 * gaps, which usually lie around the heap and the stack (spec 3.1).
 * @param vmas mappings in address order
 * @param minRegionSize what boundaries are aligned up to
 * @returns three ranges, or null where there are no two gaps
 */
export function threeRegions(
  vmas: readonly { readonly start: number; readonly end: number }[],
  minRegionSize: number,
): AddressRange[] | null {
  const none = { start: 0, end: 0 };
  let first = none;
  let second = none;
  for (const [index, { start }] of vmas.entries()) {
    if (index === 0) continue;
    const gap = { start: vmas[index - 1]!.end, end: start };
    if (sizeOf(gap) > sizeOf(first)) {
      second = first;
      first = gap;
    } else if (sizeOf(gap) > sizeOf(second)) {
      second = gap;
    }
  }
  if (sizeOf(first) === 0 || sizeOf(second) === 0) return null;
  const [low, high] = first.start < second.start ? [first, second] : [second, first];
  const range = (start: number, end: number) => ({
    start: alignUp(start, minRegionSize),
    end: alignUp(end, minRegionSize),
  });
  return [
    range(vmas[0]!.start, low.start),
    range(low.end, high.start),
    range(high.end, vmas[vmas.length - 1]!.end),
  ];
}

function sizeOf({ start, end }: AddressRange): number {
  return end - start;
}
