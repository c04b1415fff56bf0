import { expect, test } from 'vitest';
import { validateParams } from '../params/validate.ts';
import { policyFacts } from '../testing/machine-facts.ts';
import { lruSort } from './lru-sort.ts';
import { moduleParameters } from './module-parameters.ts';
import { presetKnobs } from './policy.ts';

const preset = presetKnobs(lruSort);

test('hot pages go up, cold ones down, each with half of the bytes and an aim of its own', () => {
  const knobs = { activeShare: 0.3, bytesPerSecond: 64 * 2 ** 20 };
  const { params } = lruSort.plan(knobs, policyFacts());
  expect(() => validateParams(params)).not.toThrow();
  const [hot, cold] = params.schemes;
  expect(hot).toMatchObject({
    action: 'lru_prio',
    pattern: { nrAccesses: { min: 10, max: 'max' } },
    quota: {
      sizeBytes: 32 * 2 ** 20,
      resetIntervalMs: 1000,
      goals: [{ metric: 'active_mem_bp', targetValue: 3000 }],
    },
    filters: [{ type: 'young', matching: false, allow: false }],
  });
  expect(cold).toMatchObject({
    action: 'lru_deprio',
    // 120 s of 100 ms each.
    pattern: { nrAccesses: { max: 0 }, age: { min: 1200 } },
    quota: { goals: [{ metric: 'inactive_mem_bp', targetValue: 7002 }] },
    filters: [{ type: 'young', matching: true, allow: false }],
  });
});

test('a cgroup is kept to by a filter that keeps out all others', () => {
  const subject = { kind: 'cgroup', path: '/web' } as const;
  const { params } = lruSort.plan(preset, policyFacts({ subject }));
  for (const { filters } of params.schemes) {
    expect(filters[0]).toEqual({ type: 'memcg', matching: false, allow: false, memcgPath: '/web' });
  }
});

test('processes have no LRU lists of their own', () => {
  const subject = { kind: 'processes', pids: [7] } as const;
  expect(() => lruSort.plan(preset, policyFacts({ subject }))).toThrow(/without --pid/);
});

test('as DAMON_LRU_SORT it keeps aim and ages, and says what the module lacks', () => {
  const subject = { kind: 'cgroup', path: '/web' } as const;
  const { params } = lruSort.plan(preset, policyFacts({ subject }));
  const { values, notes } = moduleParameters('damon_lru_sort', params);
  expect(Object.fromEntries(values)).toMatchObject({
    active_mem_bp: '5000',
    filter_young_pages: 'Y',
    hot_thres_access_freq: '500',
    cold_min_age: '120000000',
    monitor_region_end: String(5 * 2 ** 30),
    enabled: 'Y',
  });
  expect(values.at(-1)?.[0]).toBe('enabled');
  expect(notes).toContain('It has no memcg filter, so memory is not limited by it.');
  expect(notes).toContainEqual(expect.stringMatching(/quota of time only/));
});
