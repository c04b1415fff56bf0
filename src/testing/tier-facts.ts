/** Facts of machines with several tiers, for tests of what goes by them. */
import type { TierFacts, TierNode } from '../host/host.ts';

const GIB = 2 ** 30;

/** A node of 4 GiB right behind the one before it; `differences` replace what it has. */
export function tierNode(differences: Partial<TierNode> & { readonly nid: number }): TierNode {
  const { nid } = differences;
  return {
    totalBytes: 4 * GIB,
    freeBytes: GIB,
    hasCpu: nid === 0,
    distances: [0, 1, 2].map((other) => (other === nid ? 10 : 20 + Math.abs(other - nid))),
    tier: nid,
    latencyNs: 100 * (nid + 1),
    bandwidthBytesPerSecond: null,
    highWatermarkBytes: 0,
    ranges: [{ start: nid * 4 * GIB, end: (nid + 1) * 4 * GIB }],
    ...differences,
  };
}

/** A fast and a slow node, demotion on, NUMA balancing off, with swap. */
export function tierFacts(differences: Partial<TierFacts> = {}): TierFacts {
  return {
    nodes: [tierNode({ nid: 0 }), tierNode({ nid: 1 })],
    demotionEnabled: true,
    numaBalancing: 'off',
    swapBytes: GIB,
    ...differences,
  };
}
