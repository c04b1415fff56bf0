/** What reclaim should reach, and whether it did. */
import type { PolicyName, Row } from './row.ts';

/** Of throughput and of the p99, where something can be saved, and where nothing can. */
const MAX_SLOWDOWN = 0.02;
const MAX_HARM = 0.01;

/** Of the savings of who knows the future. */
const LEAST_OF_BOUND = 0.7;

/** Below this, there is nothing to save. */
const NOTHING = 0.02;

/** What became of the aims of one policy on one workload. */
export interface Verdict {
  readonly workload: string;
  /** Its net savings over the clairvoyant's; null where there is nothing to save. */
  readonly shareOfBound: number | null;
  /** The worse of throughput and p99. */
  readonly slowdownShare: number;
  readonly met: boolean;
}

/** Judges one policy on each workload. */
export function verdicts(rows: readonly Row[], policy: PolicyName): Verdict[] {
  const of = (workload: string, name: PolicyName) =>
    rows.find((row) => row.workload === workload && row.policy === name);
  return [...new Set(rows.map(({ workload }) => workload))].flatMap((workload): Verdict[] => {
    const row = of(workload, policy);
    const bound = of(workload, 'clairvoyant');
    if (!row || !bound) return [];
    const slowdownShare = harmOf(row);
    if (bound.netSavedShare < NOTHING) {
      return [{ workload, shareOfBound: null, slowdownShare, met: slowdownShare <= MAX_HARM }];
    }
    const shareOfBound = row.netSavedShare / bound.netSavedShare;
    const met = shareOfBound >= LEAST_OF_BOUND && slowdownShare <= MAX_SLOWDOWN;
    return [{ workload, shareOfBound, slowdownShare, met }];
  });
}

/** The worse of what happened to throughput and to latency. */
export function harmOf({
  slowdownShare,
  p99SlowdownShare,
}: Pick<Row, 'slowdownShare' | 'p99SlowdownShare'>): number {
  return Math.max(slowdownShare, p99SlowdownShare);
}
