/**
 * The kernel alone. It reclaims only when memory is short, so its machine has less: three quarters
 * of what the workload has at most, on one node. What can't be reclaimed still has room.
 */
import { type KernelSpec, PAGE_SIZE, type Scenario } from '../../../src/host/sim/index.ts';
import type { Policy, Situation } from '../policy.ts';
import { runMachine } from './machine-run.ts';

const MEMORY_SHARE = 0.75;

/** Room above what has to stay. */
const HEADROOM = 1.05;

/** The kernel's lists, or its generations. */
export function kernelPolicy(reclaim: KernelSpec['reclaim']): Policy {
  return { start: (situation) => runMachine(shrunk(situation, reclaim), () => null) };
}

function shrunk(situation: Situation, reclaim: KernelSpec['reclaim']): Scenario {
  const { scenario, peakBytes } = situation;
  const leastBytes = scenario.swap.sizeBytes > 0 ? 0 : anonymousBytes(scenario) * HEADROOM;
  const factor = Math.max(peakBytes * MEMORY_SHARE, leastBytes) / totalBytes(scenario);
  const nodes = scenario.nodes.map((node) => ({
    ...node,
    sizeBytes: Math.ceil((node.sizeBytes * Math.min(1, factor)) / PAGE_SIZE) * PAGE_SIZE,
  }));
  return { ...scenario, nodes, kernel: { ...scenario.kernel, reclaim } };
}

function totalBytes({ nodes }: Scenario): number {
  return nodes.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

function anonymousBytes({ processes }: Scenario): number {
  return processes
    .flatMap(({ vmas }) => vmas)
    .filter(({ kind }) => kind !== 'file')
    .reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
