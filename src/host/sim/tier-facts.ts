import type { TierFacts } from '../host.ts';
import type { SimulatedMachine } from './machine.ts';
import { PAGE_SIZE } from './page.ts';

/** What the simulated machine tells of its tiers, as a real one would. */
export function simulatedTierFacts(machine: SimulatedMachine): TierFacts {
  const { memory, scenario, physicalRanges } = machine;
  const nodes = memory.nodes.map((node) => ({
    nid: node.nid,
    totalBytes: node.frames.size * PAGE_SIZE,
    freeBytes: node.frames.freeCount * PAGE_SIZE,
    hasCpu: node.tier === memory.nodesByTier[0]!.tier,
    distances: memory.nodes.map((other) => (other === node ? 10 : 20)),
    tier: node.tier,
    latencyNs: node.latencyNs,
    bandwidthBytesPerSecond: node.bandwidthBytesPerSecond || null,
    highWatermarkBytes: node.watermarks.high * PAGE_SIZE,
    ranges: [physicalRanges[node.nid]!],
  }));
  return {
    nodes,
    demotionEnabled: scenario.kernel.demotion,
    numaBalancing: scenario.kernel.hintFaults ? 'tiering' : 'off',
    swapBytes: scenario.swap.sizeBytes,
  };
}
