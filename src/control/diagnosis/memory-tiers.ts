/** Which memory is faster than which, and what would go where. */
import { formatBytes } from '../../base/units.ts';
import type { Roots, TierNode } from '../../host/host.ts';
import { readTierFacts } from '../../host/linux/memory-tiers.ts';
import { lowerNeighbour, type Tier, tiersOf, upperNeighbour } from '../../policies/tiers.ts';
import type { Check } from './check.ts';

/** One note a node, fastest first; nodes without memory come last. */
export function memoryTiers(roots: Roots): Check[] {
  const facts = readTierFacts(roots);
  const tiers = tiersOf(facts);
  const ordered = tiers.flatMap(({ nodes }) => nodes);
  const empty = facts.nodes.filter((node) => !ordered.includes(node));
  return [...ordered, ...empty].map((node) => ({
    name: `node-${node.nid}`,
    status: 'note',
    sentence: `${sizeOf(node)}${placeOf(tiers, node)}`,
  }));
}

function sizeOf({ nid, totalBytes, freeBytes, hasCpu, latencyNs }: TierNode): string {
  const cpus = hasCpu ? '' : ', without CPUs';
  const latency = latencyNs === null ? '' : `, ${latencyNs} ns away`;
  return `Node ${nid} has ${formatBytes(totalBytes)}, ${formatBytes(freeBytes)} free${cpus}${latency}.`;
}

/** Empty on machines with one tier. */
function placeOf(tiers: readonly Tier[], node: TierNode): string {
  const place = tiers.findIndex(({ nodes }) => nodes.includes(node));
  if (tiers.length < 2 || place < 0) return '';
  const below = lowerNeighbour(tiers, node);
  const above = upperNeighbour(tiers, node);
  const moves = [
    ...(below === null ? [] : [`its cold pages would go down to node ${below.nid}`]),
    ...(above === null ? [] : [`its hot pages would go up to node ${above.nid}`]),
  ];
  return ` It is in tier ${place} of ${tiers.length} by ${tiers[place]!.source}: ${moves.join(', ')}.`;
}
