/** What the nodes do for a process: they serve its accesses, the slower ones later. */
import type { Memory } from './memory.ts';
import type { SimProcess } from './process.ts';
import { rateSum } from './workload.ts';

/**
 * Counts a process's accesses by node.
 * @returns the seconds that slower nodes add to a second of its work
 */
export function serveAccesses(memory: Memory, process: SimProcess, seconds: number): number {
  let delay = 0;
  for (const vma of process.vmas) {
    for (const { start, end, location } of vma.extents.list) {
      if (location < 0) continue;
      const node = memory.nodes[location]!;
      const rate = rateSum(vma.rates, start, end);
      node.accesses += rate * process.speed * seconds;
      delay += (rate * (node.loadedLatencyNs - memory.fastestNs)) / 1e9;
    }
  }
  return delay;
}
