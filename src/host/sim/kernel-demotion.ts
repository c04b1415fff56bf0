/**
 * The kernel's demotion (`/sys/kernel/mm/numa/demotion_enabled`), simplified: when a node runs
 * short, a thread of the kernel moves what was used longest ago to the next slower node. It begins
 * when the node is down to its low watermark, as a kernel does whose slower nodes are short, too;
 * one with room there would let new pages go to them first. Its order is that of an ideal LRU list.
 */
import type { Memory, SimNode } from './memory.ts';
import type { SimProcess, SimVma } from './process.ts';
import { idleTimeUs, type Segment, segmentsOf } from './segments.ts';

/**
 * Moves at least `pages` of what was used longest ago on a node to the next slower one, as far as
 * there is room.
 * @param moved told of each process and how many pages it lost
 * @returns pages moved
 */
export function demoteOldest(
  memory: Memory,
  processes: readonly SimProcess[],
  node: SimNode,
  pages: number,
  nowUs: number,
  moved: (process: SimProcess, pages: number) => void,
): number {
  const target = memory.below(node);
  if (target === undefined || pages <= 0) return 0;
  let left = pages;
  const changed = new Set<SimVma>();
  for (const { vma, start, end } of oldestOn(node, processes, nowUs)) {
    if (left <= 0) break;
    const last = Math.min(end, start + left);
    const count = memory.moveToNode(vma, start, last, target, target.watermarks.low, 'kept');
    left -= count;
    changed.add(vma);
    moved(vma.process, count);
    if (count < last - start) break;
  }
  for (const vma of changed) vma.extents.tidy();
  return pages - left;
}

function oldestOn(node: SimNode, processes: readonly SimProcess[], nowUs: number): Segment[] {
  return processes
    .flatMap(({ vmas }) => vmas)
    .flatMap((vma) => segmentsOf(vma, 0, vma.pages))
    .filter(({ extent }) => extent.location === node.nid)
    .map((segment) => ({ segment, idleUs: idleTimeUs(segment, nowUs) }))
    .sort((left, right) => (left.idleUs === right.idleUs ? 0 : right.idleUs - left.idleUs))
    .map(({ segment }) => segment);
}
