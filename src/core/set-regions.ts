import { alignDown, alignUp } from '../base/arithmetic.ts';
import type { AddressRange } from '../params/types.ts';
import type { RegionTable } from './region-table.ts';

/** Whether ranges, once aligned, are neither empty nor out of order nor overlapping (spec 4.1). */
export function rangesAreValid(ranges: readonly AddressRange[], minRegionSize: number): boolean {
  let previousEnd = 0;
  for (const range of ranges) {
    const start = alignDown(range.start, minRegionSize);
    const end = alignUp(range.end, minRegionSize);
    if (start >= end || start < previousEnd) return false;
    previousEnd = end;
  }
  return true;
}

/**
 * Makes `regions` cover exactly the given ranges, aligned outwards (spec 4.1). What lies within
 * them keeps its counters. Returns false, with nothing changed, when the ranges are not valid.
 */
export function setRegions(
  regions: RegionTable,
  ranges: readonly AddressRange[],
  minRegionSize: number,
): boolean {
  if (!rangesAreValid(ranges, minRegionSize)) return false;
  removeOutside(regions, ranges);
  if (regions.nr === 0) {
    for (const { start, end } of ranges) {
      regions.append(alignDown(start, minRegionSize), alignUp(end, minRegionSize));
    }
    return true;
  }
  regions.beginWalk();
  for (const range of ranges) {
    const first = fillHoles(regions, range);
    const start = alignDown(range.start, minRegionSize);
    const end = alignUp(range.end, minRegionSize);
    if (first === -1) {
      regions.insertBeforeCursor(start, end);
    } else {
      regions.start[first] = start;
      regions.end[regions.previous()] = end;
    }
  }
  regions.endWalk();
  return true;
}

function removeOutside(regions: RegionTable, ranges: readonly AddressRange[]): void {
  regions.beginWalk();
  while (regions.walking()) {
    const start = regions.start[regions.cursor]!;
    const end = regions.end[regions.cursor]!;
    if (ranges.some((range) => start < range.end && range.start < end)) regions.advance();
    else regions.removeAtCursor();
  }
  regions.endWalk();
}

/**
 * Walks to the first region beyond `range` and fills the holes between those that intersect it.
 * Returns the row of the first one that does, or -1.
 */
function fillHoles(regions: RegionTable, range: AddressRange): number {
  let first = -1;
  while (regions.walking() && regions.start[regions.cursor]! < range.end) {
    if (regions.end[regions.cursor]! > range.start) {
      if (first === -1) {
        first = regions.previous() + 1;
      } else {
        const previousEnd = regions.end[regions.previous()]!;
        const start = regions.start[regions.cursor]!;
        if (previousEnd < start) regions.insertBeforeCursor(previousEnd, start);
      }
    }
    regions.advance();
  }
  return first;
}
