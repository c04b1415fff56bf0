/**
 * Contiguous blocks of physical memory that are taken out of use and given back: what
 * `alloc_contig_range` does for DAMOS_ALLOC (docs/acma.md).
 */
import { alignUp } from '../../base/arithmetic.ts';
import { assert } from '../../base/assert.ts';
import type { AddressRange } from '../../params/types.ts';
import { unitHash } from './hash.ts';
import { freePages, type Memory, type SimNode } from './memory.ts';
import { PAGE_SIZE } from './page.ts';
import type { SimProcess } from './process.ts';

/** Whether one block could be taken, and why not. */
export type TakeOutcome = 'taken' | 'owned' | 'unmovable' | 'no-room';

/** A block that is out of use. Frame numbers are machine-wide. */
interface OwnedBlock {
  readonly node: SimNode;
  readonly pages: number;
}

/** What it takes to move memory out of the way. */
export interface BlocksOptions {
  readonly memory: Memory;
  readonly processes: readonly SimProcess[];
  readonly seed: number;
  /** By node: the share of 2 MiB blocks that hold a page which can't be moved, 0…1. */
  readonly unmovableShares: readonly number[];
  /** There is no such page in these ranges of bytes. */
  readonly movable: readonly AddressRange[];
}

/**
 * Who is told of blocks, and can refuse: a hypervisor, or whoever keeps books. By physical address
 * in bytes.
 */
export interface BlockListener {
  /** A block has been taken; false undoes that. */
  taken(address: number, sizeBytes: number): boolean;
  /** A block is about to be given back; false keeps it. */
  returning(address: number, sizeBytes: number): boolean;
}

/** Unmovable pages gather in blocks of this many pages, as the kernel's page blocks do. */
const PAGE_BLOCK_PAGES = 512;

/** The blocks of one machine. */
export class Blocks {
  readonly #options: BlocksOptions;
  readonly #owned = new Map<number, OwnedBlock>();
  /** Nobody, unless set. */
  listener: BlockListener = { taken: () => true, returning: () => true };
  /** Pages whose content had to be moved. */
  movedPages = 0;

  constructor(options: BlocksOptions) {
    this.#options = options;
  }

  /** First frames of the blocks that are out of use, in the order in which they were taken. */
  owned(): number[] {
    return [...this.#owned.keys()];
  }

  isOwned(frame: number): boolean {
    return this.#owned.has(frame);
  }

  /** Pages out of use. */
  get ownedPages(): number {
    return [...this.#owned.values()].reduce((sum, { pages }) => sum + pages, 0);
  }

  /**
   * Takes each whole block of `pages` frames within [start, end): DAMOS_ALLOC. One that can't be
   * taken, or is refused, does not keep the others from being taken.
   * @returns pages taken
   */
  takeWithin(start: number, end: number, pages: number): number {
    let taken = 0;
    for (let frame = alignUp(start, pages); frame + pages <= end; frame += pages) {
      if (this.take(frame, pages) !== 'taken') continue;
      if (this.listener.taken(frame * PAGE_SIZE, pages * PAGE_SIZE)) taken += pages;
      else this.giveBack(frame);
    }
    return taken;
  }

  /**
   * Gives back each block of `pages` frames that lies within [start, end): DAMOS_FREE. One that is
   * vetoed stays taken.
   * @returns pages given back
   */
  giveBackWithin(start: number, end: number, pages: number): number {
    let given = 0;
    for (let frame = alignUp(start, pages); frame + pages <= end; frame += pages) {
      if (this.#owned.get(frame)?.pages !== pages) continue;
      if (!this.listener.returning(frame * PAGE_SIZE, pages * PAGE_SIZE)) continue;
      this.giveBack(frame);
      given += pages;
    }
    return given;
  }

  /** Takes frames [frame, frame + pages) out of use; what they hold moves elsewhere on the node. */
  take(frame: number, pages: number): TakeOutcome {
    const node = this.#nodeOf(frame);
    if (this.#owned.has(frame)) return 'owned';
    if (this.#isUnmovable(node, frame, pages)) return 'unmovable';
    const { frames, watermarks } = node;
    const claimed = frames.claim(frame, pages);
    const free = claimed.reduce((sum, { count }) => sum + count, 0);
    if (pages - free > 0 && freePages(node) - watermarks.min < pages - free) {
      for (const { start, count } of claimed) frames.give(start, count);
      return 'no-room';
    }
    this.movedPages += pages - free;
    this.#evacuate(node, frame, pages);
    this.#owned.set(frame, { node, pages });
    return 'taken';
  }

  /** Puts a block that is out of use back into use, empty. */
  giveBack(frame: number): void {
    const block = this.#owned.get(frame);
    assert(block !== undefined, 'the block is not out of use');
    this.#owned.delete(frame);
    block.node.frames.give(frame, block.pages);
  }

  /** Blocks of `pages` frames that are wholly free. */
  nrFree(pages: number): number {
    const { nodes } = this.#options.memory;
    return nodes.reduce((sum, { frames }) => sum + frames.nrFreeBlocks(pages), 0);
  }

  #evacuate(node: SimNode, frame: number, pages: number): void {
    const { memory, processes } = this.#options;
    for (const vma of processes.flatMap(({ vmas }) => vmas)) {
      const inside = vma.extents.list
        .filter(({ location }) => location === node.nid)
        .map((extent) => {
          const from = Math.max(extent.frame, frame);
          const to = Math.min(extent.frame + extent.end - extent.start, frame + pages);
          const start = extent.start + from - extent.frame;
          return { start, end: start + to - from };
        })
        .filter(({ start, end }) => start < end);
      for (const { start, end } of inside) memory.relocate(vma, start, end, node);
      if (inside.length > 0) vma.extents.tidy();
    }
  }

  #isUnmovable(node: SimNode, frame: number, pages: number): boolean {
    const { movable, unmovableShares } = this.#options;
    const share = unmovableShares[node.nid] ?? 0;
    const address = frame * PAGE_SIZE;
    const isMovable = movable.some(({ start, end }) => address >= start && address < end);
    if (share === 0 || isMovable) return false;
    const first = Math.floor(frame / PAGE_BLOCK_PAGES);
    const end = Math.ceil((frame + pages) / PAGE_BLOCK_PAGES);
    for (let block = first; block < end; block++) {
      if (unitHash(block, this.#options.seed) < share) return true;
    }
    return false;
  }

  #nodeOf(frame: number): SimNode {
    const node = this.#options.memory.nodes.find(
      ({ frames }) => frame >= frames.first && frame < frames.first + frames.size,
    );
    assert(node !== undefined, 'a frame of a node');
    return node;
  }
}
