import type { SeriesSnapshot } from '../record/recording.ts';

/**
 * Regions of several snapshots as one: where memory was accessed in a longer time, and how often.
 */
export interface Regrouped {
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly nrRegions: number;
  readonly start: Float64Array;
  readonly end: Float64Array;
  /** Sums over the snapshots. */
  readonly nrAccesses: Float64Array;
}

const FIRST_ROOM = 64;

/**
 * Joins the snapshots of one series to groups that last for the work time at least. In a group, a
 * region is what a snapshot saw first of some memory; each later snapshot adds the highest count of
 * its regions that meet it, and memory that no region had yet becomes a region of its own.
 */
export class Regrouping {
  readonly #workTimeNs: bigint;
  /** Of the group in work; null before its first snapshot. */
  #startNs: bigint | null = null;
  #nrRegions = 0;
  #start: Float64Array = new Float64Array(FIRST_ROOM);
  #end: Float64Array = new Float64Array(FIRST_ROOM);
  #nrAccesses: Float64Array = new Float64Array(FIRST_ROOM);
  /** The highest count that the snapshot in work has for each region; -1 where it met none. */
  #highest: Float64Array = new Float64Array(FIRST_ROOM);

  constructor(workTimeUs: number) {
    this.#workTimeNs = BigInt(Math.round(workTimeUs * 1000));
  }

  /** The group that this snapshot completes, or null. Valid until the next call. */
  add(snapshot: SeriesSnapshot): Regrouped | null {
    if (this.#startNs === null) this.#nrRegions = 0;
    const startNs = this.#startNs ?? snapshot.startNs;
    this.#startNs = startNs;
    this.#highest.fill(-1, 0, this.#nrRegions);
    for (let row = 0; row < snapshot.nrRegions; row++) {
      this.#insert(snapshot.start[row]!, snapshot.end[row]!, snapshot.nrAccesses[row]!);
    }
    for (let row = 0; row < this.#nrRegions; row++) {
      if (this.#highest[row]! > 0) this.#nrAccesses[row]! += this.#highest[row]!;
    }
    if (snapshot.endNs - startNs < this.#workTimeNs) return null;
    this.#startNs = null;
    return {
      startNs,
      endNs: snapshot.endNs,
      nrRegions: this.#nrRegions,
      start: this.#start,
      end: this.#end,
      nrAccesses: this.#nrAccesses,
    };
  }

  #insert(start: number, end: number, nrAccesses: number): void {
    let from = start;
    let row = this.#firstEndingAfter(start);
    for (; row < this.#nrRegions && this.#start[row]! < end; row++) {
      if (from < this.#start[row]!) {
        this.#insertAt(row, from, this.#start[row]!, nrAccesses);
        row += 1;
      }
      if (nrAccesses > this.#highest[row]!) this.#highest[row] = nrAccesses;
      from = this.#end[row]!;
    }
    if (from < end) this.#insertAt(row, from, end, nrAccesses);
  }

  #insertAt(row: number, start: number, end: number, nrAccesses: number): void {
    if (this.#nrRegions === this.#start.length) this.#grow();
    const columns = [this.#start, this.#end, this.#nrAccesses, this.#highest];
    if (row < this.#nrRegions) {
      for (const column of columns) column.copyWithin(row + 1, row, this.#nrRegions);
    }
    this.#start[row] = start;
    this.#end[row] = end;
    this.#nrAccesses[row] = nrAccesses;
    this.#highest[row] = -1;
    this.#nrRegions += 1;
  }

  #firstEndingAfter(address: number): number {
    let low = 0;
    let high = this.#nrRegions;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#end[middle]! > address) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #grow(): void {
    const grown = (column: Float64Array) => {
      const longer = new Float64Array(column.length * 2);
      longer.set(column);
      return longer;
    };
    this.#start = grown(this.#start);
    this.#end = grown(this.#end);
    this.#nrAccesses = grown(this.#nrAccesses);
    this.#highest = grown(this.#highest);
  }
}
