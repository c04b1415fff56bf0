/** Parameters → the files of a context that say the same. */
import { UINT_MAX, ULONG_MAX } from '../base/arithmetic.ts';
import type {
  AddressRange,
  Attrs,
  Bound,
  BoundRange,
  Filter,
  Goal,
  KernelAction,
  Params,
  Probe,
  ProbeFilter,
  Quota,
  Scheme,
  Target,
} from '../params/types.ts';
import type { FeatureName } from './features.ts';

/** One file: `path` in the folder of its slot, and what it has to hold. */
export interface FileEntry {
  readonly path: string;
  readonly text: string;
  /** What the kernel has to have for it. */
  readonly needs: FeatureName | null;
  /** The parameter that it comes from, for messages. */
  readonly field: string;
}

/** A folder of numbered folders, which the kernel makes when their number is written to `path`. */
export interface ListEntry extends Omit<FileEntry, 'text'> {
  readonly items: readonly (readonly Entry[])[];
}

export type Entry = FileEntry | ListEntry;

type Value = string | number | boolean;

/** Where entries are, and what the parameter is called that they come from. */
class Place {
  readonly #folder: string;
  readonly #field: string;

  constructor(folder: string, field: string) {
    this.#folder = folder;
    this.#field = field;
  }

  at(folder: string, field: string): Place {
    const path = folder === '' ? this.#folder : `${this.#folder}/${folder}`;
    return new Place(path, this.#join(field));
  }

  file(name: string, value: Value, field: string, needs: FeatureName | null = null): FileEntry {
    const text = typeof value === 'boolean' ? (value ? 'Y' : 'N') : String(value);
    return { path: `${this.#folder}/${name}`, text, needs, field: this.#join(field) };
  }

  list<T>(
    nrFile: string,
    field: string,
    values: readonly T[],
    item: (place: Place, value: T) => readonly Entry[],
    needs: FeatureName | null = null,
  ): ListEntry {
    return {
      path: `${this.#folder}/${nrFile}`,
      items: values.map((value, index) => item(this.at(String(index), `[${index}]`), value)),
      needs,
      field: this.#join(field),
    };
  }

  #join(field: string): string {
    if (this.#field === '' || field === '' || field.startsWith('[')) return this.#field + field;
    return `${this.#field}.${field}`;
  }
}

/**
 * Every file of a context in the order to write it, whether this kernel has it or not.
 * @param layered whether core and operations filters have lists of their own; older kernels have
 *   one list
 */
export function contextFiles(params: Params, layered: boolean): readonly Entry[] {
  const context = new Place('contexts/0', '');
  const { operations } = params;
  return [
    context.file('operations', operations, 'operations', `operations ${operations}`),
    context.file('addr_unit', params.addrUnit, 'addrUnit', 'addr_unit'),
    context.file('pause', params.paused, 'paused', 'pause'),
    ...attrsFiles(context.at('monitoring_attrs', 'attrs'), params.attrs),
    context
      .at('monitoring_attrs/probes', '')
      .list('nr_probes', 'probes', params.probes, probeFiles, 'probes'),
    new Place('contexts/0/targets', 'targets').list('nr_targets', '', params.targets, targetFiles),
    new Place('contexts/0/schemes', 'schemes').list('nr_schemes', '', params.schemes, (at, one) =>
      schemeFiles(at, one, layered),
    ),
  ];
}

function attrsFiles(attrs: Place, values: Attrs): readonly Entry[] {
  const intervals = attrs.at('intervals', '');
  const goal = attrs.at('intervals/intervals_goal', 'intervalsGoal');
  const { accessBp, aggregations, minSampleIntervalUs, maxSampleIntervalUs } = values.intervalsGoal;
  return [
    intervals.file('sample_us', values.sampleIntervalUs, 'sampleIntervalUs'),
    intervals.file('aggr_us', values.aggregationIntervalUs, 'aggregationIntervalUs'),
    intervals.file('update_us', values.operationsUpdateIntervalUs, 'operationsUpdateIntervalUs'),
    goal.file('access_bp', accessBp, 'accessBp', 'intervals_goal'),
    goal.file('aggrs', aggregations, 'aggregations', 'intervals_goal'),
    goal.file('min_sample_us', minSampleIntervalUs, 'minSampleIntervalUs', 'intervals_goal'),
    goal.file('max_sample_us', maxSampleIntervalUs, 'maxSampleIntervalUs', 'intervals_goal'),
    attrs.file('nr_regions/min', values.minNrRegions, 'minNrRegions'),
    attrs.file('nr_regions/max', values.maxNrRegions, 'maxNrRegions'),
  ];
}

function probeFiles(probe: Place, { weight, filters }: Probe): readonly Entry[] {
  return [
    probe.file('weight', weight, 'weight', 'probe weights'),
    probe.at('filters', 'filters').list('nr_filters', '', filters, probeFilterFiles),
  ];
}

function probeFilterFiles(at: Place, filter: ProbeFilter): readonly Entry[] {
  return [
    at.file('type', filter.type, 'type'),
    at.file('matching', filter.matching, 'matching'),
    at.file('allow', filter.allow, 'allow'),
    ...(filter.type === 'memcg' ? [at.file('path', filter.memcgPath, 'memcgPath')] : []),
  ];
}

function targetFiles(target: Place, { pid, regions, obsolete }: Target): readonly Entry[] {
  return [
    ...(pid === undefined ? [] : [target.file('pid_target', pid, 'pid')]),
    target.file('obsolete_target', obsolete, 'obsolete', 'obsolete_target'),
    target.at('regions', 'regions').list('nr_regions', '', regions, addressFiles),
  ];
}

function addressFiles(at: Place, { start, end }: AddressRange): readonly Entry[] {
  return [at.file('start', start, 'start'), at.file('end', end, 'end')];
}

function schemeFiles(at: Place, scheme: Scheme, layered: boolean): readonly Entry[] {
  const { action, pattern, watermarks, destinations } = scheme;
  const wmarks = at.at('watermarks', 'watermarks');
  return [
    at.file('action', action, 'action', `action ${action as KernelAction}`),
    at.file('target_nid', scheme.targetNid, 'targetNid', 'target_nid'),
    at.file('apply_interval_us', scheme.applyIntervalUs, 'applyIntervalUs', 'apply_interval_us'),
    ...rangeFiles(at.at('access_pattern/sz', 'pattern.sizeBytes'), pattern.sizeBytes, ULONG_MAX),
    ...rangeFiles(at.at('access_pattern/nr_accesses', 'pattern.nrAccesses'), pattern.nrAccesses),
    ...rangeFiles(at.at('access_pattern/age', 'pattern.age'), pattern.age),
    ...quotaFiles(at.at('quotas', 'quota'), scheme.quota),
    wmarks.file('metric', watermarks.metric, 'metric'),
    wmarks.file('interval_us', watermarks.intervalUs, 'intervalUs'),
    wmarks.file('high', watermarks.highPermil, 'highPermil'),
    wmarks.file('mid', watermarks.midPermil, 'midPermil'),
    wmarks.file('low', watermarks.lowPermil, 'lowPermil'),
    ...filterLists(at, scheme.filters, layered),
    at
      .at('dests', 'destinations')
      .list(
        'nr_dests',
        '',
        destinations,
        (dest, { nid, weight }) => [
          dest.file('id', nid, 'nid'),
          dest.file('weight', weight, 'weight'),
        ],
        'dests',
      ),
    at.file('stats/max_nr_snapshots', scheme.maxNrSnapshots, 'maxNrSnapshots', 'max_nr_snapshots'),
  ];
}

function rangeFiles(at: Place, { min, max }: BoundRange, highest?: bigint): readonly Entry[] {
  return [
    at.file('min', boundText(min, highest), 'min'),
    at.file('max', boundText(max, highest), 'max'),
  ];
}

/** @param highest what `max` is in the field's own width in the kernel, whatever its file takes */
function boundText(bound: Bound, highest: bigint | number = UINT_MAX): string {
  return String(bound === 'max' ? highest : bound);
}

function quotaFiles(at: Place, quota: Quota): readonly Entry[] {
  const { weights } = quota;
  const bytes = boundText(quota.sizeBytes, ULONG_MAX);
  const resetMs = boundText(quota.resetIntervalMs, ULONG_MAX);
  return [
    at.file('ms', quota.timeMs, 'timeMs'),
    at.file('bytes', bytes, 'sizeBytes'),
    at.file('reset_interval_ms', resetMs, 'resetIntervalMs'),
    at.file('goal_tuner', quota.goalTuner, 'goalTuner', 'goal_tuner'),
    at.file('fail_charge_num', quota.failChargeNumerator, 'failChargeNumerator', 'fail_charge'),
    at.file(
      'fail_charge_denom',
      quota.failChargeDenominator,
      'failChargeDenominator',
      'fail_charge',
    ),
    at.file('weights/sz_permil', weights.sizePermil, 'weights.sizePermil'),
    at.file('weights/nr_accesses_permil', weights.nrAccessesPermil, 'weights.nrAccessesPermil'),
    at.file('weights/age_permil', weights.agePermil, 'weights.agePermil'),
    at.at('goals', 'goals').list('nr_goals', '', quota.goals, goalFiles, 'goals'),
  ];
}

function goalFiles(at: Place, goal: Goal): readonly Entry[] {
  const { metric, nid, memcgPath } = goal;
  return [
    at.file('target_metric', metric, 'metric', `goal metric ${metric}`),
    at.file('target_value', goal.targetValue, 'targetValue'),
    at.file('current_value', goal.currentValue, 'currentValue'),
    ...(nid === undefined ? [] : [at.file('nid', nid, 'nid', 'goal nid')]),
    ...(memcgPath === undefined ? [] : [at.file('path', memcgPath, 'memcgPath', 'goal path')]),
  ];
}

const isCore = ({ type }: Filter) => type === 'addr' || type === 'target';

function filterLists(scheme: Place, filters: readonly Filter[], layered: boolean): Entry[] {
  const list = (name: 'core_filters' | 'ops_filters' | 'filters', ours: readonly Filter[]) =>
    scheme.at(name, 'filters').list('nr_filters', '', ours, filterFiles, name);
  if (!layered) return [list('filters', filters)];
  return [
    list('core_filters', filters.filter(isCore)),
    list(
      'ops_filters',
      filters.filter((filter) => !isCore(filter)),
    ),
    list('filters', []),
  ];
}

function filterFiles(at: Place, filter: Filter): readonly Entry[] {
  return [
    at.file('type', filter.type, 'type', `filter type ${filter.type}`),
    at.file('matching', filter.matching, 'matching'),
    at.file('allow', filter.allow, 'allow', 'allow filters'),
    ...filterArguments(at, filter),
  ];
}

function filterArguments(at: Place, filter: Filter): readonly Entry[] {
  switch (filter.type) {
    case 'addr':
      return [
        at.file('addr_start', filter.range.start, 'range.start'),
        at.file('addr_end', filter.range.end, 'range.end'),
      ];
    case 'target':
      return [at.file('damon_target_idx', filter.targetIndex, 'targetIndex')];
    case 'memcg':
      return [at.file('memcg_path', filter.memcgPath, 'memcgPath')];
    case 'hugepage_size':
      return rangeFiles(at.at('', 'sizeBytes'), filter.sizeBytes, ULONG_MAX);
    default:
      return [];
  }
}
