/**
 * Parameters → those of the kernel modules that do the same by themselves (spec section 9). What a
 * module can't express is said, never dropped in silence.
 */
import type { Bound, Filter, Params, Scheme } from '../params/types.ts';
import type { ModuleTwin } from './policy.ts';

/** Files below `/sys/module/NAME/parameters`, in the order in which they are to be written. */
export interface ModuleParameters {
  readonly name: ModuleTwin['name'];
  readonly values: readonly (readonly [file: string, text: string])[];
  /** What the module does otherwise, as sentences. */
  readonly notes: readonly string[];
}

/** DAMON_STAT takes no parameters but its switch. */
function statModule({ attrs }: Params): ModuleParameters {
  const notes =
    attrs.minNrRegions === 10
      ? []
      : [`It watches with 10 to 1000 regions, not with ${attrs.minNrRegions} at least.`];
  return { name: 'damon_stat', values: [['enabled', 'Y']], notes };
}

/** The scheme that pages out, as DAMON_RECLAIM. */
function reclaimModule(params: Params): ModuleParameters {
  const scheme = params.schemes.find(({ action }) => action === 'pageout');
  if (scheme === undefined) return statModule(params);
  const { pattern, quota, watermarks, filters } = scheme;
  const skipsAnon = filters.some((filter) => filter.type === 'anon' && !filter.allow);
  const pressure = quota.goals.find(({ metric }) => metric === 'some_mem_psi_us');
  const fed = quota.goals.find(({ metric }) => metric === 'user_input');
  const hasWatermarks = watermarks.metric !== 'none';
  return {
    name: 'damon_reclaim',
    values: [
      ['min_age', String(Number(boundOr(pattern.age.min, 0)) * params.attrs.aggregationIntervalUs)],
      ['quota_ms', String(quota.timeMs)],
      ['quota_sz', boundText(quota.sizeBytes)],
      ['quota_reset_interval_ms', boundText(quota.resetIntervalMs)],
      ['quota_mem_pressure_us', String(pressure?.targetValue ?? 0)],
      ['quota_autotune_feedback', fed === undefined ? '0' : '10000'],
      ...watermarkValues(hasWatermarks ? watermarks : null),
      ...monitoringValues(params),
      ['skip_anon', skipsAnon ? 'Y' : 'N'],
      ['enabled', 'Y'],
    ],
    notes: [
      ...commonNotes(params, scheme, ['anon', 'young']),
      ...(pattern.nrAccesses.max === 0
        ? []
        : ['It takes only regions without any access, and no idle pages between busy ones.']),
      ...params.schemes
        .filter((other) => other !== scheme)
        .map(({ action }) => `It has one scheme, and none of ${action} beside it.`),
      ...(fed === undefined
        ? []
        : [
            'quota_autotune_feedback wants a new value for each window from whoever measures it, and ' +
              'commit_inputs written after each; at 10000 the module changes nothing.',
          ]),
    ],
  };
}

/** The two schemes that sort, as DAMON_LRU_SORT. */
function lruSortModule(params: Params): ModuleParameters {
  const hot = params.schemes.find(({ action }) => action === 'lru_prio');
  const cold = params.schemes.find(({ action }) => action === 'lru_deprio');
  if (hot === undefined || cold === undefined) return statModule(params);
  const { aggregationIntervalUs, sampleIntervalUs } = params.attrs;
  const samples = aggregationIntervalUs / sampleIntervalUs;
  const hotPermil = Math.round((Number(boundOr(hot.pattern.nrAccesses.min, 0)) * 1000) / samples);
  const hasYoung = [hot, cold].every(({ filters }) => filters.some(({ type }) => type === 'young'));
  return {
    name: 'damon_lru_sort',
    values: [
      ['active_mem_bp', String(hot.quota.goals[0]?.targetValue ?? 0)],
      ['filter_young_pages', hasYoung ? 'Y' : 'N'],
      ['hot_thres_access_freq', String(hotPermil)],
      ['cold_min_age', String(Number(boundOr(cold.pattern.age.min, 0)) * aggregationIntervalUs)],
      ...watermarkValues(null),
      ...monitoringValues(params),
      ['enabled', 'Y'],
    ],
    notes: [
      ...commonNotes(params, hot, ['young']),
      `It has a quota of time only (quota_ms), none of ${boundText(hot.quota.sizeBytes)} bytes.`,
    ],
  };
}

/** The parameters of the module `name` that come closest to `params`. */
export function moduleParameters(name: ModuleTwin['name'], params: Params): ModuleParameters {
  if (name === 'damon_reclaim') return reclaimModule(params);
  return name === 'damon_lru_sort' ? lruSortModule(params) : statModule(params);
}

/** Without watermarks a module has to work at any amount of free memory. */
function watermarkValues(marks: Scheme['watermarks'] | null): [string, string][] {
  const { intervalUs, highPermil, midPermil, lowPermil } = marks ?? {
    ...{ intervalUs: 5_000_000, highPermil: 1000, midPermil: 1000, lowPermil: 0 },
  };
  return [
    ['wmarks_interval', String(intervalUs)],
    ['wmarks_high', String(highPermil)],
    ['wmarks_mid', String(midPermil)],
    ['wmarks_low', String(lowPermil)],
  ];
}

function monitoringValues({ attrs, targets, addrUnit }: Params): [string, string][] {
  const regions = targets[0]?.regions ?? [];
  const start = regions[0]?.start ?? 0;
  const end = regions.at(-1)?.end ?? 0;
  return [
    ['autotune_monitoring_intervals', attrs.intervalsGoal.aggregations > 0 ? 'Y' : 'N'],
    ['sample_interval', String(attrs.sampleIntervalUs)],
    ['aggr_interval', String(attrs.aggregationIntervalUs)],
    ['min_nr_regions', String(attrs.minNrRegions)],
    ['max_nr_regions', String(attrs.maxNrRegions)],
    ['monitor_region_start', String(start)],
    ['monitor_region_end', String(end)],
    ['addr_unit', String(addrUnit)],
  ];
}

function commonNotes(params: Params, scheme: Scheme, known: readonly Filter['type'][]): string[] {
  const { operations, targets, attrs } = params;
  const unknown = scheme.filters.filter(({ type }) => !known.includes(type));
  return [
    ...(operations === 'paddr'
      ? []
      : ['It works on physical memory as a whole; single processes can not be named.']),
    ...((targets[0]?.regions.length ?? 0) > 1
      ? ['It watches one range from first to last address, holes included.']
      : []),
    ...unknown.map(({ type }) => `It has no ${type} filter, so memory is not limited by it.`),
    ...(attrs.intervalsGoal.aggregations > 0 && attrs.intervalsGoal.accessBp !== 40
      ? [
          `Its interval tuning aims at 0.4 % of possible accesses, not at ${attrs.intervalsGoal.accessBp / 100} %.`,
        ]
      : []),
  ];
}

function boundOr(bound: Bound, otherwise: number): number {
  return bound === 'max' ? otherwise : bound;
}

function boundText(bound: Bound): string {
  return bound === 'max' ? '18446744073709551615' : String(bound);
}
