/** What a monitor has seen: the recent past as fine as it was, coarser behind. */
import type { Snapshot } from '../../src/params/snapshot.ts';

/** One snapshot and the time that it speaks for. */
export interface HeatEntry {
  readonly fromUs: number;
  readonly toUs: number;
  readonly snapshot: Snapshot;
}

/** 28 bytes each: about 56 MiB. */
const MAX_ROWS = 2_000_000;

/**
 * Snapshots in order of time. When there are too many rows, every other snapshot of the older half
 * goes, and its neighbour speaks for both: memory stays bounded, and the past stays covered.
 */
export class HeatHistory {
  readonly #maxRows: number;
  #entries: HeatEntry[] = [];
  #rows = 0;
  #generation = 0;

  constructor(maxRows: number = MAX_ROWS) {
    this.#maxRows = maxRows;
  }

  /** Moves when something changes that was there already. */
  get generation(): number {
    return this.#generation;
  }

  get entries(): readonly HeatEntry[] {
    return this.#entries;
  }

  get latest(): HeatEntry | undefined {
    return this.#entries.at(-1);
  }

  get fromUs(): number {
    return this.#entries[0]?.fromUs ?? 0;
  }

  get toUs(): number {
    return this.latest?.toUs ?? 0;
  }

  /**
   * Snapshots must come in order of time; one that is not later than the last is not taken.
   * @param spanUs for how long, up to its time, it speaks
   */
  add(snapshot: Snapshot, spanUs: number = snapshot.aggregationIntervalUs): boolean {
    const beforeUs = this.latest?.toUs ?? Number.NEGATIVE_INFINITY;
    if (snapshot.timeUs <= beforeUs) return false;
    const fromUs = Math.max(snapshot.timeUs - spanUs, beforeUs);
    this.#entries.push({ fromUs, toUs: snapshot.timeUs, snapshot });
    this.#rows += snapshot.nrRegions;
    if (this.#rows > this.#maxRows) this.#thinOut();
    return true;
  }

  /**
   * Puts pictures, in order of time, in the place of what there is at their time: finer ones, or
   * those that were missed. None behind the newest is taken.
   */
  refine(frames: readonly { readonly snapshot: Snapshot; readonly spanUs: number }[]): void {
    const fresh: HeatEntry[] = [];
    for (const { snapshot, spanUs } of frames) {
      const toUs = snapshot.timeUs;
      const beforeUs = fresh.at(-1)?.toUs ?? Number.NEGATIVE_INFINITY;
      if (toUs <= beforeUs || toUs > this.toUs) continue;
      fresh.push({ fromUs: Math.max(toUs - spanUs, beforeUs), toUs, snapshot });
    }
    if (fresh.length === 0) return;
    const fromUs = fresh[0]!.fromUs;
    const toUs = fresh.at(-1)!.toUs;
    // What reaches over an edge goes on to speak for its part beyond it.
    const before = this.#entries.filter((one) => one.fromUs < fromUs);
    const after = this.#entries.filter((one) => one.toUs > toUs);
    this.#entries = [
      ...before.map((one) => ({ ...one, toUs: Math.min(one.toUs, fromUs) })),
      ...fresh,
      ...after.map((one) => ({ ...one, fromUs: Math.max(one.fromUs, toUs) })),
    ];
    this.#rows = this.#entries.reduce((sum, { snapshot }) => sum + snapshot.nrRegions, 0);
    while (this.#rows > this.#maxRows && this.#entries.length > 4) this.#thinOut();
    this.#generation += 1;
  }

  /** Index of the first entry that ends after `timeUs`. */
  indexAfter(timeUs: number): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#entries[middle]!.toUs > timeUs) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** What was seen at a moment, or undefined in a gap. */
  at(timeUs: number): HeatEntry | undefined {
    const entry = this.#entries[this.indexAfter(timeUs)];
    return entry !== undefined && entry.fromUs <= timeUs ? entry : undefined;
  }

  /** Entries that have a part in [fromUs, toUs). */
  within(fromUs: number, toUs: number): HeatEntry[] {
    const found: HeatEntry[] = [];
    for (let index = this.indexAfter(fromUs); index < this.#entries.length; index++) {
      const entry = this.#entries[index]!;
      if (entry.fromUs >= toUs) break;
      found.push(entry);
    }
    return found;
  }

  #thinOut(): void {
    const half = this.#entries.length >> 1;
    const kept: HeatEntry[] = [];
    for (let index = 0; index < half; index++) {
      const entry = this.#entries[index]!;
      const next = this.#entries[index + 1];
      // A gap stays a gap.
      const joins = index + 1 < half && next !== undefined && next.fromUs === entry.toUs;
      kept.push(joins ? { ...next, fromUs: entry.fromUs } : entry);
      if (joins) index += 1;
    }
    this.#entries = [...kept, ...this.#entries.slice(half)];
    this.#rows = this.#entries.reduce((sum, { snapshot }) => sum + snapshot.nrRegions, 0);
  }
}
