/** How far nodes are from the aims of a tiering plan. */
import { formatShare } from '../../base/units.ts';
import type { TierFacts } from '../../host/host.ts';
import { type TierKnobs, tierPlan } from '../../policies/tier.ts';

/** How far a node is from an aim of one scheme. */
export interface AimStatus {
  readonly nid: number;
  readonly metric: string;
  /** Shares of the node, 0 to 1. */
  readonly targetShare: number;
  readonly share: number;
}

/** Each aim of the plan beside what the node has. */
export function aimStatus(knobs: TierKnobs, facts: TierFacts): AimStatus[] {
  const { contexts } = tierPlan(knobs, facts);
  const goals = contexts.flatMap(({ params }) =>
    params.schemes.flatMap(({ quota }) => quota.goals),
  );
  return goals.map(({ nid = 0, metric, targetValue }) => {
    const node = facts.nodes.find((candidate) => candidate.nid === nid)!;
    const free = node.freeBytes / node.totalBytes;
    const share = metric === 'node_mem_free_bp' ? free : 1 - free;
    return { nid, metric, targetShare: targetValue / 10_000, share };
  });
}

/** An aim as part of a line: `node 0 free 12 % of 16 %`. */
export function aimText({ nid, metric, targetShare, share }: AimStatus): string {
  const what = metric === 'node_mem_free_bp' ? 'free' : 'used';
  return `node ${nid} ${what} ${formatShare(share)} of ${formatShare(targetShare)}`;
}
