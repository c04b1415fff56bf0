/** Nodes, swap, and the moves of pages between them. */
import { AWAY, type Extent, UNTOUCHED } from './extents.ts';
import { FrameSpace } from './frames.ts';
import { Migrations } from './migrations.ts';
import { PAGE_SIZE } from './page.ts';
import type { SimVma } from './process.ts';
import type { Scenario } from './scenario.ts';
import { pieceIndex } from './workload.ts';

/**
 * Shares of a node that are kept free, about what Linux computes for large machines: below `low`
 * memory is taken elsewhere or reclaimed up to `high`, below `min` nothing is handed out.
 */
const WATERMARKS = { min: 0.001, low: 0.002, high: 0.003 };

/** A NUMA node: its frames and what they cost to access. */
export interface SimNode {
  readonly nid: number;
  readonly tier: number;
  /** Of an access while nothing else is going on. */
  readonly latencyNs: number;
  /** 0: more than anybody asks for. */
  readonly bandwidthBytesPerSecond: number;
  readonly frames: FrameSpace;
  /** In pages. */
  readonly watermarks: { readonly min: number; readonly low: number; readonly high: number };
  /** Accesses that it has served. */
  accesses: number;
  /** Those that its load has been reckoned from. */
  loadedAccesses: number;
  /** Of an access under the load of the last slices. */
  loadedLatencyNs: number;
  /** Frames that hold what zram has compressed. */
  poolPages: number;
}

/** Pages of a node that can be handed out, watermarks aside. */
export function freePages({ frames, poolPages }: SimNode): number {
  return frames.freeCount - Math.ceil(poolPages);
}

/** Of pages that come to a node: only moved, or accessed just now. */
export type History = 'kept' | { readonly nowUs: number };

/** How long data of files stay unwritten. */
const DIRTY_SECONDS = 30;

/** All nodes and the swap device, and who holds how much of them. */
export class Memory {
  readonly nodes: readonly SimNode[];
  /** Fastest first. */
  readonly nodesByTier: readonly SimNode[];
  /** Latency of the fastest node. */
  readonly fastestNs: number;
  readonly swapPages: number;
  swapUsedPages = 0;
  readonly migrations: Migrations;
  /** Written to a swap disk, and to files, so far. */
  swapWrittenPages = 0;
  fileWrittenPages = 0;
  /** Changes with every move. */
  version = 0;
  /** Frames of zram's pool for each page that it holds. */
  readonly #poolShare: number;

  /** @param nowUs the machine's time */
  constructor(scenario: Scenario, nowUs: () => number) {
    this.migrations = new Migrations(nowUs, scenario.nodes.length);
    let firstFrame = 0;
    this.nodes = scenario.nodes.map((spec, nid) => {
      const { sizeBytes, latencyNs, bandwidthBytesPerSecond, tier } = spec;
      const pages = sizeBytes / PAGE_SIZE;
      const frames = new FrameSpace(firstFrame, pages);
      firstFrame += pages;
      const watermarks = {
        min: Math.ceil(pages * WATERMARKS.min),
        low: Math.ceil(pages * WATERMARKS.low),
        high: Math.ceil(pages * WATERMARKS.high),
      };
      return {
        nid,
        tier,
        latencyNs,
        bandwidthBytesPerSecond,
        frames,
        watermarks,
        accesses: 0,
        loadedAccesses: 0,
        loadedLatencyNs: latencyNs,
        poolPages: 0,
      };
    });
    this.nodesByTier = [...this.nodes].sort(
      (left, right) => left.tier - right.tier || left.latencyNs - right.latencyNs,
    );
    this.fastestNs = Math.min(...this.nodes.map(({ latencyNs }) => latencyNs));
    this.#poolShare = scenario.swap.kind === 'zram' ? 1 / scenario.swap.compressionRatio : 0;
    this.swapPages = Math.floor(scenario.swap.sizeBytes / PAGE_SIZE);
  }

  /**
   * Moves pages [start, end) of a mapping to a node, front first, as long as more than `reserve`
   * pages stay free there. Pages that are there already count as moved.
   * @param history what is known of the last accesses
   * @returns how many pages from the front are on the node now
   */
  moveToNode(
    vma: SimVma,
    start: number,
    end: number,
    node: SimNode,
    reserve: number,
    history: History,
  ): number {
    let behind = this.#frameBehind(vma, start, node);
    for (const part of vma.extents.cut(start, end)) {
      let extent: Extent | null = part;
      while (extent !== null && extent.location !== node.nid) {
        const available = freePages(node) - reserve;
        if (available <= 0) return extent.start - start;
        const size: number = extent.end - extent.start;
        const home = homeOf(vma, extent.start, node);
        const hint = node.frames.isFree(home) ? home : behind;
        const run = node.frames.take(Math.min(size, available), hint);
        const rest: Extent | null =
          run.count < size ? vma.extents.split(extent, extent.start + run.count) : null;
        if (extent.location >= 0) {
          this.migrations.record(extent, this.nodes[extent.location]!, node);
        }
        const refaulted = extent.location === AWAY;
        this.#leave(vma, extent, node);
        extent.location = node.nid;
        extent.frame = run.start;
        extent.carry = 0;
        if (history !== 'kept') listAsNew(extent, history.nowUs, refaulted);
        behind = run.start + run.count;
        extent = rest;
      }
    }
    return end - start;
  }

  /**
   * Swaps out or drops what of pages [start, end) is on a node, as long as there is swap.
   * @returns how many pages went
   */
  takeAway(vma: SimVma, start: number, end: number): number {
    let moved = 0;
    for (const extent of vma.extents.cut(start, end)) {
      if (extent.location < 0) continue;
      const room = vma.kind === 'file' ? Infinity : this.swapPages - this.swapUsedPages;
      const size = extent.end - extent.start;
      if (room <= 0) break;
      if (room < size) vma.extents.split(extent, extent.start + room);
      const pages = Math.min(room, size);
      this.#leave(vma, extent, null);
      if (vma.kind !== 'file') this.#swapOut(pages, this.nodes[extent.location]!);
      else this.fileWrittenPages += pages * dirtyShare(vma, extent.start);
      extent.location = AWAY;
      extent.carry = 0;
      vma.missingPages += pages;
      vma.awayPages += pages;
      moved += pages;
    }
    return moved;
  }

  /**
   * Moves pages [start, end) of a mapping, which are on `node`, to other frames of it. The frames
   * that they leave are the caller's; so many others must be free.
   */
  relocate(vma: SimVma, start: number, end: number, node: SimNode): void {
    for (const part of vma.extents.cut(start, end)) {
      let extent: Extent | null = part;
      while (extent !== null) {
        const size: number = extent.end - extent.start;
        const run = node.frames.take(size, -1);
        const rest: Extent | null =
          run.count < size ? vma.extents.split(extent, extent.start + run.count) : null;
        extent.frame = run.start;
        extent = rest;
      }
    }
    this.version += 1;
  }

  /** The fastest of the next slower nodes; undefined for one of the slowest. */
  below(node: SimNode): SimNode | undefined {
    return this.nodesByTier.find(({ tier }) => tier > node.tier);
  }

  /**
   * Lays the pages of a mapping out anew, in order, once they lie in too many pieces: what the
   * kernel's compaction does, and what keeps the number of extents from following that of pages.
   */
  compact(vma: SimVma): void {
    for (const { location, frame, start, end } of vma.extents.list) {
      if (location >= 0) this.nodes[location]!.frames.give(frame, end - start);
    }
    vma.extents.sortSections();
    for (const part of vma.extents.cut(0, vma.pages)) {
      const node = this.nodes[part.location];
      let extent: Extent | null = node === undefined ? null : part;
      while (node !== undefined && extent !== null) {
        const size: number = extent.end - extent.start;
        const home = homeOf(vma, extent.start, node);
        const behind = this.#frameBehind(vma, extent.start, node);
        const run = node.frames.take(size, node.frames.isFree(home) ? home : behind);
        const rest: Extent | null =
          run.count < size ? vma.extents.split(extent, extent.start + run.count) : null;
        extent.frame = run.start;
        extent = rest;
      }
    }
    this.version += 1;
    vma.extents.tidy();
  }

  /** Frames that zram holds on all nodes. */
  get poolPages(): number {
    return this.nodes.reduce((sum, node) => sum + node.poolPages, 0);
  }

  #swapOut(pages: number, from: SimNode): void {
    this.swapUsedPages += pages;
    from.poolPages += pages * this.#poolShare;
    if (this.#poolShare === 0) this.swapWrittenPages += pages;
  }

  #swapIn(pages: number): void {
    this.swapUsedPages -= pages;
    let left = pages * this.#poolShare;
    for (const node of this.nodesByTier) {
      const given = Math.min(left, node.poolPages);
      node.poolPages -= given;
      left -= given;
    }
    // What is left are errors of rounding; an empty device holds nothing.
    if (this.swapUsedPages === 0) for (const node of this.nodes) node.poolPages = 0;
  }

  /** Frees everything that a mapping holds. */
  release(vma: SimVma): void {
    for (const extent of vma.extents.cut(0, vma.pages)) {
      if (extent.location >= 0) vma.missingPages += extent.end - extent.start;
      this.#leave(vma, extent, null);
      extent.location = UNTOUCHED;
    }
    vma.extents.tidy();
  }

  /**
   * Accounts for an extent's leaving the place where it is; `to` is null where it goes off nodes.
   */
  #leave(vma: SimVma, extent: Extent, to: SimNode | null): void {
    const pages = extent.end - extent.start;
    this.version += 1;
    if (extent.location >= 0) {
      this.nodes[extent.location]!.frames.give(extent.frame, pages);
      return;
    }
    if (extent.location === AWAY) {
      vma.awayPages -= pages;
      if (vma.kind !== 'file') this.#swapIn(pages);
    }
    if (to !== null) vma.missingPages -= pages;
  }

  /** The frame that would continue what is mapped in front of `page`, or -1. */
  #frameBehind(vma: SimVma, page: number, node: SimNode): number {
    if (page === 0) return -1;
    const before = vma.extents.list[vma.extents.indexOf(page - 1)]!;
    return before.location === node.nid ? before.frame + page - before.start : -1;
  }
}

/**
 * The frame of a node that a page goes to if it is free. Pages that come one by one then lie as if
 * they had come together, which keeps both the number of extents and what physical addresses tell
 * a monitor from falling to pieces.
 */
function homeOf(vma: SimVma, page: number, { frames }: SimNode): number {
  return frames.first + ((vma.firstHome + page) % frames.size);
}

/** A page that is needed again after reclaim belongs to the working set; others are on trial. */
function listAsNew(extent: Extent, nowUs: number, refaulted: boolean): void {
  extent.active = refaulted;
  extent.listedUs = nowUs;
  extent.youngSinceUs = -1;
}

/** Expected share of the pages at this place that were written to and not written back yet. */
function dirtyShare({ rates }: SimVma, page: number): number {
  return -Math.expm1(-rates.pieces[pieceIndex(rates, page)]!.writeRate * DIRTY_SECONDS);
}
