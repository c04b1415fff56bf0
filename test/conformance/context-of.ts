import { VirtualClock } from '../../src/base/clock.ts';
import { Context } from '../../src/core/context.ts';
import { noMetrics } from '../../src/core/metrics.ts';
import type { Operations } from '../../src/core/operations.ts';
import { RunningScheme } from '../../src/core/schemes/running-scheme.ts';
import type { Action, Attrs, Scheme } from '../../src/params/types.ts';
import type { RegionTuple } from './format.ts';
import { tableOf } from './unit-regions.ts';
import { VectorRandom } from './vector-random.ts';

const ATTRS: Attrs = {
  sampleIntervalUs: 5_000,
  aggregationIntervalUs: 100_000,
  operationsUpdateIntervalUs: 60_000_000,
  intervalsGoal: {
    accessBp: 0,
    aggregations: 0,
    minSampleIntervalUs: 0,
    maxSampleIntervalUs: 0,
  },
  minNrRegions: 10,
  maxNrRegions: 1000,
};

const operations: Operations = {
  id: 'paddr',
  capabilities: () => [],
  priority: (action: Action) => (action === 'migrate_hot' ? 'hot' : 'cold'),
};

const UNLIMITED = { min: 0, max: 'max' } as const;

const DEFAULT_SCHEME: Scheme = {
  action: 'stat',
  pattern: { sizeBytes: UNLIMITED, nrAccesses: UNLIMITED, age: UNLIMITED },
  applyIntervalUs: 0,
  quota: {
    timeMs: 0,
    sizeBytes: 0,
    resetIntervalMs: 0,
    weights: { sizePermil: 0, nrAccessesPermil: 0, agePermil: 0 },
    goals: [],
    goalTuner: 'consist',
    failChargeNumerator: 0,
    failChargeDenominator: 0,
  },
  watermarks: { metric: 'none', intervalUs: 0, highPermil: 0, midPermil: 0, lowPermil: 0 },
  filters: [],
  targetNid: -1,
  destinations: [],
  maxNrSnapshots: 0,
};

/** A context at the end of its first window, with one target and one scheme. */
export function contextOf(
  tuples: readonly RegionTuple[],
  scheme: Partial<Scheme> = {},
  attrs: Partial<Attrs> = {},
): { context: Context; scheme: RunningScheme } {
  const context = new Context(
    {
      operations: 'paddr',
      addrUnit: 1,
      minRegionSize: 4096,
      attrs: { ...ATTRS, ...attrs },
      targets: [{ regions: [], obsolete: false }],
      probes: [],
      schemes: [],
      paused: false,
    },
    {
      operations,
      clock: new VirtualClock(),
      random: new VectorRandom(1),
      metrics: noMetrics,
    },
    {},
  );
  Object.assign(context.targets[0]!, { regions: tableOf(tuples) });
  const running = new RunningScheme({ ...DEFAULT_SCHEME, ...scheme });
  context.schemes.push(running);
  return { context, scheme: running };
}
