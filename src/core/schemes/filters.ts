import { alignDown } from '../../base/arithmetic.ts';
import type { AddressRange, CoreFilter, Filter, OperationsFilter } from '../../params/types.ts';
import type { RegionTable } from '../region-table.ts';

/** Whether the core decides about a filter, for whole regions. */
function isCoreFilter(filter: Filter): filter is CoreFilter {
  return filter.type === 'addr' || filter.type === 'target';
}

/**
 * The filters of a scheme by layer, with what each layer does to memory that none matches (spec
 * 5.6).
 */
export interface FilterLayers {
  readonly core: readonly CoreFilter[];
  readonly operations: readonly OperationsFilter[];
  readonly coreRejectsUnmatched: boolean;
  readonly operationsRejectUnmatched: boolean;
}

/** Sorts the filters of a scheme into their layers. */
export function filterLayers(filters: readonly Filter[]): FilterLayers {
  const core = filters.filter(isCoreFilter);
  const operations = filters.filter((filter) => !isCoreFilter(filter));
  return {
    core,
    operations,
    // Whoever allows last wants nothing but what was allowed. Filters of the operations layer must
    // get to see what the core has no opinion on.
    coreRejectsUnmatched: operations.length === 0 && (core.at(-1)?.allow ?? false),
    operationsRejectUnmatched: operations.at(-1)?.allow ?? false,
  };
}

/** `allowed` bypasses the operations filters; `undecided` leaves the region to them. */
export type CoreVerdict = 'rejected' | 'allowed' | 'undecided';

/**
 * Decides about the region at the cursor by the core's filters; the first that matches wins. An
 * address filter that covers only part of the region splits it, and the verdict is about the part
 * that stays at the cursor.
 */
export function filterAtCursor(
  layers: FilterLayers,
  regions: RegionTable,
  targetIndex: number,
  minRegionSize: number,
): CoreVerdict {
  for (const filter of layers.core) {
    const holds =
      filter.type === 'target'
        ? filter.targetIndex === targetIndex
        : cursorWithin(regions, filter.range, minRegionSize);
    if (holds === filter.matching) return filter.allow ? 'allowed' : 'rejected';
  }
  return layers.coreRejectsUnmatched ? 'rejected' : 'undecided';
}

/** Whether the region at the cursor lies within the range, after cutting off what sticks out. */
function cursorWithin(regions: RegionTable, range: AddressRange, minRegionSize: number): boolean {
  const start = alignDown(range.start, minRegionSize);
  const end = alignDown(range.end, minRegionSize);
  const regionStart = regions.start[regions.cursor]!;
  const regionEnd = regions.end[regions.cursor]!;
  if (start <= regionStart && regionEnd <= end) return true;
  if (regionEnd <= start || end <= regionStart) return false;
  if (regionStart < start) {
    regions.splitAtCursor(start - regionStart);
    return false;
  }
  regions.splitAtCursor(end - regionStart);
  return true;
}
