/** A run of pages of which the same share has some property. */
interface Extent {
  start: number;
  end: number;
  /** Above 0 and up to 1. */
  share: number;
}

/** Rows `first` up to `last` of columns, and the share of each row's pages that stays untouched. */
export interface AccessedRows {
  readonly start: Float64Array;
  readonly end: Float64Array;
  /** Share of a row's pages that was accessed at all; few of them have the property if they can. */
  readonly activeShare: Float64Array;
  readonly first: number;
  readonly last: number;
  /** Of the pages that were accessed at all. */
  readonly keeps: (row: number) => number;
}

/** The memory that rows of accesses meet: gathered once, to be asked often. */
export class MetMemory {
  #nr = 0;
  #bytes = new Float64Array(64);
  #row = new Uint32Array(64);

  clear(): void {
    this.#nr = 0;
  }

  add(bytes: number, row: number): void {
    if (this.#nr === this.#bytes.length) {
      const [oldBytes, oldRow] = [this.#bytes, this.#row];
      this.#bytes = new Float64Array(oldBytes.length * 2);
      this.#bytes.set(oldBytes);
      this.#row = new Uint32Array(oldRow.length * 2);
      this.#row.set(oldRow);
    }
    this.#bytes[this.#nr] = bytes;
    this.#row[this.#nr++] = row;
  }

  /** What `lower` would return for rows that keep so much. */
  wouldLose(keeps: (row: number) => number): number {
    let bytes = 0;
    for (let at = 0; at < this.#nr; at++) bytes += this.#bytes[at]! * (1 - keeps(this.#row[at]!));
    return bytes;
  }
}

/** Less than half a page in all is nothing. */
const NEGLIGIBLE_BYTES = 2048;

/** Neighbours whose shares differ by less become one. */
const SAME_SHARE = 1 / 1024;

/**
 * Which share of the pages of an address space has a property (is out; was not touched), by
 * extents of byte addresses. Shares are expectations: which page of an extent it is, is not known.
 */
export class MemoryShares {
  #extents: Extent[] = [];
  #bytes = 0;

  /** Bytes that have the property. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Gives the property to a share of the pages in [start, end) that lack it.
   * @returns the bytes that got it
   */
  raise(start: number, end: number, share: number): number {
    if (share <= 0) return 0;
    const before = this.#bytes;
    let index = this.#indexOf(start);
    const first = this.#extents[index];
    if (first !== undefined && first.start <= start && first.end >= end && first.share === 1) {
      return 0;
    }
    for (let from = start; from < end; ) {
      const extent = this.#extents[index];
      if (extent === undefined || extent.start >= end) {
        this.#insert(index, from, end, share);
        break;
      }
      if (from < extent.start) {
        this.#insert(index, from, extent.start, share);
        from = extent.start;
        index += 1;
        continue;
      }
      index = this.#isolate(index, from, Math.min(end, extent.end));
      const part = this.#extents[index]!;
      this.#setShare(part, part.share + (1 - part.share) * share);
      from = part.end;
      index += 1;
    }
    this.#tidy();
    return this.#bytes - before;
  }

  /**
   * Takes the property from pages that are accessed: each row is a range, sorted and apart.
   * @returns the bytes that lost it
   */
  lower({ start, end, activeShare, first, last, keeps }: AccessedRows): number {
    const before = this.#bytes;
    let index = 0;
    let changed = false;
    for (let row = first; row < last && index < this.#extents.length; row++) {
      while (index < this.#extents.length && this.#extents[index]!.end <= start[row]!) index += 1;
      while (index < this.#extents.length && this.#extents[index]!.start < end[row]!) {
        const { start: from, end: to } = this.#extents[index]!;
        index = this.#isolate(index, Math.max(from, start[row]!), Math.min(to, end[row]!));
        const part = this.#extents[index]!;
        const accessed = accessedPart(part.share, activeShare[row]!);
        this.#setShare(part, part.share - accessed * (1 - keeps(row)));
        changed = true;
        if (to > end[row]!) break;
        index += 1;
      }
    }
    if (changed) this.#tidy();
    return before - this.#bytes;
  }

  /** Gathers what `lower` would take from, without doing it. */
  meet(rows: Omit<AccessedRows, 'keeps'>, met: MetMemory): void {
    const { start, end, activeShare, first, last } = rows;
    met.clear();
    let index = 0;
    for (let row = first; row < last; row++) {
      while (index < this.#extents.length && this.#extents[index]!.end <= start[row]!) index += 1;
      for (let at = index; at < this.#extents.length; at++) {
        const extent = this.#extents[at]!;
        if (extent.start >= end[row]!) break;
        const size = Math.min(extent.end, end[row]!) - Math.max(extent.start, start[row]!);
        met.add(size * accessedPart(extent.share, activeShare[row]!), row);
      }
    }
  }

  /**
   * Forgets what lies outside of ranges, which are sorted and apart.
   * @returns the bytes that are forgotten
   */
  retain(ranges: readonly { readonly start: number; readonly end: number }[]): number {
    const before = this.#bytes;
    const kept: Extent[] = [];
    this.#bytes = 0;
    for (const { start, end } of ranges) {
      for (let index = this.#indexOf(start); index < this.#extents.length; index++) {
        const extent = this.#extents[index]!;
        if (extent.start >= end) break;
        const part = { ...extent };
        part.start = Math.max(start, extent.start);
        part.end = Math.min(end, extent.end);
        kept.push(part);
        this.#bytes += (part.end - part.start) * part.share;
      }
    }
    this.#extents = kept;
    return before - this.#bytes;
  }

  /** Calls `visit` for each run of equal share in [start, end), those without any included. */
  forEach(
    start: number,
    end: number,
    visit: (start: number, end: number, share: number) => void,
  ): void {
    let from = start;
    for (let index = this.#indexOf(start); index < this.#extents.length; index++) {
      const extent = this.#extents[index]!;
      if (extent.start >= end) break;
      if (from < extent.start) visit(from, extent.start, 0);
      from = Math.min(end, extent.end);
      visit(Math.max(start, extent.start), from, extent.share);
    }
    if (from < end) visit(from, end, 0);
  }

  /** Index of the first extent that ends behind `address`. */
  #indexOf(address: number): number {
    let low = 0;
    let high = this.#extents.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#extents[middle]!.end <= address) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #insert(index: number, start: number, end: number, share: number): void {
    this.#extents.splice(index, 0, { start, end, share });
    this.#bytes += (end - start) * share;
  }

  /** Cuts an extent so that one of exactly [start, end) comes out; returns its index. */
  #isolate(index: number, start: number, end: number): number {
    const extent = this.#extents[index]!;
    const { share } = extent;
    if (end < extent.end) {
      this.#extents.splice(index + 1, 0, { start: end, end: extent.end, share });
      extent.end = end;
    }
    if (start === extent.start) return index;
    this.#extents.splice(index + 1, 0, { start, end, share });
    extent.end = start;
    return index + 1;
  }

  #setShare(extent: Extent, share: number): void {
    const size = extent.end - extent.start;
    const kept = share * size < NEGLIGIBLE_BYTES ? 0 : share;
    this.#bytes += (kept - extent.share) * size;
    extent.share = kept;
  }

  /** Drops what is empty, and joins neighbours that differ by next to nothing. */
  #tidy(): void {
    let kept = 0;
    for (const extent of this.#extents) {
      if (extent.share === 0) continue;
      const last = kept === 0 ? undefined : this.#extents[kept - 1]!;
      if (last !== undefined && last.end === extent.start && isAlike(last, extent)) {
        const size = extent.end - extent.start;
        const lastSize = last.end - last.start;
        last.share = (last.share * lastSize + extent.share * size) / (lastSize + size);
        last.end = extent.end;
      } else {
        this.#extents[kept++] = extent;
      }
    }
    this.#extents.length = kept;
    if (kept === 0) this.#bytes = 0;
  }
}

/** What accesses to `activeShare` of the pages can't but meet of those with a property. */
function accessedPart(share: number, activeShare: number): number {
  return Math.max(0, share - (1 - activeShare));
}

/** Whole extents stay whole, so that raising them again is seen to be nothing. */
function isAlike(left: Extent, right: Extent): boolean {
  if (left.share === right.share) return true;
  return left.share < 1 && right.share < 1 && Math.abs(left.share - right.share) < SAME_SHARE;
}
