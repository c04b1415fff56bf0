import { describe, expect, test } from 'vitest';
import type { FeatureName, Features } from '../kernel/features.ts';
import { DEFAULT_ATTRS, DEFAULT_PARAMS, DEFAULT_SCHEME, NO_QUOTA } from '../params/defaults.ts';
import type { Attrs, Params, Scheme } from '../params/types.ts';
import { planKernel } from './kernel-plan.ts';

const everything: Features = new Map();
const without = (...names: FeatureName[]): Features =>
  new Map(names.map((name) => [name, { name, present: false, how: '' }]));

const targets = (nr: number): Params['targets'] =>
  Array.from({ length: nr }, (_, index) => ({ pid: 100 + index, regions: [], obsolete: false }));

const params = (change: Partial<Params> = {}): Params => ({
  ...DEFAULT_PARAMS,
  targets: targets(1),
  ...change,
});

const pageout: Scheme = { ...DEFAULT_SCHEME, action: 'pageout' };
const goal = {
  accessBp: 400,
  aggregations: 3,
  minSampleIntervalUs: 5_000,
  maxSampleIntervalUs: 10_000_000,
};

describe('schemes of our own', () => {
  test('come behind those of the user, one for each target, with a filter for it', () => {
    const { params: planned, watchers } = planKernel(
      params({ targets: targets(2), schemes: [{ ...DEFAULT_SCHEME, action: 'stat' }] }),
      everything,
    );
    expect(watchers).toEqual([
      { schemeIndex: 1, targetIndex: 0 },
      { schemeIndex: 2, targetIndex: 1 },
    ]);
    expect(planned.schemes.slice(1).map(({ action, filters }) => [action, filters])).toEqual(
      [0, 1].map((targetIndex) => [
        'stat',
        [{ type: 'target', matching: false, allow: false, targetIndex }],
      ]),
    );
  });

  test('are one for all where targets are many, or can not be filtered', () => {
    expect(planKernel(params({ targets: targets(9) }), everything).watchers).toHaveLength(1);
    const plan = planKernel(params({ targets: targets(2) }), without('filter type target'));
    expect(plan.watchers).toEqual([{ schemeIndex: 0, targetIndex: 0 }]);
  });

  test('are left out where the kernel could not tell their regions', () => {
    expect(planKernel(params(), without('tried_regions')).params.schemes).toEqual([]);
  });

  test.each<[string, Partial<Attrs>, number]>([
    ['with each aggregation', {}, 0],
    [
      'every half a second at least',
      { sampleIntervalUs: 1e6, aggregationIntervalUs: 20e6 },
      500_000,
    ],
    ['as often as tuning may make aggregations end', { intervalsGoal: goal }, 100_000],
  ])('are due %s', (_, attrs, applyIntervalUs) => {
    const asked = params({ attrs: { ...DEFAULT_ATTRS, ...attrs } });
    expect(planKernel(asked, everything).params.schemes[0]!.applyIntervalUs).toBe(applyIntervalUs);
  });

  test('with filters of pages are due once a second', () => {
    const anon = { type: 'anon', matching: true, allow: true } as const;
    expect(planKernel(params(), everything, [anon]).params.schemes[0]).toMatchObject({
      applyIntervalUs: 1_000_000,
      filters: [anon],
    });
  });
});

describe('a scheme that acts', () => {
  test('without a limit gets one in its own window and units', () => {
    const quota = { ...NO_QUOTA, resetIntervalMs: 500 };
    const asked = params({ addrUnit: 4096, operations: 'paddr', minRegionSize: 1 });
    const plan = planKernel({ ...asked, schemes: [{ ...pageout, quota }] }, everything);
    expect(plan.params.schemes[0]!.quota).toEqual({ ...quota, sizeBytes: (64 * 2 ** 20) / 4096 });
    expect(plan.notes[0]).toContain('it gets 64 MiB in each 500 ms');
  });

  test('with one keeps it', () => {
    const schemes = [{ ...pageout, quota: { ...NO_QUOTA, sizeBytes: 4096 } }];
    const plan = planKernel(params({ schemes }), everything);
    expect([plan.params.schemes[0], plan.notes]).toEqual([schemes[0], []]);
  });

  test('rarely makes snapshots slow, which is said', () => {
    const schemes = [{ ...DEFAULT_SCHEME, action: 'stat' as const, applyIntervalUs: 5e6 }];
    expect(planKernel(params({ schemes }), everything).notes).toEqual([
      'A snapshot takes up to 5 s, since schemes[0] applies no more often and the kernel waits ' +
        'for each.',
    ]);
  });
});

test('intervals are tuned from here where the kernel can not', () => {
  const asked = params({ attrs: { ...DEFAULT_ATTRS, intervalsGoal: goal } });
  const plan = planKernel(asked, without('intervals_goal'));
  expect(plan.tunesHere).toBe(true);
  expect(plan.params.attrs).toEqual(DEFAULT_ATTRS);
  expect(planKernel(asked, everything)).toMatchObject({ tunesHere: false, notes: [] });
});

test('failures count in full where the kernel can not count them less, which is said', () => {
  const less = { ...NO_QUOTA, sizeBytes: 4096, failChargeNumerator: 1, failChargeDenominator: 64 };
  const more = { ...less, failChargeNumerator: 128 };
  const asked = params({ schemes: [less, more].map((quota) => ({ ...pageout, quota })) });
  const plan = planKernel(asked, without('fail_charge'));
  expect(plan.params.schemes[0]!.quota).toEqual({ ...NO_QUOTA, sizeBytes: 4096 });
  expect(plan.notes).toEqual([
    expect.stringMatching(/^This kernel counts all that a scheme tries/),
  ]);
  // To count them once only would do more than what was asked for; that is refused.
  expect(plan.params.schemes[1]!.quota).toEqual(more);
  expect(planKernel(asked, everything).params.schemes[0]!.quota).toEqual(less);
});
