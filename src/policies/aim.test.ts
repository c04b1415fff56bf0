import fc from 'fast-check';
import { expect, test } from 'vitest';
import { noMetrics } from '../core/metrics.ts';
import { type GoalSources, newGoalState, tuneByGoals } from '../core/schemes/goals.ts';
import { NO_QUOTA } from '../params/defaults.ts';
import type { Goal } from '../params/types.ts';
import {
  type Aim,
  GOAL_TARGET,
  goalValue,
  type Measurement,
  parseAim,
  parseMetric,
  scoreOf,
  type WatchedAim,
} from './aim.ts';

test('an aim is a metric, a direction and a target', () => {
  expect(parseAim('p99 <= 20ms')).toEqual({
    metric: 'p99',
    direction: '<=',
    target: 20_000,
    unit: 1000,
  });
  expect(parseAim('qps>=1500')).toMatchObject({ direction: '>=', target: 1500, unit: 1 });
});

test.each(['', 'p99', 'p99 < 20ms', 'p99 <= 0', 'p99 <= fast', '9p <= 1', 'p99 <= 20ms; rm'])(
  '"%s" is none',
  (text) => expect(() => parseAim(text)).toThrow(/--aim is/),
);

test('a metric is a number in the unit of the aim, or in its own', () => {
  const aim = parseAim('p99 <= 20ms');
  expect(parseMetric('18.5\n', aim)).toBe(18_500);
  expect(parseMetric('1.2e1', aim)).toBe(12_000);
  expect(parseMetric('900us', aim)).toBe(900);
  for (const text of ['', 'NaN', '-1', '1 2', '20 parsecs', 'Infinity']) {
    expect(parseMetric(text, aim)).toBe(null);
  }
});

const aim = parseAim('p99 <= 20ms');
const watched = (one: Aim, measured: Measurement | null): WatchedAim => ({
  ...{ aim: one, latest: () => measured, staleAfterUs: 5e6 },
});

test('the score is the worse of pressure and aim', () => {
  const p99 = watched(aim, { value: 16_000, timeUs: 0 });
  expect(scoreOf(0.0005, 0.001, null, 0)).toMatchObject({ value: 0.5, by: 'pressure' });
  expect(scoreOf(0.0005, 0.001, p99, 0)).toMatchObject({ value: 0.8, by: 'p99' });
  expect(scoreOf(0.002, 0.001, p99, 0)).toMatchObject({ value: 2, by: 'pressure' });
  const qps = watched(parseAim('qps >= 100'), { value: 50, timeUs: 0 });
  expect(scoreOf(0, 0.001, qps, 0)).toMatchObject({ value: 2 });
});

test('a metric that is absent or stale is as bad as can be, and the score says why', () => {
  const absent = scoreOf(0, 0.001, watched(aim, null), 0);
  expect(absent).toMatchObject({ value: Number.POSITIVE_INFINITY, by: 'p99' });
  expect(absent.problem).toMatch(/has not been measured/);
  const once = watched(aim, { value: 1, timeUs: 0 });
  expect(scoreOf(0, 0.001, once, 5e6).problem).toBe(null);
  expect(scoreOf(0, 0.001, once, 7e6).problem).toMatch(/7 s ago/);
});

test('the value of a goal is bounded and grows with the score', () => {
  const score = fc.double({ min: 0, noNaN: true });
  fc.assert(
    fc.property(score, score, (one, other) => {
      expect(goalValue(one)).toBeLessThanOrEqual(2 * GOAL_TARGET);
      expect(goalValue(Math.min(one, other))).toBeLessThanOrEqual(goalValue(Math.max(one, other)));
    }),
  );
  expect(goalValue(1)).toBe(GOAL_TARGET);
  expect(goalValue(Number.POSITIVE_INFINITY)).toBe(2 * GOAL_TARGET);
});

/**
 * Ten windows of a kernel that is under no pressure at all, with a commit of the goals before each,
 * as feeding a value takes one.
 */
function sizesWithCommits(goal: Goal): number[] {
  const quota = { ...NO_QUOTA, goals: [goal] };
  const sources: GoalSources = { metrics: noMetrics, eligibleBytes: () => null };
  let sizeBp = 0n;
  return Array.from({ length: 10 }, () => {
    // What a commit leaves of a goal: its pressure baseline is gone (spec 7.2).
    sizeBp = tuneByGoals(quota, [newGoalState(goal)], sizeBp, 0n, sources);
    return Number(sizeBp / 10_000n);
  });
}

test('a goal on pressure never grows while goals are committed in each window; the score does', () => {
  const pressure: Goal = { metric: 'some_mem_psi_us', targetValue: 1000, currentValue: 0 };
  expect(sizesWithCommits(pressure)).toEqual(Array(10).fill(1));
  const fed: Goal = { metric: 'user_input', targetValue: GOAL_TARGET, currentValue: 0 };
  expect(sizesWithCommits(fed)).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]);
});
