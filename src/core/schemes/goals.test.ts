import { expect, test } from 'vitest';
import type { Quota } from '../../params/types.ts';
import { noMetrics } from '../metrics.ts';
import { newGoalState, tuneByGoals } from './goals.ts';

/** Value of a `node_eligible_mem_bp` goal where 30 of 100 eligible bytes lie on node 1. */
function eligibleShareOf(nid: number): bigint {
  const goal = { metric: 'node_eligible_mem_bp', targetValue: 5000, currentValue: 0, nid } as const;
  const quota: Quota = {
    timeMs: 0,
    sizeBytes: 0,
    resetIntervalMs: 0,
    weights: { sizePermil: 0, nrAccessesPermil: 0, agePermil: 0 },
    goals: [goal],
    goalTuner: 'consist',
    failChargeNumerator: 0,
    failChargeDenominator: 0,
  };
  const state = newGoalState(goal);
  const eligibleBytes = (node: number) =>
    new Map([
      [-1, 100],
      [1, 30],
    ]).get(node) ?? 0;
  tuneByGoals(quota, [state], 0n, 0n, { metrics: noMetrics, eligibleBytes });
  return state.currentValue;
}

test('eligible memory is measured on a node, and a node that is none has nothing of it', () => {
  expect(eligibleShareOf(1)).toBe(3000n);
  expect(eligibleShareOf(2)).toBe(0n);
  expect(eligibleShareOf(-1)).toBe(0n);
});
