/**
 * Parameters in damo's kdamonds form. Every quantity is written so that damo's readers can take it
 * in one way only: times and counts with their unit, sizes and parts as plain digits of the field's
 * own unit.
 */
import { minRegionSizeFor } from '../defaults.ts';
import {
  type Attrs,
  type Bound,
  type BoundRange,
  type Filter,
  type Goal,
  isBlockAction,
  type Params,
  type Probe,
  type Quota,
  type Scheme,
  type Target,
} from '../types.ts';

type Plain =
  | string
  | number
  | boolean
  | null
  | readonly Plain[]
  | { readonly [key: string]: Plain };

/** Parameters in damo's form, and what did not fit into it. */
export interface DamoExport {
  /** To be written as JSON or YAML. */
  readonly kdamonds: readonly Plain[];
  /** What the form has no place for, as sentences; empty when all is carried. */
  readonly notes: readonly string[];
}

/** One kdamond with one context for each of `params`, in order. */
export function exportKdamonds(params: readonly Params[]): DamoExport {
  return {
    kdamonds: params.map((each) => ({ contexts: [exportContext(each)] })),
    notes: params.flatMap((each, index) =>
      notesOf(each).map((note) => (params.length === 1 ? note : `kdamonds[${index}]: ${note}`)),
    ),
  };
}

function notesOf(params: Params): string[] {
  const notes: string[] = [];
  const { operations, addrUnit, minRegionSize, probes, schemes } = params;
  const usual = minRegionSizeFor(operations, addrUnit);
  if (minRegionSize !== usual) {
    notes.push(`minRegionSize ${minRegionSize} is left out; damo goes by ${usual}.`);
  }
  for (const [index, { weight }] of probes.entries()) {
    if (weight !== 0) {
      notes.push(
        `probes[${index}].weight ${weight} is left out; the probe will count and not replace access checks.`,
      );
    }
  }
  for (const [index, { action, quota, maxNrSnapshots }] of schemes.entries()) {
    if (isBlockAction(action)) {
      notes.push(`schemes[${index}] is left out; ${action} is Thermocline's own action.`);
      continue;
    }
    if (quota.goals.some(({ direction }) => direction !== undefined)) {
      notes.push(
        `schemes[${index}] has a goal with direction falling, which is left out; it will be taken as rising.`,
      );
    }
    if (maxNrSnapshots !== 0) {
      notes.push(
        `schemes[${index}].maxNrSnapshots ${maxNrSnapshots} is left out; the scheme will not stop by itself.`,
      );
    }
  }
  return notes;
}

function exportContext(params: Params): Plain {
  const { attrs } = params;
  return {
    ops: params.operations,
    addr_unit: String(params.addrUnit),
    targets: params.targets.map(exportTarget),
    intervals: exportIntervals(attrs),
    nr_regions: { min: String(attrs.minNrRegions), max: String(attrs.maxNrRegions) },
    probes: params.probes.map(exportProbe),
    pause: params.paused,
    schemes: params.schemes.filter(({ action }) => !isBlockAction(action)).map(exportScheme),
  };
}

const microseconds = (us: number): string => `${us} us`;

const milliseconds = (ms: Bound): string => (ms === 'max' ? ms : `${ms} ms`);

const range = ({ min, max }: BoundRange, word = ''): Plain => ({
  min: `${min}${word}`,
  max: `${max}${word}`,
});

function exportIntervals(attrs: Attrs): Plain {
  const goal = attrs.intervalsGoal;
  return {
    sample_us: microseconds(attrs.sampleIntervalUs),
    aggr_us: microseconds(attrs.aggregationIntervalUs),
    ops_update_us: microseconds(attrs.operationsUpdateIntervalUs),
    intervals_goal: {
      access_bp: String(goal.accessBp),
      aggrs: String(goal.aggregations),
      min_sample_us: microseconds(goal.minSampleIntervalUs),
      max_sample_us: microseconds(goal.maxSampleIntervalUs),
    },
  };
}

function exportTarget(target: Target): Plain {
  return {
    pid: target.pid ?? null,
    obsolete: target.obsolete,
    regions: target.regions.map(({ start, end }) => ({ start: String(start), end: String(end) })),
  };
}

function exportProbe(probe: Probe): Plain {
  return {
    filters: probe.filters.map((filter) => ({
      filter_type: filter.type,
      matching: filter.matching,
      allow: filter.allow,
      path: filter.type === 'memcg' ? filter.memcgPath : '',
    })),
  };
}

function exportScheme(scheme: Scheme): Plain {
  const { pattern, watermarks } = scheme;
  return {
    action: scheme.action,
    target_nid: scheme.targetNid === -1 ? null : scheme.targetNid,
    dests: scheme.destinations.map(({ nid, weight }) => ({ id: nid, weight })),
    access_pattern: {
      sz_bytes: range(pattern.sizeBytes),
      nr_accesses: range(pattern.nrAccesses, ' samples'),
      age: range(pattern.age, ' aggr_intervals'),
    },
    apply_interval_us: microseconds(scheme.applyIntervalUs),
    quotas: exportQuota(scheme.quota),
    watermarks: {
      metric: watermarks.metric,
      interval_us: microseconds(watermarks.intervalUs),
      high_permil: String(watermarks.highPermil),
      mid_permil: String(watermarks.midPermil),
      low_permil: String(watermarks.lowPermil),
    },
    filters: scheme.filters.map(exportFilter),
  };
}

function exportQuota(quota: Quota): Plain {
  return {
    time_ms: milliseconds(quota.timeMs),
    sz_bytes: String(quota.sizeBytes),
    reset_interval_ms: milliseconds(quota.resetIntervalMs),
    weights: {
      sz_permil: String(quota.weights.sizePermil),
      nr_accesses_permil: String(quota.weights.nrAccessesPermil),
      age_permil: String(quota.weights.agePermil),
    },
    goals: quota.goals.map(exportGoal),
    goal_tuner: quota.goalTuner,
    fail_charge_num: String(quota.failChargeNumerator),
    fail_charge_denom: String(quota.failChargeDenominator),
  };
}

function exportGoal(goal: Goal): Plain {
  const { metric, targetValue, currentValue, nid, memcgPath } = goal;
  return {
    metric,
    target_value: metric === 'some_mem_psi_us' ? microseconds(targetValue) : String(targetValue),
    current_value: String(currentValue),
    ...(nid === undefined ? {} : { nid: String(nid) }),
    ...(memcgPath === undefined ? {} : { memcg_path: memcgPath }),
  };
}

/** A filter as damo writes it. */
export function exportFilter(filter: Filter): Plain {
  return {
    filter_type: filter.type,
    matching: filter.matching,
    allow: filter.allow,
    memcg_path: filter.type === 'memcg' ? filter.memcgPath : null,
    address_range:
      filter.type === 'addr'
        ? { start: String(filter.range.start), end: String(filter.range.end) }
        : null,
    damon_target_idx: filter.type === 'target' ? String(filter.targetIndex) : null,
    hugepage_size:
      filter.type === 'hugepage_size'
        ? [String(filter.sizeBytes.min), String(filter.sizeBytes.max)]
        : null,
  };
}
