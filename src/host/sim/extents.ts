import { joinedMix, type Mix, mixDifference } from './population.ts';

/** Never accessed yet: takes no memory. */
export const UNTOUCHED = -1;

/** Reclaimed: swapped, or dropped when it was a page of a file. */
export const AWAY = -2;

/** A run of pages of one mapping that share a fate. Page numbers count from the mapping's start. */
export interface Extent {
  start: number;
  end: number;
  /** The node that it is on, or `UNTOUCHED` or `AWAY`. */
  location: number;
  /** While on a node: the frame of its first page; the others follow. */
  frame: number;
  /** How popular its pages are, where that is not told by their places. */
  mix: Mix;
  /** While not on a node: the fraction of a page that is due to come with the next faults. */
  carry: number;
  /** While on a node: on the active list, or on the inactive one. */
  active: boolean;
  /** Since when it is at its place in that list, or in its generation. */
  listedUs: number;
  /** Accessed bits tell of accesses since then; -1: set when the page came, not cleared since. */
  youngSinceUs: number;
  /** Mapped by huge pages, so that its accessed bits are one in 2 MiB. */
  huge: boolean;
  /** When it last went from one node to another, and which way; -1: never, or long ago. */
  movedUs: number;
  movedUp: boolean;
}

/** Wholly different mixes weigh as much as histories that differ by so many microseconds. */
const MIX_US = 1e10;

/** Above so many, and some for each section, neighbours with similar histories are joined. */
const MANY_EXTENTS = 32;
const MANY_IN_SECTION = 3;

/** What an extent map must know of its mapping. */
export interface ExtentMapOptions {
  readonly pages: number;
  readonly huge: boolean;
  /**
   * Pages in front of which others differ in how they are accessed, in order. Between two of them,
   * in a section, pages are accessed alike, so that their places tell nothing.
   */
  readonly walls: readonly number[];
}

/**
 * Where the pages of one mapping are, as a sorted list of extents without gaps. Its length follows
 * the number of different things that were done to the mapping, not its size.
 */
export class ExtentMap {
  #list: Extent[];
  readonly #walls: ReadonlySet<number>;
  readonly #wallList: readonly number[];
  readonly #many: number;
  /** How many were left when similar ones were last taken together. */
  #least = 0;

  constructor({ pages, huge, walls }: ExtentMapOptions) {
    this.#walls = new Set(walls);
    this.#wallList = walls;
    this.#many = MANY_EXTENTS + MANY_IN_SECTION * (walls.length + 1);
    this.#list = [
      {
        start: 0,
        end: pages,
        location: UNTOUCHED,
        frame: 0,
        mix: null,
        carry: 0,
        active: false,
        listedUs: 0,
        youngSinceUs: -1,
        huge,
        movedUs: -1,
        movedUp: false,
      },
    ];
  }

  /** All extents, in order; not to be changed while it is walked. */
  get list(): readonly Extent[] {
    return this.#list;
  }

  /** Whether there are more extents than should be. */
  get isLong(): boolean {
    return this.#list.length > this.#many;
  }

  /** Puts extents of one fate side by side, where the places of their pages tell nothing. */
  sortSections(): void {
    for (const wall of this.#walls) this.#boundary(wall);
    const sections = Map.groupBy(this.#list, ({ start }) => this.#sectionOf(start));
    this.#list = [...sections.values()].flatMap(sorted);
  }

  /** Index of the section that holds a page. */
  #sectionOf(page: number): number {
    let low = 0;
    let high = this.#wallList.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#wallList[middle]! <= page) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Index of the extent that holds a page. */
  indexOf(page: number): number {
    let low = 0;
    let high = this.#list.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#list[middle]!.start <= page) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The extents of [start, end), cut so that none reaches beyond it. */
  cut(start: number, end: number): Extent[] {
    if (start >= end) return [];
    const first = this.#boundary(start);
    return this.#list.slice(first, this.#boundary(end));
  }

  /** Cuts an extent of this map in front of `page`; returns the right part. */
  split(extent: Extent, page: number): Extent {
    this.#boundary(page);
    return this.#list[this.indexOf(extent.start) + 1]!;
  }

  /** Joins neighbours that are alike. Call it after changes, when nobody holds an extent. */
  tidy(): void {
    this.#join(0);
    if (this.#list.length <= Math.max(this.#many, this.#least * 1.25)) return;
    // Differences in history that are small against the rest of it are given up first.
    for (let toleranceUs = 100_000; toleranceUs < 1e15; toleranceUs *= 4) {
      this.#join(toleranceUs);
      if (this.#list.length <= this.#many / 2) break;
    }
    this.#least = this.#list.length;
  }

  #join(toleranceUs: number): void {
    const list = this.#list;
    let last = 0;
    for (let index = 1; index < list.length; index++) {
      const left = list[last]!;
      const right = list[index]!;
      const joins =
        inOnePlace(left, right) &&
        (left.location >= 0 || !this.#walls.has(right.start)) &&
        historyDifferenceUs(left, right) <= toleranceUs;
      if (joins) join(left, right);
      else list[++last] = right;
    }
    list.length = last + 1;
  }

  /** Index of the extent that starts at `page`, splitting the one around it if need be. */
  #boundary(page: number): number {
    const index = this.indexOf(page);
    const extent = this.#list[index]!;
    if (page >= extent.end) return index + 1;
    if (page === extent.start) return index;
    const frame = extent.frame + page - extent.start;
    const share = (page - extent.start) / (extent.end - extent.start);
    const right = { ...extent, start: page, frame, carry: extent.carry * (1 - share) };
    extent.end = page;
    extent.carry *= share;
    this.#list.splice(index + 1, 0, right);
    return index + 1;
  }
}

function inOnePlace(left: Extent, right: Extent): boolean {
  if (left.location !== right.location || left.huge !== right.huge) return false;
  return left.location < 0 || left.frame + left.end - left.start === right.frame;
}

function historyDifferenceUs(left: Extent, right: Extent): number {
  if (left.location === UNTOUCHED) return 0;
  const mixUs = mixDifference(left.mix, right.mix) * MIX_US;
  if (left.location === AWAY) return mixUs;
  const listUs = left.active === right.active ? Math.abs(left.listedUs - right.listedUs) : 1e12;
  const movedUs = left.movedUp === right.movedUp ? Math.abs(left.movedUs - right.movedUs) : 1e12;
  return Math.max(listUs, mixUs, movedUs, youngDifferenceUs(left, right));
}

/**
 * Pages whose accessed bits were never cleared are all young, however much later the others were
 * looked at: taking the two together would undo the look.
 */
function youngDifferenceUs(left: Extent, right: Extent): number {
  if (left.youngSinceUs < 0 !== right.youngSinceUs < 0) return Infinity;
  return Math.abs(left.youngSinceUs - right.youngSinceUs);
}

/** Takes the right extent into the left one; differing histories become their average. */
function join(left: Extent, right: Extent): void {
  const share = (right.end - right.start) / (right.end - left.start);
  left.mix = joinedMix(left.mix, right.mix, share);
  left.carry += right.carry;
  left.youngSinceUs = joinedYoungSinceUs(left, right, share);
  if (share > 0.5) {
    left.active = right.active;
    left.listedUs = right.listedUs;
    left.movedUs = right.movedUs;
    left.movedUp = right.movedUp;
  }
  left.end = right.end;
}

/** Their average, so that small looks add up; the larger one's, where one was not looked at. */
function joinedYoungSinceUs(left: Extent, right: Extent, rightShare: number): number {
  if (left.youngSinceUs < 0 || right.youngSinceUs < 0) {
    return rightShare > 0.5 ? right.youngSinceUs : left.youngSinceUs;
  }
  return left.youngSinceUs + (right.youngSinceUs - left.youngSinceUs) * rightShare;
}

/** The extents of one section, by place and history, on the same pages as before. */
function sorted(section: Extent[]): Extent[] {
  let page = section[0]!.start;
  section.sort(
    (left, right) =>
      left.location - right.location ||
      Number(left.active) - Number(right.active) ||
      left.listedUs - right.listedUs ||
      left.youngSinceUs - right.youngSinceUs,
  );
  for (const extent of section) {
    const pages = extent.end - extent.start;
    extent.start = page;
    page += pages;
    extent.end = page;
  }
  return section;
}
