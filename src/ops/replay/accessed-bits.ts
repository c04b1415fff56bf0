/** Sampling a recorded pattern: was the page that stands for a region accessed since `prepare`? */
import type { RegionTable } from '../../core/region-table.ts';
import type { TargetPattern } from './recorded-pattern.ts';
import { WindowCursor } from './window-cursor.ts';

/** The golden ratio's fraction: multiples of it lie evenly between 0 and 1. */
const GOLDEN = 0.618_033_988_749_894_9;

/** Phases keep away from 0 and 1 by more than sums of shares can be off. */
const ROUNDING = 1e-9;
const PHASES = 1 - 2 * ROUNDING;

/**
 * The accessed bits of one target. Within a window, bits of a recorded region are set at even
 * distances, so that a region which lies in it counts exactly the recorded number of accesses when
 * it is sampled at the recorded interval. At other intervals, pages are taken to be accessed
 * independently of each other: a share p of accessed samples becomes
 * 1 - (1 - p)^(interval / recorded interval).
 */
export class AccessedBits {
  readonly #pattern: TargetPattern;
  readonly #cursor: WindowCursor;
  /** Of each row of `#window`: its chance in `#unitUs`, and how near its next access is, 0…1. */
  #chance = new Float64Array(64);
  #position = new Float64Array(64);
  #isAccessed = new Uint8Array(64);
  #window = -1;
  #unitUs = 0;
  /** By region, over all pieces of a sampling interval. */
  #hits = new Uint8Array(64);

  constructor(pattern: TargetPattern) {
    this.#pattern = pattern;
    this.#cursor = new WindowCursor(pattern);
  }

  /**
   * Adds 1 to `nrAccesses` of each region whose sampling address was accessed in [fromUs, toUs);
   * returns the largest count.
   */
  check(regions: RegionTable, addrUnit: number, fromUs: number, toUs: number): number {
    const { nr, nrAccesses } = regions;
    if (this.#hits.length < nr) this.#hits = new Uint8Array(regions.capacity);
    const hits = this.#hits;
    hits.fill(0, 0, nr);
    const cursor = this.#cursor;
    for (cursor.begin(fromUs, toUs); cursor.next(); ) {
      this.#draw(cursor.window, cursor.toUs - cursor.fromUs, toUs - fromUs);
      this.#mark(regions, addrUnit, cursor.window);
    }
    let max = 0;
    for (let region = 0; region < nr; region++) {
      const count = nrAccesses[region]! + hits[region]!;
      nrAccesses[region] = count;
      if (count > max) max = count;
    }
    return max;
  }

  /** Decides for each row of a window whether its pages are accessed in a piece of it. */
  #draw(window: number, pieceUs: number, intervalUs: number): void {
    const { startUs, endUs, firstRow } = this.#pattern;
    const unitUs = Math.min(intervalUs, endUs[window]! - startUs[window]!);
    if (window !== this.#window || unitUs !== this.#unitUs) this.#reckon(window, unitUs);
    const count = firstRow[window + 1]! - firstRow[window]!;
    const chance = this.#chance;
    const position = this.#position;
    const isAccessed = this.#isAccessed;
    const units = pieceUs / unitUs;
    for (let row = 0; row < count; row++) {
      const share = chance[row]!;
      const next = position[row]! + share * units;
      // Numbers in place of branches, which no processor could foresee.
      const isDue = Number(next >= 1);
      // What is accessed in every sample is so in every piece of one, too.
      isAccessed[row] = isDue | Number(share === 1);
      position[row] = next - isDue;
    }
  }

  #reckon(window: number, unitUs: number): void {
    const { firstRow, accessShare, sampleIntervalUs } = this.#pattern;
    const first = firstRow[window]!;
    const count = firstRow[window + 1]! - first;
    if (this.#chance.length < count) {
      this.#chance = new Float64Array(count * 2);
      this.#position = new Float64Array(count * 2);
      this.#isAccessed = new Uint8Array(count * 2);
    }
    const samples = unitUs / sampleIntervalUs[window]!;
    for (let row = 0; row < count; row++) {
      const share = accessShare[first + row]!;
      const turn = (first + row) * GOLDEN;
      this.#chance[row] = samples === 1 ? share : 1 - (1 - share) ** samples;
      this.#position[row] = (turn - Math.floor(turn)) * PHASES + ROUNDING;
    }
    this.#window = window;
    this.#unitUs = unitUs;
  }

  /**
   * Regions and rows are both in address order, so one walk over both does. This runs for every
   * region in every sampling interval: what a row says is kept in locals until the next one.
   */
  #mark(regions: RegionTable, addrUnit: number, window: number): void {
    const { firstRow, start, end } = this.#pattern;
    const { nr, samplingAddress } = regions;
    const hits = this.#hits;
    const isAccessed = this.#isAccessed;
    const first = firstRow[window]!;
    const last = firstRow[window + 1]!;
    let row = first - 1;
    let rowStart = 0;
    let rowEnd = 0;
    let hit = 0;
    for (let region = 0; region < nr; region++) {
      const address = samplingAddress[region]! * addrUnit;
      if (address >= rowEnd) {
        do row += 1;
        while (row < last && end[row]! <= address);
        if (row === last) return;
        rowStart = start[row]!;
        rowEnd = end[row]!;
        hit = isAccessed[row - first]!;
      }
      if (address >= rowStart) hits[region]! |= hit;
    }
  }
}
