/** Operations filters (spec 5.6), decided for a whole segment of equal pages at a time. */
import type { ChosenRegion } from '../../core/operations.ts';
import { type Mix, PAGE_SIZE, remainingMix, type Segment, youngUse } from '../../host/sim/index.ts';
import type { BoundRange, Filter, OperationsFilter } from '../../params/types.ts';

const HUGE_PAGE_BYTES = 2 ** 21;

const REJECT_YOUNG: OperationsFilter = { type: 'young', matching: true, allow: false };

/** What filters say about a segment. */
export interface Verdict {
  /** Pages that pass: so many from the segment's front. */
  readonly pages: number;
  /** A young filter looked at the accessed bits, which clears them. */
  readonly testedYoung: boolean;
  /** Who passed and who did not, where their use has told pages apart. */
  readonly mixes?: { readonly passed: Mix; readonly kept: Mix };
}

/**
 * How many pages of a segment pass the filters of a region's scheme. Where a filter is about some
 * of the pages only (`young`), their expected number counts.
 */
export function judge(segment: Segment, region: ChosenRegion, nowUs: number): Verdict {
  const pages = segment.end - segment.start;
  if (region.allowedByCore) return { pages, testedYoung: false };
  const filters = operationsFilters(region.scheme.filters, region);
  const use = filters.some(({ type }) => type === 'young') ? youngUse(segment, nowUs) : null;
  const passed = (youngShare: number) =>
    passingShare(filters, segment, youngShare, region.rejectUnmatched);
  if (use === null) return { pages: Math.round(pages * passed(0)), testedYoung: false };
  const { samples, untouched } = use;
  const shares = untouched.map((share) => passed(1 - share));
  const all = samples.reduce((sum, { weight }, index) => sum + weight * shares[index]!, 0);
  const count = Math.round(pages * Math.min(1, all));
  if (samples.length === 1 || count === 0 || count === pages) {
    return { pages: count, testedYoung: true };
  }
  const mixes = {
    passed: remainingMix(segment.vma, samples, shares),
    kept: remainingMix(
      segment.vma,
      samples,
      shares.map((share) => 1 - share),
    ),
  };
  return { pages: count, testedYoung: true, mixes };
}

/** Share of pages that pass, of which a share is young. */
function passingShare(
  filters: readonly OperationsFilter[],
  segment: Segment,
  youngShare: number,
  rejectUnmatched: boolean,
): number {
  let undecided = 1;
  let passed = 0;
  for (const filter of filters) {
    if (undecided === 0) break;
    const share = shareWith(filter, segment, youngShare);
    const matched = undecided * (filter.matching ? share : 1 - share);
    if (filter.allow) passed += matched;
    undecided -= matched;
  }
  if (!rejectUnmatched) passed += undecided;
  return Math.min(1, passed);
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
function shareWith(filter: OperationsFilter, segment: Segment, youngShare: number): number {
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
      return extent.active ? 1 : 0;
    case 'young':
      return youngShare;
  }
}

function isWithinBounds(value: number, { min, max }: BoundRange): boolean {
  return min !== 'max' && value >= min && (max === 'max' || value <= max);
}
