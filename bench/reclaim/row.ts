import type { Measurement } from './measure.ts';

export const POLICY_NAMES = [
  'none',
  'lru',
  'mglru',
  'damon_reclaim',
  'senpai',
  'thermocline',
  'clairvoyant',
] as const;
export type PolicyName = (typeof POLICY_NAMES)[number];

/** One workload under one policy, beside the same under none. Shares of 1; below 0: a loss. */
export interface Row {
  readonly workload: string;
  readonly policy: PolicyName;
  /** Memory that was not in use, after what zram holds. */
  readonly netSavedShare: number;
  /** Work that was not done, of the process that suffered most. */
  readonly slowdownShare: number;
  /** By how much the slowest hundredth of its requests took longer, likewise. */
  readonly p99SlowdownShare: number;
  /** Time in which somebody waited for memory. */
  readonly pressureShare: number;
  readonly refaultsPerSecond: number;
  /** Of one CPU, for monitoring, reclaiming and compressing. */
  readonly cpuShare: number;
}

/** Compares a run with the one in which nothing was reclaimed. */
export function toRow(
  workload: string,
  policy: PolicyName,
  run: Measurement,
  none: Measurement,
): Row {
  const lost = run.workSeconds.map((work, index) => 1 - ratio(work, none.workSeconds[index]!));
  const slower = run.p99Us.map((p99, index) => ratio(p99, none.p99Us[index]!) - 1);
  return {
    workload,
    policy,
    netSavedShare: 1 - ratio(run.usedBytes, none.usedBytes),
    slowdownShare: Math.max(...lost),
    p99SlowdownShare: Math.max(...slower),
    pressureShare: run.pressureShare,
    refaultsPerSecond: run.refaultsPerSecond,
    cpuShare: run.cpuShare,
  };
}

/** Two figures of which both may be 0. */
function ratio(value: number, base: number): number {
  return base === 0 ? 1 : value / base;
}
