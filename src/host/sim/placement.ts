/** Where pages go that come to memory: the fastest node with room, reclaiming if there is none. */
import type { SimulatedMachine } from './machine.ts';
import type { Memory, SimNode } from './memory.ts';
import type { SimVma } from './process.ts';
import { reclaimOldest } from './reclaim.ts';

/** Mappings are populated in steps of this: what doesn't fit pushes out what came before. */
const POPULATE_PAGES = 2 ** 18;

/** Fills in a whole mapping, as far as there is room. */
export function populate(machine: SimulatedMachine, vma: SimVma): void {
  for (let first = 0; first < vma.pages; ) {
    const placed = placePages(machine, vma, first, Math.min(vma.pages, first + POPULATE_PAGES));
    if (placed === 0) break;
    first += placed;
  }
  vma.extents.tidy();
}

/** @returns how many of the missing pages [start, end) came, from the front */
export function placePages(
  machine: SimulatedMachine,
  vma: SimVma,
  start: number,
  end: number,
): number {
  const { memory, counters } = machine;
  let placed = placeAbove(memory, vma, start, end, 'low');
  if (placed === end - start) return placed;
  const wanted = end - start - placed;
  counters.reclaimedPages += reclaimOldest(memory, machine.processes, wanted, machine.nowUs);
  placed += placeAbove(memory, vma, start + placed, end, 'min');
  return placed;
}

function placeAbove(
  memory: Memory,
  vma: SimVma,
  start: number,
  end: number,
  mark: keyof SimNode['watermarks'],
): number {
  let first = start;
  for (const node of memory.nodesByTier) {
    if (first === end) break;
    first += memory.moveToNode(vma, first, end, node, node.watermarks[mark], 'new');
  }
  return first - start;
}
