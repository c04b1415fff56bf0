import { describe, expect, test } from 'vitest';
import { ThermoclineError } from '../../base/errors.ts';
import { importKdamonds } from './import.ts';

type Tree = Record<string, unknown>;

const context = (parts: Tree) => ({
  kdamonds: [{ contexts: [{ ops: 'vaddr', targets: [{ pid: 7, regions: [] }], ...parts }] }],
});
const read = (parts: Tree) => importKdamonds(context(parts))[0]!;
const scheme = (parts: Tree, rest: Tree = {}) => read({ ...rest, schemes: [parts] }).schemes[0]!;

function refusal(value: unknown): string {
  try {
    importKdamonds(value);
  } catch (error) {
    if (error instanceof ThermoclineError) return error.message;
    throw error;
  }
  return 'it was taken';
}

describe('what is missing', () => {
  test('has the defaults of damo, whose operations update comes each second', () => {
    expect(read({})).toEqual({
      operations: 'vaddr',
      addrUnit: 1,
      minRegionSize: 4096,
      attrs: {
        sampleIntervalUs: 5_000,
        aggregationIntervalUs: 100_000,
        operationsUpdateIntervalUs: 1_000_000,
        intervalsGoal: {
          accessBp: 0,
          aggregations: 0,
          minSampleIntervalUs: 0,
          maxSampleIntervalUs: 0,
        },
        minNrRegions: 10,
        maxNrRegions: 1_000,
      },
      targets: [{ pid: 7, regions: [], obsolete: false }],
      probes: [],
      schemes: [],
      paused: false,
    });
  });

  test('of a scheme makes it count everything', () => {
    expect(scheme({})).toMatchObject({
      action: 'stat',
      pattern: {
        sizeBytes: { min: 0, max: 'max' },
        nrAccesses: { min: 0, max: 'max' },
        age: { min: 0, max: 'max' },
      },
      quota: { timeMs: 0, sizeBytes: 0, resetIntervalMs: 'max' },
      watermarks: { metric: 'none' },
      targetNid: -1,
    });
  });
});

describe('access patterns', () => {
  const nrAccesses = (min: unknown, max: unknown, rest?: Tree) =>
    scheme({ access_pattern: { nr_accesses: { min, max } } }, rest).pattern.nrAccesses;
  const age = (min: unknown, max: unknown) =>
    scheme({ access_pattern: { age: { min, max } } }).pattern.age;

  test('have rates as shares or in samples', () => {
    expect(nrAccesses('50 %', '100%')).toEqual({ min: 10, max: 20 });
    expect(nrAccesses(25, '75')).toEqual({ min: 5, max: 15 });
    expect(nrAccesses('5 samples', '1,000 samples')).toEqual({ min: 5, max: 1_000 });
    expect(nrAccesses('min', '18,446,744,073,709,551,615 %')).toEqual({ min: 0, max: 'max' });
    const intervals = { sample_us: '1 ms', aggr_us: '1 s', ops_update_us: '1 s' };
    expect(nrAccesses('0.7 %', 'max', { intervals })).toEqual({ min: 7, max: 'max' });
  });

  test('have rates truncated to samples, as damo does it', () => {
    expect(nrAccesses('0 %', '14 %')).toEqual({ min: 0, max: 2 });
  });

  test('have ages as times, microseconds where no unit is, or in intervals', () => {
    expect(age('10 s', '1 m 30 s')).toEqual({ min: 100, max: 900 });
    expect(age('5000000', 'max')).toEqual({ min: 50, max: 'max' });
    expect(age('10 aggr_intervals', 'max aggr_intervals')).toEqual({ min: 10, max: 'max' });
  });
});

describe('quotas', () => {
  test('have bare numbers in the unit of their key', () => {
    const { quota } = scheme({
      quotas: {
        time_ms: 10,
        sz_bytes: '128M',
        reset_interval_ms: '1,000',
        weights: { sz_permil: 5, nr_accesses_permil: '5 %', age_permil: '100 %' },
        goals: [
          { metric: 'some_mem_psi_us', target_value: '10 ms', current_value: 0 },
          { metric: 'node_mem_free_bp', target_value: '0.5 %', current_value: '0', nid: 0 },
          { metric: 'user_input', target_value: '1,000', current_value: '7', nid: null },
        ],
        goal_tuner: 'temporal',
        fail_charge_num: 1,
        fail_charge_denom: '4,096',
        effective_sz_bytes: '1.000 MiB',
      },
    });
    expect(quota).toEqual({
      timeMs: 10,
      sizeBytes: 134_217_728,
      resetIntervalMs: 1_000,
      weights: { sizePermil: 5, nrAccessesPermil: 50, agePermil: 1_000 },
      goals: [
        { metric: 'some_mem_psi_us', targetValue: 10_000, currentValue: 0 },
        { metric: 'node_mem_free_bp', targetValue: 50, currentValue: 0, nid: 0 },
        { metric: 'user_input', targetValue: 1_000, currentValue: 7 },
      ],
      goalTuner: 'temporal',
      failChargeNumerator: 1,
      failChargeDenominator: 4_096,
    });
  });
});

describe('filters', () => {
  test('may call allow by its old name, and reject when neither is there', () => {
    const { filters } = scheme({
      filters: [
        { filter_type: 'anon', matching: 'Y', filter_pass: 'yes' },
        { filter_type: 'young', matching: false },
        { filter_type: 'hugepage_size', matching: true, hugepage_size: ['2M', 'max'] },
        {
          filter_type: 'addr',
          matching: true,
          allow: true,
          address_range: { start: '4K', end: '8,192' },
        },
        { filter_type: 'target', matching: true, damon_target_idx: '0' },
        { filter_type: 'memcg', matching: true, memcg_path: '/a', hugepage_size: null },
      ],
    });
    expect(filters).toEqual([
      { type: 'anon', matching: true, allow: true },
      { type: 'young', matching: false, allow: false },
      {
        type: 'hugepage_size',
        matching: true,
        allow: false,
        sizeBytes: { min: 2_097_152, max: 'max' },
      },
      { type: 'addr', matching: true, allow: true, range: { start: 4_096, end: 8_192 } },
      { type: 'target', matching: true, allow: false, targetIndex: 0 },
      { type: 'memcg', matching: true, allow: false, memcgPath: '/a' },
    ]);
  });
});

describe('a slip is told by the path in the file', () => {
  const at = 'kdamonds[0].contexts[0]';
  const pattern = (parts: Tree) => context({ schemes: [{ access_pattern: parts }] });

  test.each<[unknown, string]>([
    [
      pattern({ sz_bytes: { min: '4k', max: 'max' } }),
      `${at}.schemes[0].access_pattern.sz_bytes.min is "4k"; write a size like 4096, "4K" or ` +
        '"1.5 GiB" (units in upper case) or "max", as a whole number below 2^53.',
    ],
    [
      context({ intervals: { sample_us: '5 parsecs' } }),
      `${at}.intervals.sample_us is "5 parsecs"; write a time in whole us like 5 or "5 ms", ` +
        'as a whole number below 2^53.',
    ],
    [
      context({ intervals: { sample_us: '1 s', aggr_us: '100 ms' } }),
      `${at}.intervals.sample_us is 1000000, more than ${at}.intervals.aggr_us, which is 100000; ` +
        'an aggregation interval has to hold one sample at least.',
    ],
    [
      pattern({ age: { min: '2 s', max: '1 s' } }),
      `${at}.schemes[0].access_pattern.age goes from 20 to 10, so nothing can match; swap them.`,
    ],
    [context({ nr_regions: { min: 2, max: 10 } }), `${at}.nr_regions.min is 2; write 3 or more.`],
    [
      context({ schemes: [{ quotas: { time_ms: '500 us' } }] }),
      `${at}.schemes[0].quotas.time_ms is "500 us"; write a time in whole ms like 5 or "5 ms", ` +
        'as a whole number below 2^53.',
    ],
    [
      context({ schemes: [{ filters: [{ filter_type: 'anon', matching: 1 }] }] }),
      `${at}.schemes[0].filters[0].matching is 1; write true or false, or "Y" or "N".`,
    ],
    [
      context({ schemes: [{ acess_pattern: {} }] }),
      `${at}.schemes[0] has no field "acess_pattern"; did you mean "access_pattern"?`,
    ],
    [
      context({ schemes: [{ action: 'migrate_hot' }] }),
      `${at}.schemes[0].target_nid is missing, so migrate_hot has nowhere to go; ` +
        'write a node, or destinations.',
    ],
    [
      { kdamonds: [{ contexts: [{ ops: 'paddr' }] }] },
      `${at}.targets is missing; write a list of targets.`,
    ],
    [{ kdamonds: [] }, 'kdamonds is an empty list; write at least one kdamond with a context.'],
    [{ kdamonds: [5] }, 'kdamonds[0] is 5; write an object with contexts, state, pid, refresh_ms.'],
    [
      [{ action: 'stat' }],
      'this is a list of schemes only; put it into the "schemes" of a context that says what to ' +
        'watch.',
    ],
    [
      context({ sample_control: { primitives_enabled: { page_table: true, page_fault: true } } }),
      `${at}.sample_control asks for another way of sampling than the page table's; leave it out.`,
    ],
  ])('%j', (value, sentence) => {
    expect(refusal(value)).toBe(sentence);
  });
});

test('what only tells the state of a run is passed over', () => {
  const [params] = importKdamonds([
    {
      state: 'on',
      pid: 123,
      refresh_ms: '0',
      contexts: [
        {
          ops: 'paddr',
          targets: [{ pid: null, regions: [{ start: '0', end: '4,096' }] }],
          sample_control: { primitives_enabled: { page_table: true, page_fault: false } },
          schemes: [{ action: 'stat', stats: { nr_tried: '0' }, tried_regions: [] }],
        },
      ],
    },
  ]);
  expect(params!.targets).toEqual([{ regions: [{ start: 0, end: 4096 }], obsolete: false }]);
  expect(Object.isFrozen(params!.schemes[0])).toBe(true);
});
