import { noMetrics } from '../../src/core/metrics.ts';
import { adjustQuota } from '../../src/core/schemes/adjust-quota.ts';
import { filterAtCursor, filterLayers } from '../../src/core/schemes/filters.ts';
import { type GoalSources, newGoalState, tuneByGoals } from '../../src/core/schemes/goals.ts';
import { effectiveSize, isQuotaFull, quotaCharge } from '../../src/core/schemes/quota.ts';
import { hotScore, MAX_SCORE } from '../../src/core/schemes/score.ts';
import { activeByWatermarks } from '../../src/core/schemes/watermarks.ts';
import type { Goal, GoalMetric, Quota } from '../../src/params/types.ts';
import { toJsonNumber } from './compare.ts';
import { contextOf } from './context-of.ts';
import type { VectorFilter } from './format.ts';
import { filterOf } from './scenario-params.ts';
import type { UnitCheck } from './unit-checks.ts';
import { tableOf } from './unit-regions.ts';

const METRICS: Readonly<Record<number, GoalMetric>> = {
  0: 'user_input',
  1: 'some_mem_psi_us',
  6: 'active_mem_bp',
};

const quotaOf = (parts: Partial<Quota>): Quota => ({
  timeMs: 0,
  sizeBytes: 0,
  resetIntervalMs: 0,
  weights: { sizePermil: 0, nrAccessesPermil: 0, agePermil: 0 },
  goals: [],
  goalTuner: 'consist',
  failChargeNumerator: 0,
  failChargeDenominator: 0,
  ...parts,
});

const weightsOf = ([sizePermil, nrAccessesPermil, agePermil]: [number, number, number]) => ({
  sizePermil,
  nrAccessesPermil,
  agePermil,
});

interface GoalSequence {
  tuner: 0 | 1;
  sz: number;
  metric: number;
  target: number;
  steps: { input: number }[];
}

function runGoalSequence({ tuner, sz, metric, target, steps }: GoalSequence) {
  let input = 0;
  const goal: Goal = { metric: METRICS[metric]!, targetValue: target, currentValue: 0, nid: 0 };
  const quota = quotaOf({
    sizeBytes: sz,
    goals: [goal],
    goalTuner: tuner === 1 ? 'temporal' : 'consist',
  });
  const sources: GoalSources = {
    metrics: {
      ...noMetrics,
      someMemoryPressureUs: () => input,
      activeMemory: () => input,
      inactiveMemory: () => 10_000 - input,
    },
    eligibleBytes: () => null,
  };
  const state = newGoalState(goal);
  let sizeBp = 0n;
  let size = 0n;
  return steps.map((step) => {
    input = step.input;
    if (goal.metric === 'user_input') state.currentValue = BigInt(input);
    sizeBp = tuneByGoals(quota, [state], sizeBp, size, sources);
    size = effectiveSize(quota, sizeBp / 10_000n, 0n, 0n, 4096);
    return {
      input,
      current: toJsonNumber(state.currentValue),
      esz_bp: toJsonNumber(sizeBp),
      esz: toJsonNumber(size),
    };
  });
}

function nodeShare(
  metric: GoalMetric,
  nid: number,
  memory: { total: number; free: number },
  nids: number[],
) {
  const goal: Goal = { metric, targetValue: 1, currentValue: 0, nid };
  const state = newGoalState(goal);
  const metrics = { ...noMetrics, nodeMemory: (n: number) => (nids.includes(n) ? memory : null) };
  tuneByGoals(quotaOf({ goals: [goal] }), [state], 0n, 0n, { metrics, eligibleBytes: () => null });
  return toJsonNumber(state.currentValue);
}

type UnitFilter = VectorFilter & { start: number; end: number; idx?: number };

export const schemeChecks: readonly UnitCheck[] = [
  {
    keys: ['charged', 'denom', 'full_4096'],
    run: ({ charged, sz, applied, num, denom, esz }) => {
      const after = charged + quotaCharge(sz, applied, num, denom);
      return { charged_out: after, full_4096: isQuotaFull(after, esz, 4096) ? 1 : 0 };
    },
  },
  {
    keys: ['total_charged_ns', 'min_region_sz'],
    run: ({ sz, ms, total_charged_sz, total_charged_ns, min_region_sz }) => {
      const quota = quotaOf({ sizeBytes: sz, timeMs: ms });
      const charged = BigInt(total_charged_sz);
      const size = effectiveSize(quota, null, charged, BigInt(total_charged_ns), min_region_sz);
      return { esz: toJsonNumber(size) };
    },
  },
  { keys: ['tuner', 'steps'], run: (unit: GoalSequence) => ({ steps: runGoalSequence(unit) }) },
  {
    keys: ['valid_nids', 'metric'],
    run: ({ metric, nid, valid_nids, total, free }) => ({
      out: nodeShare(metric, nid, { total, free }, valid_nids),
    }),
  },
  {
    keys: ['hot', 'cold'],
    run: ({ sample, aggr, nr_accesses, age, w }) => {
      const maxNrAccesses = Math.max(1, Math.floor(aggr / (sample || 1)));
      const hot = hotScore(nr_accesses, age, maxNrAccesses, aggr, weightsOf(w));
      return { hot, cold: MAX_SCORE - hot };
    },
  },
  {
    keys: ['histogram', 'min_score'],
    run: ({ kind, sz, w, min_nr_accesses, regions }) => {
      const { context, scheme } = contextOf(regions, {
        action: kind === 'hot' ? 'migrate_hot' : 'pageout',
        pattern: {
          sizeBytes: { min: 4096, max: 'max' },
          nrAccesses: { min: min_nr_accesses, max: 20 },
          age: { min: 0, max: 'max' },
        },
        quota: quotaOf({ sizeBytes: sz, resetIntervalMs: 'max', weights: weightsOf(w) }),
      });
      adjustQuota(context, scheme, context.lastWindowShareBp());
      const { histogram, minScore, exactEffectiveSize } = scheme.quota;
      const filled = [...histogram.entries()].filter(([, size]) => size > 0);
      return {
        esz: toJsonNumber(exactEffectiveSize),
        histogram: Object.fromEntries(filled),
        min_score: minScore,
      };
    },
  },
  {
    keys: ['walk', 'region', 'filters'],
    run: ({ filters, min_region_sz, target_idx, region }) => {
      const layers = filterLayers(
        filters.map((filter: UnitFilter) =>
          filterOf({
            ...filter,
            args: filter.idx === undefined ? [filter.start, filter.end] : [filter.idx],
          }),
        ),
      );
      const regions = tableOf([[region[0], region[1], 0, 0, 0]]);
      const walk: number[][] = [];
      regions.beginWalk();
      for (; regions.walking(); regions.advance()) {
        const verdict = filterAtCursor(layers, regions, target_idx, min_region_sz);
        walk.push([
          regions.start[regions.cursor]!,
          regions.end[regions.cursor]!,
          verdict === 'rejected' ? 1 : 0,
          verdict === 'allowed' ? 1 : 0,
        ]);
      }
      return {
        walk,
        core_default_reject: layers.coreRejectsUnmatched ? 1 : 0,
        ops_default_reject: layers.operationsRejectUnmatched ? 1 : 0,
      };
    },
  },
  {
    keys: ['high', 'mid', 'low', 'steps'],
    run: ({ metric, interval, high, mid, low, steps }) => {
      const marks = {
        metric,
        intervalUs: interval,
        highPermil: high,
        midPermil: mid,
        lowPermil: low,
      };
      let active = true;
      return {
        steps: steps.map(([value]: [number]) => {
          if (metric !== 'none') active = activeByWatermarks(marks, value, active);
          return [value, active ? 1 : 0, active || metric === 'none' ? 0 : interval];
        }),
      };
    },
  },
];
