/** A balloon: pages that the guest gives to its host, wherever they lie. */
import type { SimulatedMachine } from './machine.ts';
import { freePages } from './memory.ts';

interface Held {
  readonly nid: number;
  readonly start: number;
  readonly count: number;
}

/**
 * Inflating takes free pages and, when those run short, what the guest's kernel reclaims. It knows
 * neither what is accessed nor which pages lie together.
 */
export class Balloon {
  readonly #machine: SimulatedMachine;
  readonly #held: Held[] = [];

  constructor(machine: SimulatedMachine) {
    this.#machine = machine;
  }

  get pages(): number {
    return this.#held.reduce((sum, { count }) => sum + count, 0);
  }

  /** Grows or shrinks to `pages`, as far as the guest has any to give. */
  resize(pages: number): void {
    this.#deflate(this.pages - pages);
    this.#inflate(pages - this.pages);
  }

  #inflate(wanted: number): void {
    const { memory, kswapd } = this.#machine;
    if (wanted <= 0) return;
    const reserve = (node: (typeof memory.nodes)[number]) => node.watermarks.high;
    const free = memory.nodes.reduce(
      (sum, node) => sum + Math.max(0, freePages(node) - reserve(node)),
      0,
    );
    if (free < wanted) kswapd.makeRoom(wanted - free);
    let left = wanted;
    for (const node of memory.nodes) {
      while (left > 0 && freePages(node) > reserve(node)) {
        const most = Math.min(left, freePages(node) - reserve(node));
        const { start, count } = node.frames.take(most, -1);
        this.#held.push({ nid: node.nid, start, count });
        left -= count;
      }
    }
  }

  #deflate(pages: number): void {
    let left = pages;
    while (left > 0 && this.#held.length > 0) {
      const { nid, start, count } = this.#held.pop()!;
      const given = Math.min(left, count);
      if (given < count) this.#held.push({ nid, start, count: count - given });
      this.#machine.memory.nodes[nid]!.frames.give(start + count - given, given);
      left -= given;
    }
  }
}
