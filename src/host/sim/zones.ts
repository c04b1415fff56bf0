/** Zones of the simulated machine's nodes, by address, as Linux makes them. */
import { alignDown } from '../../base/arithmetic.ts';
import type { MemoryZone } from '../host.ts';
import { HUGE_PAGES, PAGE_SIZE } from './page.ts';
import type { NodeSpec } from './scenario.ts';

/** What devices of 32 bits reach. */
const DMA32_END = 2 ** 32;

/** In order of addresses; all of each node. */
export function zonesOf(nodes: readonly NodeSpec[]): MemoryZone[] {
  let start = 0;
  return nodes.flatMap(({ sizeBytes, movableBytes }, nid) => {
    const end = start + sizeBytes;
    // Pages that can't be moved lie in whole blocks, none of which may reach into this zone.
    const movable =
      movableBytes === 0 ? end : alignDown(end - movableBytes, HUGE_PAGES * PAGE_SIZE);
    const normal = Math.min(Math.max(start, DMA32_END), movable);
    const parts = [
      { name: 'DMA32', range: { start, end: normal } },
      { name: 'Normal', range: { start: normal, end: movable } },
      { name: 'Movable', range: { start: Math.max(start, movable), end } },
    ];
    start = end;
    return parts.filter(({ range }) => range.start < range.end).map((zone) => ({ nid, ...zone }));
  });
}
