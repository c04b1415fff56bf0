/** Operations filters (spec 5.6), decided for a whole segment of equal pages at a time. */
import type { ChosenRegion } from '../../core/operations.ts';
import { activeShare, PAGE_SIZE, type Segment, youngShare } from '../../host/sim/index.ts';
import type { BoundRange, Filter, OperationsFilter } from '../../params/types.ts';

const HUGE_PAGE_BYTES = 2 ** 21;

const REJECT_YOUNG: OperationsFilter = { type: 'young', matching: true, allow: false };

/** What filters say about a segment. */
export interface Verdict {
  /** Pages that pass: so many from the segment's front. */
  readonly pages: number;
  /** A young filter looked at the accessed bits, which clears them. */
  readonly testedYoung: boolean;
}

/**
 * How many pages of a segment pass the filters of a region's scheme. Where a filter is about some
 * of the pages only (`young`, `active`), their expected number counts.
 */
export function judge(segment: Segment, region: ChosenRegion, nowUs: number): Verdict {
  const pages = segment.end - segment.start;
  if (region.allowedByCore) return { pages, testedYoung: false };
  let undecided = 1;
  let passed = 0;
  let testedYoung = false;
  for (const filter of operationsFilters(region.scheme.filters, region)) {
    if (undecided === 0) break;
    testedYoung ||= filter.type === 'young';
    const share = shareWith(filter, segment, nowUs);
    const matched = undecided * (filter.matching ? share : 1 - share);
    if (filter.allow) passed += matched;
    undecided -= matched;
  }
  if (!region.rejectUnmatched) passed += undecided;
  return { pages: Math.round(pages * Math.min(1, passed)), testedYoung };
}

/** Whether a scheme has filters that look at pages. */
export function hasOperationsFilters(filters: readonly Filter[]): boolean {
  return filters.some(isOperationsFilter);
}

/**
 * Physical memory is not paged out while it is in use, unless the scheme says so itself (spec 3.3).
 */
function operationsFilters(filters: readonly Filter[], region: ChosenRegion): OperationsFilter[] {
  const own = filters.filter(isOperationsFilter);
  const implicit =
    region.scheme.action === 'pageout' &&
    region.target.pid === undefined &&
    !own.some(({ type }) => type === 'young');
  return implicit ? [...own, REJECT_YOUNG] : own;
}

function isOperationsFilter(filter: Filter): filter is OperationsFilter {
  return filter.type !== 'addr' && filter.type !== 'target';
}

/** Share of the segment's pages that have the property, 0…1. */
function shareWith(filter: OperationsFilter, segment: Segment, nowUs: number): number {
  const { vma, extent } = segment;
  switch (filter.type) {
    case 'anon':
      return vma.kind === 'file' ? 0 : 1;
    case 'memcg':
      return vma.process.spec.cgroup === filter.memcgPath ? 1 : 0;
    case 'hugepage_size':
      return isWithinBounds(extent.huge ? HUGE_PAGE_BYTES : PAGE_SIZE, filter.sizeBytes) ? 1 : 0;
    case 'unmapped':
      return 0;
    case 'active':
      return activeShare(segment, nowUs);
    case 'young':
      return youngShare(segment, nowUs);
  }
}

function isWithinBounds(value: number, { min, max }: BoundRange): boolean {
  return min !== 'max' && value >= min && (max === 'max' || value <= max);
}
