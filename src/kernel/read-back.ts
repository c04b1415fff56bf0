/** The files of a slot → parameters, whoever wrote them. */
import { UINT_MAX } from '../base/arithmetic.ts';
import { minRegionSizeFor, NO_INTERVALS_GOAL } from '../params/defaults.ts';
import { deepFreeze } from '../params/freeze.ts';
import type {
  Action,
  AddressRange,
  Attrs,
  Bound,
  BoundRange,
  Filter,
  Goal,
  GoalMetric,
  OperationsId,
  Params,
  Probe,
  ProbeFilter,
  Quota,
  Scheme,
  Target,
  Watermarks,
} from '../params/types.ts';
import { readValue, type SysfsReader, slotPath } from './sysfs-files.ts';

/**
 * The set-up that the files of a slot describe, or null when the slot has none. It need not be what
 * its kdamond works with: that takes a commit. What this kernel has no file for is as if the
 * feature were off. Numbers are those of the files, in core units; what is beyond 2^53 is rounded,
 * and the highest value of a bound reads `max`.
 */
export function readParams(files: SysfsReader, slot: number): Params | null {
  const context = new Folder(files, slotPath(slot, 'contexts/0'));
  if (!files.exists(slotPath(slot, 'contexts/0'))) return null;
  const operations = context.text('operations', 'vaddr') as OperationsId;
  const addrUnit = context.number('addr_unit', 1);
  return deepFreeze({
    operations,
    addrUnit,
    minRegionSize: minRegionSizeFor(operations, addrUnit),
    attrs: readAttrs(context.folder('monitoring_attrs')),
    targets: context.items('targets', 'nr_targets').map((item) => readTarget(item, operations)),
    probes: context.items('monitoring_attrs/probes', 'nr_probes').map(readProbe),
    schemes: context.items('schemes', 'nr_schemes').map(readScheme),
    paused: context.flag('pause'),
  });
}

/** One folder, with what stands for files that this kernel lacks. */
class Folder {
  readonly #files: SysfsReader;
  readonly #path: string;

  constructor(files: SysfsReader, path: string) {
    this.#files = files;
    this.#path = path;
  }

  folder(name: string): Folder {
    return new Folder(this.#files, `${this.#path}/${name}`);
  }

  text(name: string, absent: string): string {
    const path = `${this.#path}/${name}`;
    return this.#files.exists(path) ? readValue(this.#files, path) : absent;
  }

  number(name: string, absent = 0): number {
    return Number(this.text(name, String(absent)));
  }

  flag(name: string): boolean {
    return this.text(name, 'N') === 'Y';
  }

  /** @param highest from which value on there is no bound: by default, beyond all that is exact */
  bound(name: string, highest = 2 ** 53): Bound {
    const value = this.number(name);
    return value >= highest ? 'max' : value;
  }

  range(name: string, highest?: number): BoundRange {
    return { min: this.bound(`${name}/min`, highest), max: this.bound(`${name}/max`, highest) };
  }

  /** The numbered folders of a list. */
  items(name: string, nrFile: string): Folder[] {
    const nr = this.number(`${name}/${nrFile}`);
    return Array.from({ length: nr }, (_, index) => this.folder(`${name}/${index}`));
  }
}

function readAttrs(attrs: Folder): Attrs {
  const intervals = attrs.folder('intervals');
  const goal = intervals.folder('intervals_goal');
  const nrRegions = attrs.folder('nr_regions');
  return {
    sampleIntervalUs: intervals.number('sample_us'),
    aggregationIntervalUs: intervals.number('aggr_us'),
    operationsUpdateIntervalUs: intervals.number('update_us'),
    intervalsGoal: {
      accessBp: goal.number('access_bp', NO_INTERVALS_GOAL.accessBp),
      aggregations: goal.number('aggrs', NO_INTERVALS_GOAL.aggregations),
      minSampleIntervalUs: goal.number('min_sample_us', NO_INTERVALS_GOAL.minSampleIntervalUs),
      maxSampleIntervalUs: goal.number('max_sample_us', NO_INTERVALS_GOAL.maxSampleIntervalUs),
    },
    minNrRegions: nrRegions.number('min'),
    maxNrRegions: nrRegions.number('max'),
  };
}

function readTarget(target: Folder, operations: OperationsId): Target {
  return {
    ...(operations === 'paddr' ? {} : { pid: target.number('pid_target') }),
    regions: target.items('regions', 'nr_regions').map((region) => addresses(region, '')),
    obsolete: target.flag('obsolete_target'),
  };
}

function addresses(folder: Folder, prefix: '' | 'addr_'): AddressRange {
  return { start: folder.number(`${prefix}start`), end: folder.number(`${prefix}end`) };
}

function readProbe(probe: Folder): Probe {
  return {
    weight: probe.number('weight'),
    filters: probe.items('filters', 'nr_filters').map((filter): ProbeFilter => {
      const judgement = readJudgement(filter);
      return filter.text('type', 'anon') === 'memcg'
        ? { type: 'memcg', ...judgement, memcgPath: filter.text('path', '') }
        : { type: 'anon', ...judgement };
    }),
  };
}

function readScheme(scheme: Folder): Scheme {
  return {
    action: scheme.text('action', 'stat') as Action,
    pattern: {
      sizeBytes: scheme.range('access_pattern/sz'),
      nrAccesses: scheme.range('access_pattern/nr_accesses', UINT_MAX),
      age: scheme.range('access_pattern/age', UINT_MAX),
    },
    applyIntervalUs: scheme.number('apply_interval_us'),
    quota: readQuota(scheme.folder('quotas')),
    watermarks: readWatermarks(scheme.folder('watermarks')),
    filters: ['core_filters', 'ops_filters', 'filters'].flatMap((name) =>
      scheme.items(name, 'nr_filters').map(readFilter),
    ),
    targetNid: scheme.number('target_nid', -1),
    destinations: scheme
      .items('dests', 'nr_dests')
      .map((dest) => ({ nid: dest.number('id'), weight: dest.number('weight') })),
    maxNrSnapshots: scheme.number('stats/max_nr_snapshots'),
  };
}

function readQuota(quota: Folder): Quota {
  return {
    timeMs: quota.number('ms'),
    sizeBytes: quota.bound('bytes'),
    resetIntervalMs: quota.bound('reset_interval_ms'),
    weights: {
      sizePermil: quota.number('weights/sz_permil'),
      nrAccessesPermil: quota.number('weights/nr_accesses_permil'),
      agePermil: quota.number('weights/age_permil'),
    },
    goals: quota.items('goals', 'nr_goals').map(readGoal),
    goalTuner: quota.text('goal_tuner', 'consist') as Quota['goalTuner'],
    failChargeNumerator: quota.number('fail_charge_num'),
    failChargeDenominator: quota.number('fail_charge_denom'),
  };
}

function readGoal(goal: Folder): Goal {
  const metric = goal.text('target_metric', 'user_input') as GoalMetric;
  return {
    metric,
    targetValue: goal.number('target_value'),
    currentValue: goal.number('current_value'),
    ...(metric.startsWith('node_') ? { nid: goal.number('nid') } : {}),
    ...(metric.startsWith('node_memcg_') ? { memcgPath: goal.text('path', '') } : {}),
  };
}

function readWatermarks(watermarks: Folder): Watermarks {
  return {
    metric: watermarks.text('metric', 'none') as Watermarks['metric'],
    intervalUs: watermarks.number('interval_us'),
    highPermil: watermarks.number('high'),
    midPermil: watermarks.number('mid'),
    lowPermil: watermarks.number('low'),
  };
}

function readFilter(filter: Folder): Filter {
  const type = filter.text('type', 'anon') as Filter['type'];
  const judgement = readJudgement(filter);
  switch (type) {
    case 'addr':
      return { type, ...judgement, range: addresses(filter, 'addr_') };
    case 'target':
      return { type, ...judgement, targetIndex: filter.number('damon_target_idx') };
    case 'memcg':
      return { type, ...judgement, memcgPath: filter.text('memcg_path', '') };
    case 'hugepage_size':
      return {
        type,
        ...judgement,
        sizeBytes: { min: filter.bound('min'), max: filter.bound('max') },
      };
    default:
      return { type, ...judgement };
  }
}

function readJudgement(filter: Folder): { readonly matching: boolean; readonly allow: boolean } {
  return { matching: filter.flag('matching'), allow: filter.flag('allow') };
}
