/** Which node is faster than which, and who is whose neighbour. */
import type { TierFacts, TierNode } from '../host/host.ts';

/** Latencies of one tier differ by less than this factor where the kernel makes no tiers. */
const SAME_TIER = 1.2;

/** Nodes of about the same speed. */
export interface Tier {
  readonly nodes: readonly TierNode[];
  /** How its place was found, for people. */
  readonly source: 'the kernel' | 'latency' | 'distance';
}

/**
 * The tiers of a machine, fastest first: as the kernel has them, else by latency, else nodes with
 * processors before those without. Nodes without memory are left out.
 */
export function tiersOf({ nodes }: TierFacts): Tier[] {
  const withMemory = nodes.filter(({ totalBytes }) => totalBytes > 0);
  if (withMemory.every(({ tier }) => tier !== null)) {
    return grouped(withMemory, 'the kernel', ({ tier }) => tier!, 1);
  }
  if (withMemory.every(({ latencyNs }) => latencyNs !== null)) {
    return grouped(withMemory, 'latency', ({ latencyNs }) => latencyNs!, SAME_TIER);
  }
  const cpus = withMemory.filter(({ hasCpu }) => hasCpu);
  const distance = ({ distances, hasCpu }: TierNode) =>
    hasCpu ? 0 : Math.min(...cpus.map(({ nid }) => distances[nid] ?? 0));
  return grouped(withMemory, 'distance', distance, 1);
}

/** The nearest node of the next slower tier; null for the slowest. */
export function lowerNeighbour(tiers: readonly Tier[], node: TierNode): TierNode | null {
  return nearest(tiers[placeOf(tiers, node) + 1], node);
}

/** The nearest node of the next faster tier; null for the fastest. */
export function upperNeighbour(tiers: readonly Tier[], node: TierNode): TierNode | null {
  return nearest(tiers[placeOf(tiers, node) - 1], node);
}

function placeOf(tiers: readonly Tier[], node: TierNode): number {
  return tiers.findIndex(({ nodes }) => nodes.includes(node));
}

function nearest(tier: Tier | undefined, { distances }: TierNode): TierNode | null {
  if (tier === undefined) return null;
  const distanceTo = ({ nid }: TierNode) => distances[nid] ?? 0;
  return tier.nodes.toSorted((left, right) => distanceTo(left) - distanceTo(right))[0] ?? null;
}

/** Puts nodes together whose measure is at most `factor` times that of the fastest of them. */
function grouped(
  nodes: readonly TierNode[],
  source: Tier['source'],
  measure: (node: TierNode) => number,
  factor: number,
): Tier[] {
  const groups: TierNode[][] = [];
  for (const node of nodes.toSorted((left, right) => measure(left) - measure(right))) {
    const group = groups.at(-1);
    if (group !== undefined && measure(node) <= measure(group[0]!) * factor) group.push(node);
    else groups.push([node]);
  }
  return groups.map((group) => ({ nodes: group, source }));
}
