import type {
  Action,
  Bound,
  BoundRange,
  Filter,
  GoalMetric,
  Params,
  Probe,
  Scheme,
} from '../../src/params/types.ts';
import type { VectorContext, VectorFilter, VectorNumber, VectorScheme } from './format.ts';

/** Cgroups have no paths in vectors; their ids serve as such. */
const memcgPathOf = (id: number): string => `/${id}`;
export const memcgIdOf = (path: string): number => Number(path.slice(1));

function bound(value: VectorNumber): Bound {
  return value === 'max' || value === 'umax' || value === '18446744073709551615'
    ? 'max'
    : Number(value);
}

const range = ([min, max]: [VectorNumber, VectorNumber]): BoundRange => ({
  min: bound(min),
  max: bound(max),
});

export function filterOf(vector: VectorFilter): Filter {
  const base = { matching: vector.matching === 1, allow: vector.allow === 1 };
  const [first = 0, second = 0] = vector.args;
  switch (vector.type) {
    case 'addr':
      return { ...base, type: 'addr', range: { start: first, end: second } };
    case 'target':
      return { ...base, type: 'target', targetIndex: first };
    case 'memcg':
      return { ...base, type: 'memcg', memcgPath: memcgPathOf(first) };
    case 'hugepage_size':
      return { ...base, type: 'hugepage_size', sizeBytes: { min: first, max: second } };
    default:
      return { ...base, type: vector.type as 'anon' | 'active' | 'young' | 'unmapped' };
  }
}

function schemeOf(vector: VectorScheme): Scheme {
  const { quota } = vector;
  const [metric, intervalUs, highPermil, midPermil, lowPermil] = vector.wmark ?? [0, 0, 0, 0, 0];
  return {
    action: vector.action as Action,
    pattern: {
      sizeBytes: range(vector.pattern.sz),
      nrAccesses: range(vector.pattern.nr),
      age: range(vector.pattern.age),
    },
    applyIntervalUs: vector.apply_us,
    quota: {
      timeMs: quota.ms,
      sizeBytes: bound(quota.sz),
      resetIntervalMs: bound(quota.reset_ms),
      weights: {
        sizePermil: quota.w[0],
        nrAccessesPermil: quota.w[1],
        agePermil: quota.w[2],
      },
      goals: (vector.goals ?? []).map((goal) => ({
        metric: goal.metric as GoalMetric,
        targetValue: goal.target,
        currentValue: goal.current,
        nid: goal.nid ?? 0,
        memcgPath: memcgPathOf(goal.memcg_id ?? 0),
      })),
      goalTuner: quota.tuner === 1 ? 'temporal' : 'consist',
      failChargeNumerator: quota.fail[0],
      failChargeDenominator: quota.fail[1],
    },
    watermarks: {
      metric: metric === 1 ? 'free_mem_rate' : 'none',
      intervalUs,
      highPermil,
      midPermil,
      lowPermil,
    },
    filters: (vector.filters ?? []).map(filterOf),
    targetNid: -1,
    destinations: [],
    maxNrSnapshots: vector.maxsnap ?? 0,
  };
}

function probesOf(vector: VectorContext): Probe[] {
  return (vector.probes ?? []).map(({ weight, filters }) => ({
    weight,
    filters: filters.map(([type, matching, allow, memcgId = 0]) => {
      const base = { matching: matching === 1, allow: allow === 1 };
      return type === 'anon'
        ? { ...base, type: 'anon' }
        : { ...base, type: 'memcg', memcgPath: memcgPathOf(memcgId) };
    }),
  }));
}

/** Parameters of a scenario, or of a commit in it, whose unnamed values are the scenario's. */
export function paramsOf(
  vector: VectorContext,
  defaults: { min_region_sz: number; addr_unit: number },
): Params {
  const { attrs } = vector;
  const [accessBp, aggregations, minSampleIntervalUs, maxSampleIntervalUs] = vector.goal ?? [
    0, 0, 0, 0,
  ];
  return {
    operations: 'paddr',
    addrUnit: vector.addr_unit ?? defaults.addr_unit,
    minRegionSize: vector.min_region_sz ?? defaults.min_region_sz,
    attrs: {
      sampleIntervalUs: attrs.sample,
      aggregationIntervalUs: attrs.aggr,
      operationsUpdateIntervalUs: attrs.update,
      intervalsGoal: { accessBp, aggregations, minSampleIntervalUs, maxSampleIntervalUs },
      minNrRegions: attrs.min,
      maxNrRegions: attrs.max,
    },
    targets: vector.targets.map(({ regions, obsolete }) => ({
      regions: regions.map(([start, end]) => ({ start, end })),
      obsolete: obsolete === 1,
    })),
    probes: probesOf(vector),
    schemes: vector.schemes.map(schemeOf),
    paused: false,
  };
}
