/**
 * What is asked for → what a slot of the kernel gets: the same parameters, with a limit on every
 * scheme that acts, and with schemes of our own behind them that only count, for snapshots. Pure.
 */
import { formatBytes } from '../base/units.ts';
import { type Features, hasFeature } from '../kernel/features.ts';
import type { TriedScheme } from '../kernel/read-results.ts';
import { DEFAULT_SCHEME, NO_INTERVALS_GOAL, NO_QUOTA } from '../params/defaults.ts';
import type { Attrs, OperationsFilter, Params, Scheme } from '../params/types.ts';

/** For a scheme that acts without a limit: what DAMON_RECLAIM has (spec 9.1). */
const DEFAULT_BYTES_PER_SECOND = 128 * 2 ** 20;

/** How long a snapshot has to wait for our own schemes; a sampling interval may be longer. */
const LONGEST_APPLY_US = 500_000;

/** Up to so many targets have a scheme each; of more, regions are told apart by their order. */
const MAX_SEPARATE_TARGETS = 8;

/** Filters make a pass look at each page, so it comes more rarely. */
const FILTERED_APPLY_US = 1_000_000;

const TRACED_NOTE =
  'This kernel has no tried_regions, so pictures come from its trace points, one with each ' +
  'aggregation interval.';

const TUNES_NOTE =
  'This kernel does not tune intervals, so they are tuned by the same rule from here.';

const FULL_CHARGE_NOTE =
  'This kernel counts all that a scheme tries against its quota, also what it could do nothing to ' +
  '(failChargeNumerator, failChargeDenominator), so less is done.';

/** What a kernel monitor stages. */
export interface KernelPlan {
  /** For the slot. The first schemes are those of the user, at their own index. */
  readonly params: Params;
  /** Schemes that a snapshot is read from. */
  readonly watchers: readonly TriedScheme[];
  /** Intervals are tuned from here, since this kernel can't. */
  readonly tunesHere: boolean;
  /** Sentences on what differs from what was asked for. */
  readonly notes: readonly string[];
}

/**
 * Plans for a kernel with `features`.
 * @param pageFilters snapshots tell how much of each region passes these; empty: all of it counts
 */
export function planKernel(
  params: Params,
  features: Features,
  pageFilters: readonly OperationsFilter[] = [],
): KernelPlan {
  const fitted = fitToKernel(params, features);
  const { attrs, schemes } = fitted.params;
  const limited = schemes.map((scheme, index) => withLimit(scheme, index, params.addrUnit));
  const watchers = hasFeature(features, 'tried_regions') === false ? [] : indexes(params, features);
  const applyIntervalUs =
    hasFeature(features, 'apply_interval_us') === false ? 0 : applyEveryUs(attrs, pageFilters);
  return {
    params: {
      ...fitted.params,
      schemes: [
        ...limited.map(({ scheme }) => scheme),
        ...watchers.map(({ targetIndex }) => ({
          ...DEFAULT_SCHEME,
          action: 'stat' as const,
          applyIntervalUs,
          // Keeps out what is of other targets.
          filters: [
            ...(watchers.length > 1
              ? [{ type: 'target' as const, matching: false, allow: false, targetIndex }]
              : []),
            ...pageFilters,
          ],
        })),
      ],
    },
    watchers,
    tunesHere: attrs.intervalsGoal !== params.attrs.intervalsGoal,
    notes: [
      ...limited.flatMap(({ note }) => note ?? []),
      ...fitted.notes,
      ...(watchers.length === 0 ? [TRACED_NOTE] : []),
      ...slowNotes(params),
    ],
  };
}

/**
 * Parameters without what a kernel with `features` lacks and we can do without, and a sentence for
 * each. What else it lacks is refused when it is written.
 */
export function fitToKernel(
  params: Params,
  features: Features,
): { readonly params: Params; readonly notes: readonly string[] } {
  const tunes =
    params.attrs.intervalsGoal.aggregations > 0 && hasFeature(features, 'intervals_goal') === false;
  const charges =
    hasFeature(features, 'fail_charge') === false && params.schemes.some(countsFailuresLess);
  return {
    params: {
      ...params,
      ...(tunes && { attrs: { ...params.attrs, intervalsGoal: NO_INTERVALS_GOAL } }),
      ...(charges && { schemes: params.schemes.map(withFullCharge) }),
    },
    notes: [...(tunes ? [TUNES_NOTE] : []), ...(charges ? [FULL_CHARGE_NOTE] : [])],
  };
}

/**
 * One for each target: the kernel's files don't say which target a region is of. Otherwise one for
 * all, whose regions come target by target (spec 5.3).
 */
function indexes({ schemes, targets }: Params, features: Features): TriedScheme[] {
  const separate =
    targets.length <= MAX_SEPARATE_TARGETS && hasFeature(features, 'filter type target') !== false;
  const nr = separate ? Math.max(1, targets.length) : 1;
  return Array.from({ length: nr }, (_, targetIndex) => ({
    schemeIndex: schemes.length + targetIndex,
    targetIndex,
  }));
}

/**
 * How often schemes of our own are due. With each aggregation, where merging is due anyway: a pass
 * in between merges equal neighbours that were split just now (spec 5.3). Interval tuning postpones
 * every scheme (spec section 6), so the interval is then the shortest that it can come to.
 */
function applyEveryUs(attrs: Attrs, pageFilters: readonly OperationsFilter[]): number {
  if (pageFilters.length > 0) return lookIntervalUs(attrs);
  const shortestUs = shortestAggregationUs(attrs);
  if (attrs.intervalsGoal.aggregations === 0 && shortestUs <= LONGEST_APPLY_US) return 0;
  return Math.min(shortestUs, LONGEST_APPLY_US);
}

type Intervals = Pick<Attrs, 'sampleIntervalUs' | 'aggregationIntervalUs' | 'intervalsGoal'>;

/** How often schemes of our own look at pages, where they have filters. */
export function lookIntervalUs(attrs: Intervals): number {
  return Math.max(shortestAggregationUs(attrs), FILTERED_APPLY_US);
}

function shortestAggregationUs(attrs: Intervals): number {
  const { aggregationIntervalUs, sampleIntervalUs, intervalsGoal } = attrs;
  if (intervalsGoal.aggregations === 0) return aggregationIntervalUs;
  const samples = Math.max(1, Math.floor(aggregationIntervalUs / Math.max(1, sampleIntervalUs)));
  return intervalsGoal.minSampleIntervalUs * samples;
}

function countsFailuresLess({ quota }: Scheme): boolean {
  return quota.failChargeNumerator < quota.failChargeDenominator;
}

/** Does no more than what was asked for; a scheme that counts them more would, and stays. */
function withFullCharge(scheme: Scheme): Scheme {
  if (!countsFailuresLess(scheme)) return scheme;
  const { failChargeNumerator, failChargeDenominator } = NO_QUOTA;
  return { ...scheme, quota: { ...scheme.quota, failChargeNumerator, failChargeDenominator } };
}

/** A scheme that acts, with a hard limit on bytes. */
function withLimit(
  scheme: Scheme,
  index: number,
  addrUnit: number,
): { readonly scheme: Scheme; readonly note: string | null } {
  const { action, quota } = scheme;
  const isLimited = quota.sizeBytes !== 'max' && quota.sizeBytes > 0;
  if (action === 'stat' || isLimited) return { scheme, note: null };
  const windowMs = quota.resetIntervalMs === 'max' ? 1_000 : Math.max(1, quota.resetIntervalMs);
  const bytes = Math.ceil((DEFAULT_BYTES_PER_SECOND * windowMs) / 1_000);
  const sizeBytes = Math.max(1, Math.ceil(bytes / addrUnit));
  return {
    scheme: { ...scheme, quota: { ...quota, sizeBytes, resetIntervalMs: windowMs } },
    note:
      `schemes[${index}] (${action}) has no limit on bytes, which every scheme that acts in the ` +
      `kernel needs; it gets ${formatBytes(bytes)} in each ${windowMs} ms. Set ` +
      `schemes[${index}].quota.sizeBytes to choose another.`,
  };
}

/** A walk waits for each scheme's pass (spec 5.10). */
function slowNotes({ schemes, attrs }: Params): string[] {
  const limitUs = Math.max(LONGEST_APPLY_US, attrs.aggregationIntervalUs);
  return schemes.flatMap(({ applyIntervalUs }, index) =>
    applyIntervalUs > limitUs
      ? [
          `A snapshot takes up to ${applyIntervalUs / 1e6} s, since schemes[${index}] applies no ` +
            'more often and the kernel waits for each.',
        ]
      : [],
  );
}
