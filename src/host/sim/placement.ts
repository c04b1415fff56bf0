/** Where pages go that come to memory: the fastest node with room, reclaiming if there is none. */
import { charge } from './cgroups.ts';
import type { SimulatedMachine } from './machine.ts';
import type { Memory, SimNode } from './memory.ts';
import type { SimVma } from './process.ts';

/** Mappings are populated in steps of this: what doesn't fit pushes out what came before. */
const POPULATE_PAGES = 2 ** 18;

/** What became of pages that were to come. */
export interface Placed {
  /** So many came, from the front. */
  readonly pages: number;
  /** Microseconds that whoever needed them reclaimed others by itself. */
  readonly stallUs: number;
}

/** Fills in a whole mapping, as far as there is room. */
export function populate(machine: SimulatedMachine, vma: SimVma): void {
  for (let first = 0; first < vma.pages; ) {
    const end = Math.min(vma.pages, first + POPULATE_PAGES);
    const { pages } = placePages(machine, vma, first, end);
    if (pages === 0) break;
    first += pages;
  }
  vma.extents.tidy();
}

/** Brings the missing pages [start, end). */
export function placePages(
  machine: SimulatedMachine,
  vma: SimVma,
  start: number,
  end: number,
): Placed {
  const { memory, nowUs } = machine;
  const { room, stallUs } = charge(machine, vma.process, end - start);
  const until = start + room;
  let placed = placeAbove(memory, vma, start, until, 'low', nowUs);
  placed += placeAbove(memory, vma, start + placed, until, 'min', nowUs);
  const wanted = until - start - placed;
  if (wanted <= 0) return { pages: placed, stallUs };
  const reclaimUs = machine.kswapd.makeRoom(wanted);
  placed += placeAbove(memory, vma, start + placed, until, 'min', nowUs);
  return { pages: placed, stallUs: stallUs + reclaimUs };
}

function placeAbove(
  memory: Memory,
  vma: SimVma,
  start: number,
  end: number,
  mark: keyof SimNode['watermarks'],
  nowUs: number,
): number {
  let first = start;
  for (const node of memory.nodesByTier) {
    if (first >= end) break;
    first += memory.moveToNode(vma, first, end, node, node.watermarks[mark], { nowUs });
  }
  return first - start;
}
