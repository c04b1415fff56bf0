import { describe, expect, test } from 'vitest';
import { parseParams } from './parse.ts';

type Tree = Record<string, unknown>;

/** The sentence with which the parameters are refused. */
function refusal(tree: Tree): string {
  try {
    parseParams(tree, 'f');
  } catch (error) {
    return (error as Error).message.replace(/^f: /, '');
  }
  return 'it was taken';
}

const withScheme = (scheme: Tree, rest: Tree = {}) =>
  refusal({ ...rest, schemes: [{ action: 'stat', ...scheme }] });
const withGoal = (goal: Tree, rest: Tree = {}) =>
  withScheme({ quota: { goals: [{ targetValue: 5_000, ...goal }] } }, rest);

describe('attributes that contradict each other are refused', () => {
  test.each<[Tree, string]>([
    [{ sampleIntervalUs: 0 }, 'attrs.sampleIntervalUs is 0; write 1 or more microseconds.'],
    [
      { sampleIntervalUs: '200ms' },
      'attrs.sampleIntervalUs is 200000, more than attrs.aggregationIntervalUs, which is 100000; ' +
        'an aggregation interval has to hold one sample at least.',
    ],
    [{ minNrRegions: 2 }, 'attrs.minNrRegions is 2; write 3 or more.'],
    [{ maxNrRegions: 2, minNrRegions: 'auto' }, 'attrs.maxNrRegions is 2; write 3 or more.'],
    [{ maxNrRegions: 1_000_001 }, 'attrs.maxNrRegions is 1000001; write 1000000 or less.'],
    [
      { minNrRegions: 1_001 },
      'attrs.minNrRegions is 1001, more than attrs.maxNrRegions, which is 1000; ' +
        'lower the one or raise the other.',
    ],
    [
      { intervalsGoal: { minSampleIntervalUs: '20s' } },
      'attrs.intervalsGoal.minSampleIntervalUs is 20000000, more than ' +
        'attrs.intervalsGoal.maxSampleIntervalUs, which is 10000000; swap them.',
    ],
    [
      { intervalsGoal: { minSampleIntervalUs: '10ms' } },
      "attrs.sampleIntervalUs is 5000, outside the goal's range from 10000 to 10000000; " +
        'start with an interval in it.',
    ],
    [
      { intervalsGoal: { minSampleIntervalUs: 0 } },
      'attrs.intervalsGoal.minSampleIntervalUs is 0; write 1 or more microseconds.',
    ],
    [
      { intervalsGoal: { accessBp: 10_001 } },
      'attrs.intervalsGoal.accessBp is 10001, more than 100 %; write 400 for 4 %.',
    ],
  ])('%j', (attrs, sentence) => {
    expect(refusal({ attrs })).toBe(sentence);
  });

  test('but a goal that is off may hold anything', () => {
    const intervalsGoal = { aggregations: 0, minSampleIntervalUs: '20s', accessBp: 20_000 };
    expect(refusal({ attrs: { intervalsGoal } })).toBe('it was taken');
  });
});

describe('address spaces and targets that do not fit are refused', () => {
  const region = (start: number, end: number) => ({ start, end });

  test.each<[Tree, string]>([
    [{ addrUnit: 16 }, 'addrUnit is 16, but only paddr has units other than 1; write 1.'],
    [{ operations: 'paddr', addrUnit: 0 }, 'addrUnit is 0; write 1 or more bytes.'],
    [
      { operations: 'paddr', addrUnit: 3 },
      'addrUnit is 3, which is not a power of two; write one.',
    ],
    [{ minRegionSize: 5_000 }, 'minRegionSize is 5000, which is not a power of two; write one.'],
    [
      { operations: 'paddr', targets: [{}, {}] },
      'targets has 2 targets, but paddr watches one, the physical memory; ' +
        'put all ranges into the regions of one target.',
    ],
    [
      { operations: 'paddr', targets: [{ pid: 7 }] },
      'targets[0].pid is 7, but paddr watches physical memory; leave it out.',
    ],
    [
      { targets: [{}] },
      'targets[0].pid is missing; write the process to watch, or the regions of a simulated one, ' +
        'or paddr to watch physical memory.',
    ],
    [
      { targets: [{ pid: 7, regions: [region(8_192, 8_192)] }] },
      'targets[0].regions[0] goes from 8192 to 8192; the end has to be above the start.',
    ],
    [
      { targets: [{ pid: 7, regions: [region(0, 4_097), region(8_000, 16_384)] }] },
      'targets[0].regions[1] goes from 8000 to 16384, into the region in front of it, which ends ' +
        'at 8192 after rounding to 4096; write regions in order and apart.',
    ],
    [
      { targets: [{ pid: 7, regions: [region(0, Number.MAX_SAFE_INTEGER)] }] },
      'targets[0].regions[0] goes from 0 to 9007199254740991, which reaches past 2^53 bytes; ' +
        'write an end below.',
    ],
  ])('%j', (tree, sentence) => {
    expect(refusal(tree)).toBe(sentence);
  });

  test('but a simulated process needs no pid', () => {
    expect(refusal({ targets: [{ regions: [region(0, 4_096)] }] })).toBe('it was taken');
  });
});

describe('probes that the counters can not hold are refused', () => {
  const probe = (weight: number) => ({ weight });

  test('more than four', () => {
    expect(refusal({ probes: [0, 0, 0, 0, 0].map(probe) })).toBe(
      'probes has 5 probes; keep 4 at most.',
    );
  });

  test('weights with more samples than eight bits count', () => {
    const attrs = { sampleIntervalUs: 1_000, aggregationIntervalUs: 256_000 };
    expect(refusal({ attrs, probes: [probe(1)] })).toBe(
      'probes have weights, which allow 255 samples in an aggregation interval, but there are 256; ' +
        'lengthen attrs.sampleIntervalUs or shorten attrs.aggregationIntervalUs.',
    );
    expect(refusal({ attrs, probes: [probe(0)] })).toBe('it was taken');
  });

  test('weights whose sum overflows', () => {
    expect(refusal({ probes: [probe(214_748_364)] })).toBe('it was taken');
    expect(refusal({ probes: [probe(214_748_364), probe(1)] })).toBe(
      'probes have weights of 214748365 together, which overflows 32 bits with 20 samples; ' +
        'only their ratio counts, so divide them.',
    );
  });
});

describe('schemes that could never work are refused', () => {
  test.each<[Tree, string]>([
    [
      { pattern: { sizeBytes: { min: '2M', max: '1M' } } },
      'schemes[0].pattern.sizeBytes goes from 2097152 to 1048576, so nothing can match; swap them.',
    ],
    [
      { pattern: { nrAccesses: { min: 21 } } },
      'schemes[0].pattern.nrAccesses.min is 21, but an aggregation interval has 20 samples, ' +
        'so nothing can match; write 20 or less.',
    ],
    [
      { pattern: { age: { max: 4_294_967_296 } } },
      'schemes[0].pattern.age.max is 4294967296, more than 4294967295; write "max" for no bound.',
    ],
    [
      { watermarks: { metric: 'free_mem_rate', highPermil: 100, midPermil: 200, lowPermil: 50 } },
      'schemes[0].watermarks are high 100, mid 200, low 50; ' +
        'high has to be the highest and low the lowest, or the scheme never runs.',
    ],
    [
      { filters: [{ type: 'addr', allow: true, range: { start: 2, end: 1 } }] },
      'schemes[0].filters[0].range goes from 2 to 1; the end has to be above the start.',
    ],
    [
      { filters: [{ type: 'hugepage_size', allow: true, sizeBytes: { min: '2M', max: '1M' } }] },
      'schemes[0].filters[0].sizeBytes goes from 2097152 to 1048576, so nothing can match; ' +
        'swap them.',
    ],
    [
      { action: 'migrate_cold' },
      'schemes[0].targetNid is missing, so migrate_cold has nowhere to go; ' +
        'write a node, or destinations.',
    ],
    [
      { action: 'migrate_hot', destinations: [{ nid: 1, weight: 0 }] },
      'schemes[0].destinations all have weight 0, so nothing moves; write a weight above 0.',
    ],
  ])('%j', (scheme, sentence) => {
    expect(withScheme(scheme)).toBe(sentence);
  });

  test('destinations on physical memory, which goes by one node only', () => {
    const scheme = { action: 'migrate_cold', destinations: [{ nid: 1, weight: 1 }] };
    expect(withScheme(scheme, { operations: 'paddr' })).toBe(
      'schemes[0].targetNid is missing, and paddr does not go by destinations; ' +
        'write the node to go to.',
    );
    expect(withScheme({ ...scheme, targetNid: 1 }, { operations: 'paddr' })).toBe('it was taken');
  });
});

describe('goals that can not be measured or met are refused', () => {
  test.each<[Tree, string]>([
    [
      { metric: 'user_input', targetValue: 0 },
      'targetValue is 0; write the value to reach, which is above 0.',
    ],
    [
      { metric: 'active_mem_bp', targetValue: 10_001 },
      'targetValue is 10001, more than 100 % of active_mem_bp; write 10000 or less.',
    ],
    [
      { metric: 'node_mem_free_bp' },
      'nid is missing; write the node that node_mem_free_bp is about.',
    ],
    [
      { metric: 'node_memcg_used_bp', nid: 0 },
      'memcgPath is missing; write the cgroup that node_memcg_used_bp is about.',
    ],
    [
      { metric: 'node_eligible_mem_bp', nid: 0 },
      'metric is node_eligible_mem_bp, which only paddr can measure, and not vaddr; ' +
        'choose another metric.',
    ],
  ])('%j', (goal, sentence) => {
    expect(withGoal(goal)).toBe(`schemes[0].quota.goals[0].${sentence}`);
  });

  test('but physical memory knows what is eligible', () => {
    const goal = { metric: 'node_eligible_mem_bp', nid: 0 };
    expect(withGoal(goal, { operations: 'paddr' })).toBe('it was taken');
  });
});
