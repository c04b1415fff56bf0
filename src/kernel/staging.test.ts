import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arbitraryParams } from '../../test/arbitrary-params.ts';
import { DEFAULT_ATTRS, DEFAULT_SCHEME, NO_QUOTA } from '../params/defaults.ts';
import type { Filter, Goal, Params, Scheme } from '../params/types.ts';
import { FakeDamonSysfs, type Release } from '../testing/fake-damon-sysfs.ts';
import { applyWrites } from './apply-writes.ts';
import { type Features, probeOwnSlot } from './features.ts';
import { readParams } from './read-back.ts';
import { describeWrites, slotFiles, stage, stageCommit, stageEmpty, stageOff } from './staging.ts';
import { ADMIN_FOLDER, readValue, slotPath } from './sysfs-files.ts';

async function kernel(release: Release = '7.3') {
  const files = new FakeDamonSysfs({ release });
  await files.write(`${ADMIN_FOLDER}/kdamonds/nr_kdamonds`, '2');
  return { files, features: await probeOwnSlot(files, 1) };
}

const base: Params = {
  operations: 'vaddr',
  addrUnit: 1,
  minRegionSize: 4096,
  attrs: DEFAULT_ATTRS,
  targets: [{ pid: 42, regions: [], obsolete: false }],
  probes: [],
  schemes: [],
  paused: false,
};

const scheme = (change: Partial<Scheme> = {}): Scheme => ({
  ...DEFAULT_SCHEME,
  action: 'stat',
  ...change,
});

const withScheme = (change: Partial<Scheme>): Params => ({ ...base, schemes: [scheme(change)] });

const goal: Goal = { metric: 'user_input', targetValue: 100, currentValue: 50 };

const isCore = ({ type }: Filter) => type === 'addr' || type === 'target';

/** As the kernel's files can carry it: filters by layer, and the highest 32-bit bound is none. */
function carried(params: Params): Params {
  const bound = (value: number | 'max') => (value === 0xffffffff ? 'max' : value);
  return {
    ...params,
    schemes: params.schemes.map((one) => ({
      ...one,
      pattern: {
        ...one.pattern,
        nrAccesses: {
          min: bound(one.pattern.nrAccesses.min),
          max: bound(one.pattern.nrAccesses.max),
        },
        age: { min: bound(one.pattern.age.min), max: bound(one.pattern.age.max) },
      },
      filters: [...one.filters.filter(isCore), ...one.filters.filter((other) => !isCore(other))],
    })),
  };
}

const withoutState = <T extends { readonly path: string }>(writes: readonly T[]) =>
  writes.filter(({ path }) => !path.endsWith('/state'));

describe('any parameters', () => {
  test('are read back from the files that they were staged to', async () => {
    const { files, features } = await kernel();
    await fc.assert(
      fc.asyncProperty(arbitraryParams, async (params) => {
        await applyWrites(files, withoutState(stage(params, features, 1)));
        expect(readParams(files, 1)).toEqual(carried(params));
      }),
      { numRuns: 100 },
    );
    expect(readParams(files, 0)).toBeNull();
  });

  test('are all in the files that staging says a slot then has', async () => {
    const { files, features } = await kernel();
    await fc.assert(
      fc.asyncProperty(arbitraryParams, async (params) => {
        await applyWrites(files, withoutState(stage(params, features, 1)));
        const expected = slotFiles(params, features);
        for (const [path, text] of Object.entries(expected)) {
          expect([path, readValue(files, slotPath(1, path))]).toEqual([path, text]);
        }
        const counts = Object.keys(files.dump(slotPath(1)))
          .filter((path) =>
            /\/nr_(contexts|targets|schemes|goals|filters|dests|probes)$/.test(path),
          )
          .map((path) => path.slice(slotPath(1).length + 1));
        expect(counts.filter((path) => !(path in expected))).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  test('become any others by the writes of a commit', async () => {
    const { files, features } = await kernel();
    await fc.assert(
      fc.asyncProperty(arbitraryParams, arbitraryParams, async (before, after) => {
        await applyWrites(files, withoutState(stage(before, features, 1)));
        await applyWrites(files, withoutState(stageCommit(before, after, features, 1)));
        expect(readParams(files, 1)).toEqual(carried(after));
        expect(stageCommit(after, structuredClone(after), features, 1)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

test('a start is written file by file, the command last', async () => {
  const { features } = await kernel();
  const params: Params = {
    ...base,
    operations: 'paddr',
    addrUnit: 4096,
    minRegionSize: 1,
    attrs: {
      ...DEFAULT_ATTRS,
      intervalsGoal: {
        accessBp: 400,
        aggregations: 3,
        minSampleIntervalUs: 5_000,
        maxSampleIntervalUs: 10_000_000,
      },
    },
    targets: [{ regions: [{ start: 16, end: 32 }], obsolete: false }],
    probes: [{ weight: 0, filters: [{ type: 'anon', matching: true, allow: true }] }],
    schemes: [
      scheme({
        action: 'pageout',
        pattern: {
          sizeBytes: { min: 1, max: 'max' },
          nrAccesses: { min: 0, max: 0 },
          age: { min: 5, max: 'max' },
        },
        applyIntervalUs: 1_000_000,
        quota: {
          ...NO_QUOTA,
          timeMs: 10,
          sizeBytes: 256,
          resetIntervalMs: 'max',
          weights: { sizePermil: 1, nrAccessesPermil: 2, agePermil: 3 },
          goals: [{ metric: 'node_mem_free_bp', targetValue: 50, currentValue: 0, nid: 1 }],
          goalTuner: 'temporal',
          failChargeNumerator: 4,
          failChargeDenominator: 4096,
        },
        watermarks: {
          metric: 'free_mem_rate',
          intervalUs: 5_000_000,
          highPermil: 500,
          midPermil: 400,
          lowPermil: 200,
        },
        filters: [
          { type: 'memcg', matching: true, allow: false, memcgPath: '/a b' },
          { type: 'addr', matching: false, allow: true, range: { start: 20, end: 24 } },
        ],
        targetNid: 1,
        destinations: [{ nid: 2, weight: 7 }],
        maxNrSnapshots: 9,
      }),
    ],
    paused: true,
  };
  const lines = describeWrites(stage(params, features, 1))
    .split('\n')
    .slice(0, -1);
  const relative = lines.map((line) => line.replace('kdamonds/1/', '').replace('contexts/0/', ''));
  const short = relative.map((line) => line.replace('> schemes/0/', '> S/'));
  expect(short.map((line) => line.replace('monitoring_attrs/', 'M/'))).toEqual([
    'echo 1 > contexts/nr_contexts',
    'echo paddr > operations',
    'echo 4096 > addr_unit',
    'echo Y > pause',
    'echo 5000 > M/intervals/sample_us',
    'echo 100000 > M/intervals/aggr_us',
    'echo 60000000 > M/intervals/update_us',
    'echo 400 > M/intervals/intervals_goal/access_bp',
    'echo 3 > M/intervals/intervals_goal/aggrs',
    'echo 5000 > M/intervals/intervals_goal/min_sample_us',
    'echo 10000000 > M/intervals/intervals_goal/max_sample_us',
    'echo 10 > M/nr_regions/min',
    'echo 1000 > M/nr_regions/max',
    'echo 1 > M/probes/nr_probes',
    'echo 0 > M/probes/0/weight',
    'echo 1 > M/probes/0/filters/nr_filters',
    'echo anon > M/probes/0/filters/0/type',
    'echo Y > M/probes/0/filters/0/matching',
    'echo Y > M/probes/0/filters/0/allow',
    'echo 1 > targets/nr_targets',
    'echo N > targets/0/obsolete_target',
    'echo 1 > targets/0/regions/nr_regions',
    'echo 16 > targets/0/regions/0/start',
    'echo 32 > targets/0/regions/0/end',
    'echo 1 > schemes/nr_schemes',
    'echo pageout > S/action',
    'echo 1 > S/target_nid',
    'echo 1000000 > S/apply_interval_us',
    'echo 1 > S/access_pattern/sz/min',
    'echo 18446744073709551615 > S/access_pattern/sz/max',
    'echo 0 > S/access_pattern/nr_accesses/min',
    'echo 0 > S/access_pattern/nr_accesses/max',
    'echo 5 > S/access_pattern/age/min',
    'echo 4294967295 > S/access_pattern/age/max',
    'echo 10 > S/quotas/ms',
    'echo 256 > S/quotas/bytes',
    'echo 18446744073709551615 > S/quotas/reset_interval_ms',
    'echo temporal > S/quotas/goal_tuner',
    'echo 4 > S/quotas/fail_charge_num',
    'echo 4096 > S/quotas/fail_charge_denom',
    'echo 1 > S/quotas/weights/sz_permil',
    'echo 2 > S/quotas/weights/nr_accesses_permil',
    'echo 3 > S/quotas/weights/age_permil',
    'echo 1 > S/quotas/goals/nr_goals',
    'echo node_mem_free_bp > S/quotas/goals/0/target_metric',
    'echo 50 > S/quotas/goals/0/target_value',
    'echo 0 > S/quotas/goals/0/current_value',
    'echo 1 > S/quotas/goals/0/nid',
    'echo free_mem_rate > S/watermarks/metric',
    'echo 5000000 > S/watermarks/interval_us',
    'echo 500 > S/watermarks/high',
    'echo 400 > S/watermarks/mid',
    'echo 200 > S/watermarks/low',
    'echo 1 > S/core_filters/nr_filters',
    'echo addr > S/core_filters/0/type',
    'echo N > S/core_filters/0/matching',
    'echo Y > S/core_filters/0/allow',
    'echo 20 > S/core_filters/0/addr_start',
    'echo 24 > S/core_filters/0/addr_end',
    'echo 1 > S/ops_filters/nr_filters',
    'echo memcg > S/ops_filters/0/type',
    'echo Y > S/ops_filters/0/matching',
    'echo N > S/ops_filters/0/allow',
    "echo '/a b' > S/ops_filters/0/memcg_path",
    'echo 1 > S/dests/nr_dests',
    'echo 2 > S/dests/0/id',
    'echo 7 > S/dests/0/weight',
    'echo 9 > S/stats/max_nr_snapshots',
    'echo on > state',
  ]);
});

describe('a commit', () => {
  const lines = (before: Params, after: Params, features: Features) =>
    stageCommit(before, after, features, 1).map(
      ({ path, text }) => `${path.replace('kdamonds/1/', '').replace('contexts/0/', '')} ${text}`,
    );

  test('writes only what differs', async () => {
    const { features } = await kernel();
    const before = withScheme({ quota: { ...NO_QUOTA, sizeBytes: 4096 } });
    const after = withScheme({ quota: { ...NO_QUOTA, sizeBytes: 8192 } });
    expect(lines(before, after, features)).toEqual(['schemes/0/quotas/bytes 8192', 'state commit']);
  });

  test('makes a list anew only where its length changes', async () => {
    const { features } = await kernel();
    const before = withScheme({ destinations: [{ nid: 0, weight: 1 }] });
    const longer = withScheme({
      destinations: [
        { nid: 0, weight: 1 },
        { nid: 1, weight: 2 },
      ],
    });
    expect(lines(before, longer, features)).toEqual([
      'schemes/0/dests/nr_dests 2',
      'schemes/0/dests/0/id 0',
      'schemes/0/dests/0/weight 1',
      'schemes/0/dests/1/id 1',
      'schemes/0/dests/1/weight 2',
      'state commit',
    ]);
    expect(lines(longer, withScheme({}), features)).toEqual([
      'schemes/0/dests/nr_dests 0',
      'state commit',
    ]);
  });

  test('of goals alone leaves everything else as it runs', async () => {
    const { features } = await kernel();
    const before = withScheme({ quota: { ...NO_QUOTA, goals: [goal] } });
    const after = withScheme({ quota: { ...NO_QUOTA, goals: [{ ...goal, currentValue: 70 }] } });
    expect(lines(before, after, features)).toEqual([
      'schemes/0/quotas/goals/0/current_value 70',
      'state commit_schemes_quota_goals',
    ]);
  });

  test('keeps what interval tuning has come to, unless the intervals are named', async () => {
    const { features } = await kernel();
    const attrs = {
      ...DEFAULT_ATTRS,
      intervalsGoal: {
        accessBp: 400,
        aggregations: 3,
        minSampleIntervalUs: 5_000,
        maxSampleIntervalUs: 10_000_000,
      },
    };
    const before = { ...base, attrs };
    expect(lines(before, { ...before, paused: true }, features)).toEqual([
      'state update_tuned_intervals',
      'pause Y',
      'state commit',
    ]);
    for (const other of [
      { ...attrs, sampleIntervalUs: 10_000 },
      { ...attrs, sampleIntervalUs: 10_000, intervalsGoal: DEFAULT_ATTRS.intervalsGoal },
    ]) {
      const writes = lines(before, { ...base, attrs: other }, features);
      expect(writes.slice(0, 2)).toEqual([
        'monitoring_attrs/intervals/sample_us 10000',
        'monitoring_attrs/intervals/aggr_us 100000',
      ]);
      expect(writes.at(-1)).toBe('state commit');
      expect(writes).not.toContain('state update_tuned_intervals');
    }
  });
});

test('a stop leaves nothing in the slot', () => {
  expect(describeWrites([...stageOff(3), ...stageEmpty(3)])).toBe(
    'echo off > kdamonds/3/state\necho 0 > kdamonds/3/contexts/nr_contexts\n',
  );
});

describe('older kernels', () => {
  const filters: readonly Filter[] = [
    { type: 'anon', matching: true, allow: false },
    { type: 'addr', matching: true, allow: false, range: { start: 4096, end: 8192 } },
  ];

  test('get the filters of both layers in their one list', async () => {
    const { files, features } = await kernel('6.12');
    await applyWrites(files, stage(withScheme({ filters }), features, 1));
    expect(readParams(files, 1)!.schemes[0]!.filters).toEqual(filters);
  });

  test('are told to keep out the opposite of a single filter that lets through', async () => {
    const { files, features } = await kernel('6.12');
    const only = withScheme({ filters: [{ type: 'young', matching: true, allow: true }] });
    await applyWrites(files, stage(only, features, 1));
    expect(readParams(files, 1)!.schemes[0]!.filters).toEqual([
      { type: 'young', matching: false, allow: false },
    ]);
  });

  test('get no file that they lack where it would say nothing', async () => {
    const { files, features } = await kernel('6.1');
    const params = withScheme({ action: 'pageout' });
    await applyWrites(files, stage(params, features, 1));
    expect(readParams(files, 1)).toEqual(params);
    expect(readValue(files, slotPath(1, 'state'))).toBe('on');
  });

  test.each<[Release, Params, string]>([
    [
      '6.1',
      withScheme({ filters }),
      'schemes[0].filters has 2 entries, but DAMON in this kernel has no filters; leave it out.',
    ],
    [
      '6.1',
      withScheme({ applyIntervalUs: 1_000_000 }),
      'schemes[0].applyIntervalUs is 1000000, but DAMON in this kernel has no apply_interval_us; ' +
        'leave it at 0.',
    ],
    [
      '6.1',
      withScheme({ quota: { ...NO_QUOTA, goals: [goal] } }),
      'schemes[0].quota.goals has an entry, but DAMON in this kernel has no goals; leave it out.',
    ],
    [
      '6.12',
      withScheme({ action: 'collapse' }),
      'schemes[0].action is collapse, but DAMON in this kernel has no action collapse; ' +
        'choose another.',
    ],
    [
      '6.12',
      withScheme({ action: 'migrate_hot', targetNid: 1 }),
      'schemes[0].action is migrate_hot, which DAMON in this kernel does for physical memory ' +
        'only; write operations: paddr.',
    ],
    [
      '6.12',
      withScheme({
        filters: [
          { type: 'young', matching: true, allow: true },
          { type: 'anon', matching: true, allow: false },
        ],
      }),
      'schemes[0].filters[0].allow is Y, but DAMON in this kernel has no allow filters; ' +
        'leave it at N.',
    ],
    [
      '6.12',
      withScheme({ filters: [{ type: 'unmapped', matching: true, allow: false }] }),
      'schemes[0].filters[0].type is unmapped, but DAMON in this kernel has no filter type ' +
        'unmapped; choose another.',
    ],
    [
      '6.12',
      withScheme({
        quota: { ...NO_QUOTA, goals: [{ ...goal, metric: 'node_mem_free_bp', nid: 0 }] },
      }),
      'schemes[0].quota.goals[0].metric is node_mem_free_bp, but DAMON in this kernel has no goal ' +
        'metric node_mem_free_bp; choose another.',
    ],
    [
      '6.12',
      { ...base, paused: true },
      'paused is Y, but DAMON in this kernel has no pause; leave it at N.',
    ],
    [
      '6.12',
      { ...base, probes: [{ weight: 0, filters: [] }] },
      'probes has an entry, but DAMON in this kernel has no probes; leave it out.',
    ],
    [
      '6.12',
      withScheme({ destinations: [{ nid: 0, weight: 1 }] }),
      'schemes[0].destinations has an entry, but DAMON in this kernel has no dests; leave it out.',
    ],
    [
      '7.3',
      { ...withScheme({ action: 'alloc' }), operations: 'paddr', targets: [] },
      "schemes[0].action is alloc, which is Thermocline's own and unknown to the kernel's DAMON; " +
        'leave it out.',
    ],
    [
      '7.3',
      withScheme({
        quota: {
          ...NO_QUOTA,
          goals: [
            { metric: 'some_mem_psi_us', targetValue: 1, currentValue: 0, direction: 'falling' },
          ],
        },
      }),
      "schemes[0].quota has a goal with direction falling, which the kernel's DAMON does not know; " +
        'leave it out.',
    ],
    [
      '7.3',
      { ...base, minRegionSize: 8192 },
      "minRegionSize is 8192, but the kernel's DAMON goes by its page size, which makes it 4096 " +
        'here; leave it out.',
    ],
    [
      '7.3',
      { ...base, targets: [{ regions: [{ start: 0, end: 4096 }], obsolete: false }] },
      'targets[0].pid is missing; the kernel watches real processes only, so name one.',
    ],
  ])('%s refuses by name, before anything is written', async (release, params, sentence) => {
    const { features } = await kernel(release);
    expect(() => stage(params, features, 1)).toThrow(
      expect.objectContaining({ code: 'TC_UNSUPPORTED', message: sentence }),
    );
    expect(() => stageCommit(base, params, features, 1)).toThrow(sentence);
  });

  test('that nothing is known of are taken for the newest', () => {
    const writes = stage(withScheme({ action: 'collapse' }), new Map(), 0);
    expect(writes).toContainEqual({
      path: 'kdamonds/0/contexts/0/schemes/0/action',
      text: 'collapse',
    });
  });
});

test('parameters that contradict themselves are not staged', () => {
  const params = { ...base, attrs: { ...DEFAULT_ATTRS, minNrRegions: 2 } };
  expect(() => stage(params, new Map(), 0)).toThrow('attrs.minNrRegions is 2; write 3 or more.');
});
