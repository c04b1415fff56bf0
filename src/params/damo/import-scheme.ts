import { UINT_MAX } from '../../base/arithmetic.ts';
import { NO_QUOTA } from '../defaults.ts';
import { withoutNoise } from '../quantities.ts';
import {
  type Attrs,
  type Bound,
  type BoundRange,
  type Filter,
  GOAL_METRICS,
  GOAL_TUNERS,
  type Goal,
  KERNEL_ACTIONS,
  type Quota,
  type Scheme,
  WATERMARK_METRICS,
  type Watermarks,
} from '../types.ts';
import type { Field } from './field.ts';
import { parseCounted, parseShare, parseTime } from './number-texts.ts';

/** Reads one of damo's schemes; shares and times become counts by the context's intervals. */
export function importScheme(scheme: Field, attrs: Attrs): Scheme {
  scheme.only(
    'action',
    'target_nid',
    'dests',
    'access_pattern',
    'apply_interval_us',
    'quotas',
    'watermarks',
    'filters',
    // Read-back values that a status dump has.
    'stats',
    'tried_regions',
    'tried_bytes',
  );
  const nid = scheme.at('target_nid');
  const pattern = scheme.at('access_pattern');
  if (!pattern.missing) pattern.only('sz_bytes', 'nr_accesses', 'age');
  const samples = attrs.aggregationIntervalUs / Math.max(attrs.sampleIntervalUs, 1);
  return {
    action: scheme.at('action').word(KERNEL_ACTIONS, 'stat'),
    pattern: {
      sizeBytes: importRange(pattern.at('sz_bytes'), (end, fallback) => end.sizeBound(fallback)),
      nrAccesses: importRange(pattern.at('nr_accesses'), (end, fallback) =>
        importNrAccesses(end, fallback, samples),
      ),
      age: importRange(pattern.at('age'), (end, fallback) =>
        importAge(end, fallback, attrs.aggregationIntervalUs),
      ),
    },
    applyIntervalUs: scheme.at('apply_interval_us').time('us', 0),
    quota: importQuota(scheme.at('quotas')),
    watermarks: importWatermarks(scheme.at('watermarks')),
    filters: scheme.at('filters').items().map(importFilter),
    targetNid: nid.missing || nid.value === -1 ? -1 : nid.count(),
    destinations: scheme
      .at('dests')
      .items()
      .map((dest) => {
        dest.only('id', 'weight');
        return { nid: dest.at('id').count(), weight: dest.at('weight').count() };
      }),
    maxNrSnapshots: 0,
  };
}

function importRange(range: Field, read: (end: Field, fallback: Bound) => Bound): BoundRange {
  if (!range.missing) range.only('min', 'max');
  return { min: read(range.at('min'), 0), max: read(range.at('max'), 'max') };
}

/** As damo counts: truncated. The kernel's counters have 32 bits, so beyond is no bound at all. */
function counted(value: number): Bound {
  return value > UINT_MAX ? 'max' : Math.trunc(withoutNoise(value));
}

function importNrAccesses(end: Field, fallback: Bound, samples: number): Bound {
  if (end.missing) return fallback;
  const inSamples = parseCounted(end.value, 'samples');
  const bound = inSamples ?? parseShare(end.value, 100);
  if (bound === undefined || (bound !== 'max' && bound < 0)) end.fail('"50 %" or "5 samples"');
  if (bound === 'max') return bound;
  return counted(inSamples === undefined ? (bound * samples) / 100 : bound);
}

function importAge(end: Field, fallback: Bound, intervalUs: number): Bound {
  if (end.missing) return fallback;
  const inIntervals = parseCounted(end.value, 'aggr_intervals');
  const bound = inIntervals ?? parseTime(end.value, 'us');
  if (bound === undefined || (bound !== 'max' && bound < 0)) {
    end.fail('a time like "10 s", or "10 aggr_intervals"');
  }
  if (bound === 'max') return bound;
  return counted(inIntervals === undefined ? bound / Math.max(intervalUs, 1) : bound);
}

function importQuota(quotas: Field): Quota {
  // damo's own default window has no end; it only counts together with a limit.
  if (quotas.missing) return { ...NO_QUOTA, resetIntervalMs: 'max' };
  quotas.only(
    'time_ms',
    'sz_bytes',
    'reset_interval_ms',
    'weights',
    'goals',
    'goal_tuner',
    'fail_charge_num',
    'fail_charge_denom',
    'effective_sz_bytes',
  );
  const weights = quotas.at('weights');
  if (!weights.missing) weights.only('sz_permil', 'nr_accesses_permil', 'age_permil');
  return {
    timeMs: quotas.at('time_ms').time('ms', 0),
    sizeBytes: quotas.at('sz_bytes').sizeBound(0),
    resetIntervalMs: quotas.at('reset_interval_ms').timeBound('ms', 'max'),
    weights: {
      sizePermil: weights.at('sz_permil').share(1_000, 0),
      nrAccessesPermil: weights.at('nr_accesses_permil').share(1_000, 0),
      agePermil: weights.at('age_permil').share(1_000, 0),
    },
    goals: quotas.at('goals').items().map(importGoal),
    goalTuner: quotas.at('goal_tuner').word(GOAL_TUNERS, 'consist'),
    failChargeNumerator: quotas.at('fail_charge_num').count(0),
    failChargeDenominator: quotas.at('fail_charge_denom').count(0),
  };
}

function importGoal(goal: Field): Goal {
  goal.only('metric', 'target_value', 'current_value', 'nid', 'memcg_path');
  const metric = goal.at('metric').word(GOAL_METRICS);
  const target = goal.at('target_value');
  const nid = goal.at('nid');
  const memcgPath = goal.at('memcg_path');
  let targetValue: number;
  if (metric === 'some_mem_psi_us') targetValue = target.time('us');
  else if (metric.endsWith('_bp')) targetValue = target.share(10_000);
  else targetValue = target.count();
  return {
    metric,
    targetValue,
    currentValue: goal.at('current_value').count(0),
    ...(nid.missing ? {} : { nid: nid.count() }),
    ...(memcgPath.missing || memcgPath.value === '' ? {} : { memcgPath: memcgPath.text() }),
  };
}

function importWatermarks(watermarks: Field): Watermarks {
  if (!watermarks.missing) {
    watermarks.only('metric', 'interval_us', 'high_permil', 'mid_permil', 'low_permil');
  }
  return {
    metric: watermarks.at('metric').word(WATERMARK_METRICS, 'none'),
    intervalUs: watermarks.at('interval_us').time('us', 0),
    highPermil: watermarks.at('high_permil').share(1_000, 0),
    midPermil: watermarks.at('mid_permil').share(1_000, 0),
    lowPermil: watermarks.at('low_permil').share(1_000, 0),
  };
}

const FILTER_TYPES = [
  'anon',
  'active',
  'memcg',
  'young',
  'hugepage_size',
  'unmapped',
  'addr',
  'target',
] as const;

function importFilter(filter: Field): Filter {
  filter.only(
    'filter_type',
    'matching',
    'allow',
    'filter_pass',
    'memcg_path',
    'address_range',
    'damon_target_idx',
    'hugepage_size',
  );
  const type = filter.at('filter_type').word(FILTER_TYPES);
  const allow = filter.at('allow');
  const common = {
    matching: filter.at('matching').flag(),
    // The older name of the same.
    allow: (allow.missing ? filter.at('filter_pass') : allow).flag(false),
  };
  switch (type) {
    case 'memcg':
      return { type, ...common, memcgPath: filter.at('memcg_path').text() };
    case 'hugepage_size':
      return { type, ...common, sizeBytes: importHugepageSize(filter.at('hugepage_size')) };
    case 'addr': {
      const range = filter.at('address_range').only('start', 'end');
      return {
        type,
        ...common,
        range: { start: range.at('start').size(), end: range.at('end').size() },
      };
    }
    case 'target':
      return { type, ...common, targetIndex: filter.at('damon_target_idx').count() };
    default:
      return { type, ...common };
  }
}

function importHugepageSize(sizes: Field): BoundRange {
  const [min, max, more] = sizes.items();
  if (min === undefined || max === undefined || more !== undefined) {
    sizes.fail('a list of the smallest and the largest size');
  }
  return { min: min.sizeBound(0), max: max.sizeBound('max') };
}
