/** What schemes do to memory; each returns the pages on which it succeeded. */
import type { SimulatedMachine } from './machine.ts';
import { placePages } from './placement.ts';
import type { Mix } from './population.ts';
import type { SimVma } from './process.ts';

/** Microseconds of a CPU that schemes need for a page; moving one costs about two copies. */
const WORK_US = { pageOut: 5, bring: 5, migrate: 2.5, setLru: 0.1 };

/**
 * Microseconds of its process's time for a page that a scheme moves: pages move in batches, of
 * which each makes the processors forget translations once.
 */
const MIGRATION_STALL_US = 0.1;

/** What an action is about to do with a range of pages. */
export interface PageRange {
  readonly vma: SimVma;
  readonly start: number;
  readonly end: number;
}

/** The deeds of a machine's schemes. */
export class SimActions {
  readonly #machine: SimulatedMachine;

  constructor(machine: SimulatedMachine) {
    this.#machine = machine;
  }

  pageOut(range: PageRange): number {
    return this.pageOutAll([range]);
  }

  /** The same for many ranges at once, which costs less than one after the other. */
  pageOutAll(ranges: readonly PageRange[]): number {
    const { memory, counters } = this.#machine;
    let pages = 0;
    for (const { vma, start, end } of ranges) pages += memory.takeAway(vma, start, end);
    counters.pagedOutPages += pages;
    counters.schemeWorkUs += pages * WORK_US.pageOut;
    for (const vma of new Set(ranges.map((range) => range.vma))) vma.extents.tidy();
    return pages;
  }

  /** Brings back what is away, as far as there is room. */
  willNeed({ vma, start, end }: PageRange): number {
    let brought = 0;
    for (const extent of vma.extents.cut(start, end)) {
      if (extent.location >= 0) continue;
      const { start: first, end: last } = extent;
      const { pages } = placePages(this.#machine, vma, first, last);
      for (const arrived of vma.extents.cut(first, first + pages))
        arrived.youngSinceUs = this.#machine.nowUs;
      brought += pages;
    }
    this.#machine.counters.broughtBackPages += brought;
    this.#machine.counters.schemeWorkUs += brought * WORK_US.bring;
    vma.extents.tidy();
    return brought;
  }

  /** Moves pages up (1) or down (-1) in the LRU lists. */
  setLru({ vma, start, end }: PageRange, lru: 1 | -1): number {
    let pages = 0;
    for (const extent of vma.extents.cut(start, end)) {
      if (extent.location < 0) continue;
      extent.active = lru > 0;
      extent.listedUs = this.#machine.nowUs;
      pages += extent.end - extent.start;
    }
    this.#machine.counters.schemeWorkUs += pages * WORK_US.setLru;
    vma.extents.tidy();
    return pages;
  }

  /** Notes who the pages of a run are, once their use has told them apart. */
  tell({ vma, start, end }: PageRange, mix: Mix): void {
    for (const extent of vma.extents.cut(start, end)) extent.mix = mix;
  }

  /** Clears the accessed bits. */
  clearYoung({ vma, start, end }: PageRange): void {
    for (const extent of vma.extents.cut(start, end)) extent.youngSinceUs = this.#machine.nowUs;
    vma.extents.tidy();
  }

  /** Maps whole 2 MiB by huge pages, or no longer; making them needs all of their pages there. */
  setHuge(range: PageRange, huge: boolean): void {
    const { vma, start, end } = range;
    if (huge) this.willNeed(range);
    for (const extent of vma.extents.cut(start, end)) {
      extent.huge = huge && extent.location >= 0;
    }
    this.#machine.ratesChanged();
    vma.extents.tidy();
  }

  /** Moves what is on other nodes to node `nid`, as far as there is room; away pages stay away. */
  migrate({ vma, start, end }: PageRange, nid: number): number {
    const node = this.#machine.memory.nodes[nid];
    if (node === undefined) return 0;
    let pages = 0;
    for (const extent of vma.extents.cut(start, end)) {
      if (extent.location < 0 || extent.location === nid) continue;
      const { start: first, end: last } = extent;
      const { memory } = this.#machine;
      pages += memory.migrations.asScheme(() =>
        memory.moveToNode(vma, first, last, node, node.watermarks.min, 'kept'),
      );
    }
    vma.process.owedUs += pages * MIGRATION_STALL_US;
    this.#machine.counters.schemeWorkUs += pages * WORK_US.migrate;
    vma.extents.tidy();
    return pages;
  }

  /**
   * Takes whole blocks of 2^order pages within frames [start, end) out of use, their content moving
   * elsewhere on the node; each block succeeds or fails by itself.
   */
  alloc(start: number, end: number, order: number): number {
    const { blocks, counters } = this.#machine;
    const movedBefore = blocks.movedPages;
    const pages = blocks.takeWithin(start, end, 2 ** order);
    counters.schemeWorkUs += (blocks.movedPages - movedBefore) * WORK_US.migrate;
    return pages;
  }

  /** Puts such blocks back into use. */
  free(start: number, end: number, order: number): number {
    return this.#machine.blocks.giveBackWithin(start, end, 2 ** order);
  }
}
