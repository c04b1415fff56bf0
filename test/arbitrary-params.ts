/** Any parameters, for properties. */
import * as fc from 'fast-check';
import { minRegionSizeFor } from '../src/params/defaults.ts';
import {
  type Attrs,
  type Bound,
  type BoundRange,
  type Filter,
  GOAL_METRICS,
  GOAL_TUNERS,
  type Goal,
  KERNEL_ACTIONS,
  type OperationsId,
  type Params,
  type Quota,
  type Scheme,
  type Target,
} from '../src/params/types.ts';

const U32 = 0xffffffff;
const count = fc.oneof(fc.nat(100), fc.nat(U32));
const wide = fc.oneof(fc.nat(10_000), fc.maxSafeNat());
const memcgPath = fc.constantFrom('/system.slice', '/a b', 'no', '1.5', 'it\'s: "x"');

function boundRange(limit: number): fc.Arbitrary<BoundRange> {
  const bound: fc.Arbitrary<Bound> = fc.oneof(fc.nat(limit), fc.constant('max' as const));
  return fc.tuple(bound, bound).map(([a, b]) => {
    if (a === 'max' || b === 'max') return { min: a === 'max' ? 0 : a, max: 'max' };
    return { min: Math.min(a, b), max: Math.max(a, b) };
  });
}

const attrs: fc.Arbitrary<Attrs> = fc
  .record({
    sampleIntervalUs: fc.integer({ min: 1, max: 1_000_000 }),
    samples: fc.integer({ min: 1, max: 255 }),
    operationsUpdateIntervalUs: wide,
    tuned: fc.boolean(),
    aggregations: fc.integer({ min: 1, max: 100 }),
    accessBp: fc.nat(10_000),
    minNrRegions: fc.integer({ min: 3, max: 500 }),
    maxNrRegions: fc.integer({ min: 500, max: 1_000_000 }),
  })
  .map(({ samples, tuned, aggregations, accessBp, sampleIntervalUs, ...rest }) => ({
    ...rest,
    sampleIntervalUs,
    aggregationIntervalUs: sampleIntervalUs * samples,
    intervalsGoal: {
      accessBp,
      aggregations: tuned ? aggregations : 0,
      minSampleIntervalUs: sampleIntervalUs,
      maxSampleIntervalUs: sampleIntervalUs * 7,
    },
  }));

const judgement = { matching: fc.boolean(), allow: fc.boolean() };
const filter: fc.Arbitrary<Filter> = fc.oneof(
  fc.record({ type: fc.constantFrom('anon', 'active', 'young', 'unmapped'), ...judgement }),
  fc.record({ type: fc.constant('memcg' as const), ...judgement, memcgPath }),
  fc.record({
    type: fc.constant('hugepage_size' as const),
    ...judgement,
    sizeBytes: boundRange(2 ** 40),
  }),
  fc.record({
    type: fc.constant('addr' as const),
    ...judgement,
    range: fc.tuple(wide, wide).map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) })),
  }),
  fc.record({
    type: fc.constant('target' as const),
    ...judgement,
    targetIndex: fc.nat(0x7fffffff),
  }),
);

function goal(operations: OperationsId): fc.Arbitrary<Goal> {
  const metrics = GOAL_METRICS.filter((m) => operations === 'paddr' || !m.includes('eligible'));
  return fc
    .record({
      metric: fc.constantFrom(...metrics),
      targetValue: fc.integer({ min: 1, max: 10_000 }),
      currentValue: wide,
      nid: fc.nat(8),
      memcgPath,
    })
    .map(({ nid, memcgPath: path, ...rest }) => ({
      ...rest,
      ...(rest.metric.startsWith('node_') ? { nid } : {}),
      ...(rest.metric.startsWith('node_memcg') ? { memcgPath: path } : {}),
    }));
}

function quota(operations: OperationsId): fc.Arbitrary<Quota> {
  const bound: fc.Arbitrary<Bound> = fc.oneof(wide, fc.constant('max' as const));
  return fc.record({
    timeMs: wide,
    sizeBytes: bound,
    resetIntervalMs: bound,
    weights: fc.record({ sizePermil: count, nrAccessesPermil: count, agePermil: count }),
    goals: fc.array(goal(operations), { maxLength: 3 }),
    goalTuner: fc.constantFrom(...GOAL_TUNERS),
    failChargeNumerator: count,
    failChargeDenominator: count,
  });
}

function scheme(operations: OperationsId, samples: number): fc.Arbitrary<Scheme> {
  return fc.record({
    action: fc.constantFrom(...KERNEL_ACTIONS),
    pattern: fc.record({
      sizeBytes: boundRange(2 ** 50),
      nrAccesses: boundRange(samples),
      age: boundRange(U32),
    }),
    applyIntervalUs: wide,
    quota: quota(operations),
    watermarks: fc.record({
      metric: fc.constantFrom('none', 'free_mem_rate'),
      intervalUs: wide,
      highPermil: fc.integer({ min: 600, max: 1000 }),
      midPermil: fc.integer({ min: 300, max: 600 }),
      lowPermil: fc.integer({ min: 0, max: 300 }),
    }),
    filters: fc.array(filter, { maxLength: 4 }),
    targetNid: fc.nat(7),
    destinations: fc.array(fc.record({ nid: fc.nat(7), weight: count }), { maxLength: 3 }),
    maxNrSnapshots: fc.constant(0),
  });
}

function target(operations: OperationsId): fc.Arbitrary<Target> {
  const regions = fc.array(fc.integer({ min: 1, max: 2 ** 20 }), { maxLength: 4 }).map((steps) => {
    let end = 0;
    return steps.map((step) => {
      const start = end + step * 4096;
      end = start + step * 4096;
      return { start, end };
    });
  });
  return fc
    .record({ pid: fc.integer({ min: 1, max: 4_194_304 }), regions, obsolete: fc.boolean() })
    .map(({ pid, ...rest }) => (operations === 'paddr' ? rest : { pid, ...rest }));
}

/** Parameters that damo's form can carry whole. */
export const arbitraryParams: fc.Arbitrary<Params> = fc
  .tuple(fc.constantFrom('vaddr', 'fvaddr', 'paddr'), fc.constantFrom(1, 2, 4096), attrs)
  .chain(([operations, unit, attributes]) => {
    const addrUnit = operations === 'paddr' ? unit : 1;
    const samples = Math.floor(attributes.aggregationIntervalUs / attributes.sampleIntervalUs);
    return fc.record({
      operations: fc.constant(operations),
      addrUnit: fc.constant(addrUnit),
      minRegionSize: fc.constant(minRegionSizeFor(operations, addrUnit)),
      attrs: fc.constant(attributes),
      targets: fc.array(target(operations), { maxLength: operations === 'paddr' ? 1 : 3 }),
      probes: fc.array(
        fc.record({
          weight: fc.constant(0),
          filters: fc.array(
            fc.oneof(
              fc.record({ type: fc.constant('anon' as const), ...judgement }),
              fc.record({ type: fc.constant('memcg' as const), ...judgement, memcgPath }),
            ),
            { maxLength: 2 },
          ),
        }),
        { maxLength: 4 },
      ),
      schemes: fc.array(scheme(operations, samples), { maxLength: 3 }),
      paused: fc.boolean(),
    });
  });
