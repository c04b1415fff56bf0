/** What has moved from node to node: how much, which way, how fast, and how much of it in vain. */
import type { Extent } from './extents.ts';
import { PAGE_SIZE } from './page.ts';
import type { SimVma } from './process.ts';

/** Who moved pages: a scheme, or the kernel on its own. */
export type Mover = 'scheme' | 'kernel';

/** A page that goes back within this time has been moved in vain. */
const PING_PONG_US = 60_000_000;

const SECOND_US = 1_000_000;

/** The ledger of all moves between nodes of different tiers. */
export class Migrations {
  /** Moves to a faster, and to a slower node. */
  promotedPages = 0;
  demotedPages = 0;
  /** Moves that undid an earlier one of the last minute. */
  pingPongPages = 0;
  /** The most that schemes have moved in one second of the machine's time. */
  busiestSecondPages = 0;
  mover: Mover = 'kernel';
  readonly #nowUs: () => number;
  /** Bytes that were read from and written to each node since somebody last took them. */
  readonly #traffic: Float64Array;
  #second = -1;
  #secondPages = 0;

  constructor(nowUs: () => number, nrNodes: number) {
    this.#nowUs = nowUs;
    this.#traffic = new Float64Array(nrNodes);
  }

  /** Notes that an extent is about to go from one node to another. */
  record(extent: Extent, from: MovedNode, to: MovedNode): void {
    const pages = extent.end - extent.start;
    this.#traffic[from.nid]! += pages * PAGE_SIZE;
    this.#traffic[to.nid]! += pages * PAGE_SIZE;
    if (from.tier === to.tier) return;
    const nowUs = this.#nowUs();
    const up = to.tier < from.tier;
    if (up) this.promotedPages += pages;
    else this.demotedPages += pages;
    const returns = extent.movedUs >= 0 && extent.movedUp !== up;
    if (returns && nowUs - extent.movedUs <= PING_PONG_US) this.pingPongPages += pages;
    extent.movedUs = nowUs;
    extent.movedUp = up;
    if (this.mover === 'scheme') this.#countInSecond(Math.floor(nowUs / SECOND_US), pages);
  }

  /** Runs `move` on behalf of a scheme; everything else is the kernel's. */
  asScheme<T>(move: () => T): T {
    this.mover = 'scheme';
    try {
      return move();
    } finally {
      this.mover = 'kernel';
    }
  }

  /** Bytes copied from and to a node since the last call. */
  takeTraffic(nid: number): number {
    const bytes = this.#traffic[nid]!;
    this.#traffic[nid] = 0;
    return bytes;
  }

  /** Forgets moves that are too long ago to matter, so that extents can be joined again. */
  forgetOld(vmas: readonly SimVma[]): void {
    const sinceUs = this.#nowUs() - PING_PONG_US;
    for (const extent of vmas.flatMap(({ extents }) => extents.list)) {
      if (extent.movedUs >= 0 && extent.movedUs < sinceUs) extent.movedUs = -1;
    }
  }

  #countInSecond(second: number, pages: number): void {
    if (second !== this.#second) this.#secondPages = 0;
    this.#second = second;
    this.#secondPages += pages;
    this.busiestSecondPages = Math.max(this.busiestSecondPages, this.#secondPages);
  }
}

interface MovedNode {
  readonly nid: number;
  readonly tier: number;
}
