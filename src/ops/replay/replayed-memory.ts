import { PAGE_SIZE_BYTES } from '../../params/defaults.ts';
import { MemoryShares, MetMemory } from './memory-shares.ts';
import type { Layout, TargetPattern } from './recorded-pattern.ts';
import { WindowCursor } from './window-cursor.ts';

/** Stalls below this share of the time don't slow what causes them. */
const NEGLIGIBLE_STALL = 0.01;
const BISECTIONS = 20;

/** Sums over the time that was replayed, in bytes and byte-microseconds. */
export interface MemorySums {
  /** Taken out by schemes. */
  pagedOutBytes: number;
  /** Needed again after they were taken out. */
  refaultedBytes: number;
  /** Brought back by schemes before they were needed. */
  broughtBackBytes: number;
  /** Waited for what is needed again, in microseconds. */
  stallUs: number;
  /** Out, times the time for which it was. */
  outByteUs: number;
  /** Watched, times the time for which it was. */
  watchedByteUs: number;
}

/**
 * What would have become of the memory of one target: which part of it is out, and what of it is
 * touched again. All that is watched is taken to be in memory when watching begins.
 *
 * A recorded region was accessed in a share p of the samples. Its pages are taken to be accessed
 * alike and independently, so that of any of them, (1 - p)^(time / sampling interval) stay
 * untouched. Where it is known that the accesses were to a share of the pages only, these are as
 * far as possible some that are in memory: who is accessed is accessed again. While the process
 * waits for what it needs again, it touches nothing else.
 */
export class ReplayedMemory {
  readonly sums: MemorySums = {
    pagedOutBytes: 0,
    refaultedBytes: 0,
    broughtBackBytes: 0,
    stallUs: 0,
    outByteUs: 0,
    watchedByteUs: 0,
  };
  readonly #pattern: TargetPattern;
  readonly #refaultUs: number;
  readonly #cursor: WindowCursor;
  readonly #out = new MemoryShares();
  /** What of it the accesses of a piece of time meet. */
  readonly #met = new MetMemory();
  /** Looked at by a young filter, or idle from the start, and not touched since. */
  readonly #old = new MemoryShares();
  #nowUs = 0;
  #layout = 0;
  #watchedBytes = 0;

  /** @param refaultUs microseconds that each page takes to come back */
  constructor(pattern: TargetPattern, refaultUs: number) {
    this.#pattern = pattern;
    this.#refaultUs = refaultUs;
    this.#cursor = new WindowCursor(pattern);
    this.#watchedBytes = sizeOf(pattern.layouts[0]!);
    for (const { start, end, accessShare, ageUs } of pattern.firstRegions) {
      if (accessShare === 0 && ageUs !== null && ageUs > 0) this.#old.raise(start, end, 1);
    }
  }

  get outBytes(): number {
    return this.#out.bytes;
  }

  get watchedBytes(): number {
    return this.#watchedBytes;
  }

  /** Of the latest window, weighed by how often they were accessed. */
  get accessedBytes(): number {
    const { firstRow, start, end, accessShare } = this.#pattern;
    const { window } = this.#cursor;
    let bytes = 0;
    for (let row = firstRow[window]!; row < firstRow[window + 1]!; row++) {
      bytes += (end[row]! - start[row]!) * accessShare[row]!;
    }
    return bytes;
  }

  /** Plays what was accessed up to a time; nothing where that is the present. */
  advanceTo(nowUs: number): void {
    if (nowUs <= this.#nowUs) return;
    const cursor = this.#cursor;
    for (cursor.begin(this.#nowUs, nowUs); cursor.next(); ) {
      this.#followLayouts(cursor.fromUs);
      this.#touch(cursor.window, cursor.toUs - cursor.fromUs);
    }
    this.#followLayouts(nowUs);
    this.#pass(nowUs);
  }

  /**
   * Takes a part of the pages in [start, end) out.
   * @param isYoungRefused pages that were touched since the last look are left alone; before the
   * first one, these are all but those that were untouched already when the recording began
   * @returns bytes that passed, and bytes that were taken
   */
  pageOut(start: number, end: number, isYoungRefused: boolean): { passed: number; taken: number } {
    let passed = end - start;
    let taken = 0;
    if (isYoungRefused) {
      passed = 0;
      this.#old.forEach(start, end, (from, to, share) => {
        passed += (to - from) * share;
        taken += this.#out.raise(from, to, share);
      });
      this.#old.raise(start, end, 1);
    } else taken = this.#out.raise(start, end, 1);
    this.sums.pagedOutBytes += taken;
    return { passed, taken };
  }

  /** Brings back what is out in [start, end); returns the bytes. */
  bringBack(start: number, end: number): number {
    const all = {
      ...{ start: Float64Array.of(start), end: Float64Array.of(end), first: 0, last: 1 },
      activeShare: Float64Array.of(1),
    };
    const bytes = this.#out.lower({ ...all, keeps: () => 0 });
    this.sums.broughtBackBytes += bytes;
    return bytes;
  }

  /** Bytes in [start, end) that are not out. */
  residentBytes(start: number, end: number): number {
    let bytes = 0;
    this.#out.forEach(start, end, (from, to, share) => {
      bytes += (to - from) * (1 - share);
    });
    return bytes;
  }

  #touch(window: number, pieceUs: number): void {
    const { firstRow, start, end, accessShare, activeShare } = this.#pattern;
    const { startUs, endUs, sampleIntervalUs } = this.#pattern;
    const intervalUs = sampleIntervalUs[window]!;
    // That all samples found a region accessed says no more than that half a sample might not have.
    const mostShare = 1 - intervalUs / (2 * (endUs[window]! - startUs[window]!));
    const keepsFor = (workUs: number) => {
      const samples = workUs / intervalUs;
      return (row: number) =>
        (1 - Math.min(accessShare[row]! / activeShare[row]!, mostShare)) ** samples;
    };
    const span = { first: firstRow[window]!, last: firstRow[window + 1]! };
    const met = { start, end, activeShare, ...span };
    this.#out.meet(met, this.#met);
    const rows = { ...met, keeps: keepsFor(this.#workUs(pieceUs, keepsFor)) };
    const bytes = this.#out.lower(rows);
    this.sums.refaultedBytes += bytes;
    this.sums.stallUs += Math.min(this.#stallUs(bytes), pieceUs);
    this.#old.lower(rows);
    this.#pass(this.#cursor.toUs);
  }

  /**
   * How long of a piece of time the process works, when it waits for what it needs in the rest:
   * `work + stall(work) = piece`, of which the left side only grows.
   */
  #workUs(pieceUs: number, keepsFor: (workUs: number) => (row: number) => number): number {
    const excessUs = (workUs: number) =>
      workUs + this.#stallUs(this.#met.wouldLose(keepsFor(workUs))) - pieceUs;
    if (excessUs(pieceUs) <= NEGLIGIBLE_STALL * pieceUs) return pieceUs;
    let low = 0;
    let high = pieceUs;
    for (let step = 0; step < BISECTIONS; step++) {
      const middle = (low + high) / 2;
      if (excessUs(middle) > 0) high = middle;
      else low = middle;
    }
    return low;
  }

  #stallUs(bytes: number): number {
    return (bytes / PAGE_SIZE_BYTES) * this.#refaultUs;
  }

  #pass(nowUs: number): void {
    const us = nowUs - this.#nowUs;
    this.sums.outByteUs += this.#out.bytes * us;
    this.sums.watchedByteUs += this.#watchedBytes * us;
    this.#nowUs = nowUs;
  }

  /** Memory that is no longer watched is gone, and saves nothing any more. */
  #followLayouts(nowUs: number): void {
    const { layouts } = this.#pattern;
    while (this.#layout + 1 < layouts.length && layouts[this.#layout + 1]!.fromUs <= nowUs) {
      this.#layout += 1;
      const layout = layouts[this.#layout]!;
      this.#watchedBytes = sizeOf(layout);
      this.#out.retain(layout.ranges);
      this.#old.retain(layout.ranges);
    }
  }
}

function sizeOf({ ranges }: Layout): number {
  return ranges.reduce((sum, { start, end }) => sum + end - start, 0);
}
