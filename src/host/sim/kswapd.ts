/**
 * The kernel's own reclaim. In the background, nodes below their low watermark are brought up to
 * the high one, as fast as one CPU a node can. Who needs more at once has to do the work itself.
 */
import type { SimulatedMachine } from './machine.ts';
import { freePages } from './memory.ts';

/** The background reclaim of all nodes. */
export class Kswapd {
  readonly #machine: SimulatedMachine;
  /** Microseconds of its CPUs that are left of the running slice. */
  #leftUs = 0;

  constructor(machine: SimulatedMachine) {
    this.#machine = machine;
  }

  beginSlice(sliceUs: number): void {
    this.#leftUs = sliceUs * this.#machine.memory.nodes.length;
  }

  /** Brings nodes that are short of memory back up. */
  balance(): void {
    const { nodes } = this.#machine.memory;
    for (const node of nodes) {
      const free = freePages(node);
      if (free >= node.watermarks.low || this.#leftUs <= 0) continue;
      this.#reclaim(node.watermarks.high - free, node.nid);
    }
  }

  /**
   * Reclaims for somebody who found no room.
   * @returns microseconds that he had to wait
   */
  makeRoom(pages: number): number {
    const { nodes } = this.#machine.memory;
    const short = nodes.reduce(
      (sum, node) => sum + Math.max(0, node.watermarks.high - freePages(node)),
      0,
    );
    return this.#reclaim(pages + short);
  }

  /** @returns microseconds of work that went beyond what the background can do */
  #reclaim(pages: number, nid?: number): number {
    const { counters, reclaimer, nowUs } = this.#machine;
    const scope = nid === undefined ? {} : { nid };
    const { pages: reclaimed, workUs } = reclaimer.reclaim(pages, scope, nowUs);
    counters.reclaimedPages += reclaimed;
    counters.reclaimWorkUs += workUs;
    const beyondUs = Math.max(0, workUs - this.#leftUs);
    this.#leftUs = Math.max(0, this.#leftUs - workUs);
    return beyondUs;
  }
}
