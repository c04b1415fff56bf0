/**
 * The schemes whose results were published, as the developers of DAMON wrote them (`mem_tier.sh`,
 * the sample module `mtier`): not ours. The simulator is calibrated with them.
 */
import type { Scenario } from '../../src/host/sim/index.ts';
import {
  AUTO_INTERVALS_GOAL,
  DEFAULT_ATTRS,
  DEFAULT_SCHEME,
  NO_QUOTA,
} from '../../src/params/defaults.ts';
import type { Goal, Params, Scheme } from '../../src/params/types.ts';

const BYTES_PER_SECOND = 200 * 2 ** 20;
const FREE_BP = 50;
const USED_BP = 9970;
/** "5 % or more" of 20 samples. */
const HOT_SAMPLES = 1;

/** One context for each of the first two nodes: cold pages of node 0 down, hot ones of 1 up. */
export function publishedSchemes({ nodes }: Scenario): Params[] {
  const [fast, slow] = nodes;
  const middle = fast!.sizeBytes;
  const end = middle + slow!.sizeBytes;
  const free: Goal = { ...goalOf('node_mem_free_bp'), targetValue: FREE_BP };
  const used: Goal = { ...goalOf('node_mem_used_bp'), targetValue: USED_BP };
  return [
    contextOf(0, middle, schemeOf('migrate_cold', 1, 0, free)),
    contextOf(middle, end, schemeOf('migrate_hot', 0, HOT_SAMPLES, used)),
  ];
}

function goalOf(metric: Goal['metric']): Goal {
  return { metric, nid: 0, targetValue: 0, currentValue: 0 };
}

function schemeOf(
  action: 'migrate_cold' | 'migrate_hot',
  targetNid: number,
  minAccesses: number,
  goal: Goal,
): Scheme {
  return {
    ...DEFAULT_SCHEME,
    action,
    targetNid,
    pattern: {
      ...DEFAULT_SCHEME.pattern,
      nrAccesses: { min: minAccesses, max: minAccesses === 0 ? 0 : 'max' },
    },
    applyIntervalUs: 1_000_000,
    quota: {
      ...NO_QUOTA,
      sizeBytes: BYTES_PER_SECOND,
      weights: { sizePermil: 0, nrAccessesPermil: 100, agePermil: 100 },
      // The tuner of the published runs, "consist", begins with one byte.
      goalTuner: 'temporal',
      goals: [goal],
    },
    filters: [{ type: 'young', matching: action === 'migrate_cold', allow: false }],
  };
}

function contextOf(start: number, end: number, scheme: Scheme): Params {
  return {
    operations: 'paddr',
    addrUnit: 1,
    minRegionSize: 4096,
    attrs: { ...DEFAULT_ATTRS, intervalsGoal: AUTO_INTERVALS_GOAL },
    targets: [{ regions: [{ start, end }], obsolete: false }],
    probes: [],
    schemes: [scheme],
    paused: false,
  };
}
