import { alignDown, alignUp } from '../../base/arithmetic.ts';
import type { RegionTable } from '../../core/region-table.ts';
import type { AddressRange } from '../../params/types.ts';
import type { MappingTable } from './mapping-table.ts';

/**
 * Adds 1 to `nrAccesses` of the regions whose turn it is, and returns the largest.
 *
 * Of a mapping only the touched share is known, so its regions count a hit in that share of the
 * samples: whenever the shares of all samples, added up, round to the next whole number. A share of
 * 0.3 makes 3 hits in 10 samples, spread evenly, without chance and without any state of the
 * region's own. A region over several mappings goes by the average of their shares, weighted by
 * overlap.
 */
export function countAccesses(regions: RegionTable, table: MappingTable): number {
  const { start, end, nrAccesses } = regions;
  let firstRow = 0;
  let max = 0;
  for (let index = 0; index < regions.nr; index++) {
    const from = start[index]!;
    const to = end[index]!;
    while (firstRow < table.nr && table.end[firstRow]! <= from) firstRow += 1;
    let before = 0;
    let now = 0;
    for (let row = firstRow; row < table.nr && table.start[row]! < to; row++) {
      const overlap = Math.min(to, table.end[row]!) - Math.max(from, table.start[row]!);
      const weight = overlap / (to - from);
      before += table.sharesBefore[row]! * weight;
      now += table.shares[row]! * weight;
    }
    if (Math.round(now) > Math.round(before)) nrAccesses[index]! += 1;
    if (nrAccesses[index]! > max) max = nrAccesses[index]!;
  }
  return max;
}

/**
 * The ranges that regions shall cover: each watched mapping by itself. Neighbours that one of the
 * `regions` covers together, because merging has made it so, stay together, or the part behind
 * would lose its counters.
 */
export function watchedRanges(
  table: MappingTable,
  regions: RegionTable,
  minRegionSize: number,
): AddressRange[] {
  const ranges: { start: number; end: number }[] = [];
  let region = 0;
  for (let row = 0; row < table.nr; row++) {
    if (!table.isWatched(row)) continue;
    const start = table.start[row]!;
    const end = table.end[row]!;
    while (region < regions.nr && regions.end[region]! <= start) region += 1;
    const straddled = region < regions.nr && regions.start[region]! < start;
    const last = ranges.at(-1);
    const joined =
      last !== undefined &&
      ((straddled && last.end === start) ||
        // Regions larger than a page may leave no boundary between two mappings.
        alignDown(start, minRegionSize) < alignUp(last.end, minRegionSize));
    if (joined) last.end = end;
    else ranges.push({ start, end });
  }
  return ranges;
}
