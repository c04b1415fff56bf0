import { assert } from '../base/assert.ts';

/** Probes that a context can have at most (spec section 8). */
export const MAX_NR_PROBES = 4;

const INITIAL_CAPACITY = 64;

/**
 * The regions of one target, ordered by address and never overlapping, as a structure of arrays.
 *
 * At rest the rows lie at the front of the columns:
 *
 *     [ 0 … nr )  [ free … capacity )
 *
 * A pass that splits or removes regions is a walk with a cursor. Rows behind the cursor are done,
 * rows from it on are to come; the first split opens a gap between them, by moving the rows to come
 * to the back once. From then on splitting, merging back and moving on each touch a row or two
 * only:
 *
 *     [ 0 … done )  [ gap )  [ cursor … limit )
 *
 * Columns grow by doubling when a gap is used up, which a steady state never does; hold the table,
 * not its columns, across anything that may split.
 */
export class RegionTable {
  /** Number of regions. Not valid within a walk. */
  nr = 0;

  /** Addresses in core units; a region is [start, end). */
  start: Float64Array<ArrayBuffer> = new Float64Array(INITIAL_CAPACITY);
  end: Float64Array<ArrayBuffer> = new Float64Array(INITIAL_CAPACITY);
  /** The address that stands for the whole region in this sampling interval. */
  samplingAddress: Float64Array<ArrayBuffer> = new Float64Array(INITIAL_CAPACITY);
  /** Samples of the running window in which the region was accessed. */
  nrAccesses: Uint32Array<ArrayBuffer> = new Uint32Array(INITIAL_CAPACITY);
  /** The same of the window before. */
  lastNrAccesses: Uint32Array<ArrayBuffer> = new Uint32Array(INITIAL_CAPACITY);
  /** Aggregation intervals for which the access pattern has been about the same. */
  age: Uint32Array<ArrayBuffer> = new Uint32Array(INITIAL_CAPACITY);
  /** Hits of each probe in the running window, `hitsPerRow` bytes a region. */
  probeHits: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  /** The same of the window before. */
  lastProbeHits: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  /** 0 until `countProbes`, since few contexts have probes; then `MAX_NR_PROBES`. */
  hitsPerRow: 0 | typeof MAX_NR_PROBES = 0;

  /** The row that a walk is at; `start[cursor]` and so on. */
  cursor = 0;
  #done = 0;
  #limit = 0;
  #cuts = new Float64Array(0);

  get capacity(): number {
    return this.start.length;
  }

  size(row: number): number {
    return this.end[row]! - this.start[row]!;
  }

  /** Index of a probe's counter in the two hit columns. */
  probeIndex(row: number, probe: number): number {
    return row * MAX_NR_PROBES + probe;
  }

  totalSize(): number {
    let total = 0;
    for (let row = 0; row < this.nr; row++) total += this.end[row]! - this.start[row]!;
    return total;
  }

  /** Has the table count hits of probes from now on. */
  countProbes(): void {
    if (this.hitsPerRow > 0) return;
    this.hitsPerRow = MAX_NR_PROBES;
    this.probeHits = new Uint8Array(this.capacity * MAX_NR_PROBES);
    this.lastProbeHits = new Uint8Array(this.capacity * MAX_NR_PROBES);
  }

  /** Adds a new region behind all others, its counters 0. */
  append(start: number, end: number): void {
    if (this.nr === this.capacity) {
      this.#grow(this.nr);
      this.#rest();
    }
    this.#writeNew(this.nr, start, end);
    this.nr += 1;
  }

  /** Ends an aggregation window: the counts become those of the last window. */
  rotateWindow(): void {
    const { nrAccesses, probeHits, nr } = this;
    this.nrAccesses = this.lastNrAccesses;
    this.lastNrAccesses = nrAccesses;
    this.nrAccesses.fill(0, 0, nr);
    this.probeHits = this.lastProbeHits;
    this.lastProbeHits = probeHits;
    this.probeHits.fill(0, 0, nr * this.hitsPerRow);
  }

  /** Where the cuts for `cutRows` are written: `cutsPerRow` a region, whatever they held before. */
  cutsFor(cutsPerRow: number): Float64Array {
    if (this.#cuts.length < this.nr * cutsPerRow) {
      this.#cuts = new Float64Array(this.capacity * cutsPerRow);
    }
    return this.#cuts;
  }

  /**
   * Cuts regions as `cutsFor` says: each value is the size of what stays to the left of a cut, the
   * next one of the same region cuts that part again, and 0 is no cut. All parts keep the counters
   * (spec 4.2). Rows are spread out from the back, so each is written once.
   * @param nrCuts those that are not 0
   */
  cutRows(nrCuts: number, cutsPerRow: number): void {
    const oldNr = this.nr;
    while (oldNr + nrCuts > this.capacity) {
      this.#grow(oldNr);
      this.#rest();
    }
    this.nr = oldNr + nrCuts;
    const { start, end } = this;
    const cuts = this.#cuts;
    let to = this.nr - 1;
    for (let row = oldNr - 1; to > row; row--) {
      const from = start[row]!;
      let boundary = end[row]!;
      for (let cut = row * cutsPerRow; cut < (row + 1) * cutsPerRow; cut++) {
        if (cuts[cut] === 0) continue;
        this.copyRow(row, to);
        end[to] = boundary;
        boundary = from + cuts[cut]!;
        start[to] = boundary;
        to -= 1;
      }
      if (to !== row) this.copyRow(row, to);
      end[to] = boundary;
      to -= 1;
    }
  }

  // --- walking ---

  /** Puts the cursor on the first region. Every walk ends with `endWalk`. */
  beginWalk(): void {
    this.cursor = 0;
    this.#done = 0;
    this.#limit = this.nr;
  }

  /** Whether the cursor is on a region. */
  walking(): boolean {
    return this.cursor < this.#limit;
  }

  /** Whether the region at the cursor is the target's last. */
  atLast(): boolean {
    return this.cursor === this.#limit - 1;
  }

  /** Row of the region before the cursor, or -1. */
  previous(): number {
    return this.#done - 1;
  }

  /** Moves on to the next region. */
  advance(): void {
    if (this.#done !== this.cursor) this.copyRow(this.cursor, this.#done);
    this.#done += 1;
    this.cursor += 1;
  }

  /**
   * Splits the region at the cursor: the left part of `leftSize` stays at the cursor, the right
   * part with the same counters comes next (spec 4.2). The cursor's row number changes.
   */
  splitAtCursor(leftSize: number): void {
    if (this.#done === this.cursor) this.#openGap();
    const right = this.cursor;
    const left = right - 1;
    this.copyRow(right, left);
    const boundary = this.start[right]! + leftSize;
    this.end[left] = boundary;
    this.start[right] = boundary;
    this.cursor = left;
  }

  /** Puts a new region, its counters 0, in front of the one at the cursor. */
  insertBeforeCursor(start: number, end: number): void {
    if (this.#done === this.cursor) this.#openGap();
    this.#writeNew(this.#done, start, end);
    this.#done += 1;
  }

  /** Removes the region at the cursor and moves on to the next. */
  removeAtCursor(): void {
    this.cursor += 1;
  }

  /** Extends the region before the cursor over the one at the cursor, and moves on. */
  mergeIntoPrevious(): void {
    assert(this.#done > 0, 'nothing before the cursor to merge into');
    this.end[this.#done - 1] = this.end[this.cursor]!;
    this.cursor += 1;
  }

  /** Ends the walk; rows that were not reached stay as they are. */
  endWalk(): void {
    const rest = this.#limit - this.cursor;
    if (this.#done !== this.cursor) this.#moveRows(this.cursor, this.#done, rest);
    this.nr = this.#done + rest;
    this.#rest();
  }

  #rest(): void {
    this.cursor = 0;
    this.#done = 0;
    this.#limit = 0;
  }

  /** Makes room in front of the cursor by moving the rows to come to the back. */
  #openGap(): void {
    const shift = this.capacity - this.#limit;
    if (shift === 0) {
      this.#grow(this.#done);
      return;
    }
    this.#moveRows(this.cursor, this.cursor + shift, this.#limit - this.cursor);
    this.cursor += shift;
    this.#limit = this.capacity;
  }

  /**
   * Doubles the columns: the first `front` rows stay in front, those from the cursor on go to the
   * back.
   */
  #grow(front: number): void {
    const from = this.cursor;
    const back = this.#limit - from;
    const capacity = this.capacity * 2;
    const move = <T extends Float64Array | Uint32Array | Uint8Array>(
      old: T,
      grown: T,
      width = 1,
    ) => {
      grown.set(old.subarray(0, front * width));
      grown.set(old.subarray(from * width, (from + back) * width), (capacity - back) * width);
      return grown;
    };
    this.start = move(this.start, new Float64Array(capacity));
    this.end = move(this.end, new Float64Array(capacity));
    this.samplingAddress = move(this.samplingAddress, new Float64Array(capacity));
    this.nrAccesses = move(this.nrAccesses, new Uint32Array(capacity));
    this.lastNrAccesses = move(this.lastNrAccesses, new Uint32Array(capacity));
    this.age = move(this.age, new Uint32Array(capacity));
    const width = this.hitsPerRow;
    this.probeHits = move(this.probeHits, new Uint8Array(capacity * width), width);
    this.lastProbeHits = move(this.lastProbeHits, new Uint8Array(capacity * width), width);
    this.cursor = capacity - back;
    this.#limit = capacity;
  }

  #writeNew(row: number, start: number, end: number): void {
    this.start[row] = start;
    this.end[row] = end;
    this.nrAccesses[row] = 0;
    this.lastNrAccesses[row] = 0;
    this.age[row] = 0;
    const hits = row * this.hitsPerRow;
    this.probeHits.fill(0, hits, hits + this.hitsPerRow);
    this.lastProbeHits.fill(0, hits, hits + this.hitsPerRow);
  }

  /**
   * Copies a row over another. Sampling addresses stay behind: they are drawn anew before they are
   * next looked at.
   */
  copyRow(from: number, to: number): void {
    this.start[to] = this.start[from]!;
    this.end[to] = this.end[from]!;
    this.nrAccesses[to] = this.nrAccesses[from]!;
    this.lastNrAccesses[to] = this.lastNrAccesses[from]!;
    this.age[to] = this.age[from]!;
    for (let probe = 0; probe < this.hitsPerRow; probe++) {
      const source = from * MAX_NR_PROBES + probe;
      const destination = to * MAX_NR_PROBES + probe;
      this.probeHits[destination] = this.probeHits[source]!;
      this.lastProbeHits[destination] = this.lastProbeHits[source]!;
    }
  }

  #moveRows(from: number, to: number, count: number): void {
    this.start.copyWithin(to, from, from + count);
    this.end.copyWithin(to, from, from + count);
    this.nrAccesses.copyWithin(to, from, from + count);
    this.lastNrAccesses.copyWithin(to, from, from + count);
    this.age.copyWithin(to, from, from + count);
    const width = this.hitsPerRow;
    this.probeHits.copyWithin(to * width, from * width, (from + count) * width);
    this.lastProbeHits.copyWithin(to * width, from * width, (from + count) * width);
  }
}
