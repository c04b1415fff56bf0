import { bandwidthBytesPerSecond, idleTimePercentilesMs } from '../../src/analysis/damon-stat.ts';
import { KernelRandom } from '../../src/base/random.ts';
import { attrsProblem } from '../../src/core/attrs.ts';
import { feedbackLoop } from '../../src/core/feedback-loop.ts';
import {
  accessEventsScore,
  intervalAdaptationBp,
  tuneIntervals,
} from '../../src/core/interval-tuning.ts';
import { lastWindowShareBp, movingSum, ticksIn } from '../../src/core/moving-sum.ts';
import { threeRegions } from '../../src/ops/three-regions.ts';
import type { Attrs } from '../../src/params/types.ts';
import { toJsonNumber } from './compare.ts';
import { contextOf } from './context-of.ts';
import type { RegionTuple } from './format.ts';
import type { UnitCheck } from './unit-checks.ts';
import { tableOf, tuplesOf } from './unit-regions.ts';

const asPairs = (ranges: readonly { start: number; end: number }[]) =>
  ranges.map(({ start, end }) => [start, end]);

const goalOf = ([accessBp, aggregations, minSampleIntervalUs, maxSampleIntervalUs]: [
  number,
  number,
  number,
  number,
]): Attrs['intervalsGoal'] => ({
  accessBp,
  aggregations,
  minSampleIntervalUs,
  maxSampleIntervalUs,
});

interface TuneSteps {
  sample: number;
  aggr: number;
  access_bp: number;
  min_sample: number;
  max_sample: number;
  steps: { in: RegionTuple[] }[];
}

function runTuneSteps({ sample, aggr, access_bp, min_sample, max_sample, steps }: TuneSteps) {
  const { context } = contextOf(
    [],
    {},
    {
      sampleIntervalUs: sample,
      aggregationIntervalUs: aggr,
      intervalsGoal: goalOf([access_bp, 1, min_sample, max_sample]),
    },
  );
  return steps.map((step) => {
    Object.assign(context.targets[0]!, { regions: tableOf(step.in) });
    context.nextAggregation = context.tick;
    const score = accessEventsScore(context);
    tuneIntervals(context);
    return {
      in: step.in,
      score_bp: toJsonNumber(score),
      adaptation_bp: intervalAdaptationBp(score),
      sample: context.attrs.sampleIntervalUs,
      aggr: context.attrs.aggregationIntervalUs,
      out: tuplesOf(context.targets[0]!.regions),
    };
  });
}

export const miscellaneousChecks: readonly UnitCheck[] = [
  {
    keys: ['idle_ms', 'bandwidth'],
    run: ({ aggr_us, regions }) => {
      const columns = tableOf(regions);
      const snapshot = {
        nrRegions: columns.nr,
        start: columns.start,
        end: columns.end,
        nrAccesses: columns.nrAccesses,
        age: columns.age,
        aggregationIntervalUs: aggr_us,
      };
      return {
        bandwidth: bandwidthBytesPerSecond(snapshot),
        idle_ms: idleTimePercentilesMs(snapshot),
      };
    },
  },
  {
    keys: ['last', 'score', 'out'],
    run: ({ last, score }) => ({ out: toJsonNumber(feedbackLoop(BigInt(last), BigInt(score))) }),
  },
  {
    keys: ['rand_sequence', 'u32'],
    run: ({ seed, u32, rand_sequence }) => {
      const { state } = new KernelRandom(BigInt(seed));
      const words = new KernelRandom(BigInt(seed));
      const ranges = new KernelRandom(BigInt(seed));
      return {
        state,
        u32: u32.map(() => words.next32()),
        rand_sequence: rand_sequence.map(([start, end]: [number, number]) => [
          start,
          end,
          ranges.between(start, end),
        ]),
      };
    },
  },
  {
    keys: ['passed', 'next_aggr', 'last_nr_accesses'],
    run: ({ sample, aggr, passed, next_aggr, nr_accesses, last_nr_accesses }) => {
      const shareBp = lastWindowShareBp(ticksIn(aggr, sample), passed, next_aggr);
      return { out: movingSum(nr_accesses, last_nr_accesses, shareBp) };
    },
  },
  {
    keys: ['old', 'new', 'next_aggr_out'],
    run: ({ old, new: fresh, ops_update, passed, next_aggr, apply_us, in: tuples }) => {
      const { context, scheme } = contextOf(
        tuples,
        { applyIntervalUs: apply_us },
        { sampleIntervalUs: old[0], aggregationIntervalUs: old[1] },
      );
      context.tick = passed;
      context.nextAggregation = next_aggr;
      const attrs: Attrs = {
        ...context.attrs,
        sampleIntervalUs: fresh[0],
        aggregationIntervalUs: fresh[1],
        operationsUpdateIntervalUs: ops_update,
      };
      const valid = attrsProblem(attrs) === null;
      if (valid) context.setAttrs(attrs);
      return {
        err: valid ? 0 : -22,
        out: tuplesOf(context.targets[0]!.regions),
        next_aggr_out: context.nextAggregation,
        next_ops_update: context.nextOperationsUpdate,
        next_apply: scheme.nextApply,
        aggr_samples: context.aggregationSamples,
      };
    },
  },
  {
    keys: ['goal', 'min', 'max', 'err'],
    run: ({ sample, aggr, min, max, goal }) => {
      const problem = attrsProblem({
        sampleIntervalUs: sample,
        aggregationIntervalUs: aggr,
        operationsUpdateIntervalUs: 60_000_000,
        intervalsGoal: goalOf(goal),
        minNrRegions: min,
        maxNrRegions: max,
      });
      return { err: problem === null ? 0 : -22 };
    },
  },
  {
    keys: ['vmas', 'err'],
    run: ({ vmas }) => {
      const ranges = vmas.map(([start, end]: [number, number]) => ({ start, end }));
      const regions = threeRegions(ranges, 4096);
      return regions === null ? { err: -22 } : { err: 0, regions: asPairs(regions) };
    },
  },
  { keys: ['access_bp', 'steps'], run: (unit: TuneSteps) => ({ steps: runTuneSteps(unit) }) },
];
