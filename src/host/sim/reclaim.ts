/**
 * What the kernel does when memory runs short and nobody has made room: it takes what was used
 * longest ago. The order is that of an ideal LRU list, which real kernels only come near to.
 */
import type { Memory } from './memory.ts';
import type { SimProcess, SimVma } from './process.ts';
import { idleTimeUs, segmentsOf } from './segments.ts';

/**
 * Reclaims at least `wanted` pages and what brings each node up to its high watermark, if there is
 * anything left to take and somewhere to put it.
 * @returns pages reclaimed
 */
export function reclaimOldest(
  memory: Memory,
  processes: readonly SimProcess[],
  wanted: number,
  nowUs: number,
): number {
  const candidates = processes
    .flatMap(({ vmas }) => vmas)
    .filter((vma) => vma.missingPages < vma.pages)
    .flatMap((vma) => segmentsOf(vma, 0, vma.pages))
    .filter(({ extent }) => extent.location >= 0)
    .map((segment) => ({ segment, idleUs: idleTimeUs(segment, nowUs) }))
    .sort((left, right) => (left.idleUs === right.idleUs ? 0 : right.idleUs - left.idleUs));
  let left = wanted + shortfall(memory);
  const before = left;
  const changed = new Set<SimVma>();
  for (const { segment } of candidates) {
    if (left <= 0) break;
    const { vma, start, end } = segment;
    left -= memory.takeAway(vma, start, Math.min(end, start + left));
    changed.add(vma);
  }
  for (const vma of changed) vma.extents.tidy();
  return before - left;
}

function shortfall({ nodes }: Memory): number {
  return nodes.reduce(
    (sum, { frames, watermarks }) => sum + Math.max(0, watermarks.high - frames.freeCount),
    0,
  );
}
