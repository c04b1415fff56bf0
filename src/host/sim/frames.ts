import { assert } from '../../base/assert.ts';

interface Run {
  start: number;
  end: number;
}

/** The page frames of one node: which runs of them are free. Frame numbers are machine-wide. */
export class FrameSpace {
  readonly first: number;
  readonly size: number;
  #freeCount: number;
  readonly #free: Run[];

  constructor(first: number, size: number) {
    this.first = first;
    this.size = size;
    this.#freeCount = size;
    this.#free = [{ start: first, end: first + size }];
  }

  get freeCount(): number {
    return this.#freeCount;
  }

  /** Whether a frame of this node can be taken. */
  isFree(frame: number): boolean {
    const run = this.#free[this.#firstFrom(frame + 1) - 1];
    return run !== undefined && frame < run.end;
  }

  /**
   * Takes a run of at most `count` frames: at frame `hint` if that is free, else the first run that
   * is long enough, else the longest one. At least one frame must be free.
   */
  take(count: number, hint: number): { readonly start: number; readonly count: number } {
    assert(this.#freeCount > 0 && count > 0, 'nothing to take');
    const index = this.#choose(count, hint);
    const run = this.#free[index]!;
    const start = hint > run.start && hint < run.end ? hint : run.start;
    const taken = Math.min(count, run.end - start);
    const end = start + taken;
    if (start > run.start) {
      if (end < run.end) this.#free.splice(index + 1, 0, { start: end, end: run.end });
      run.end = start;
    } else if (end < run.end) {
      run.start = end;
    } else {
      this.#free.splice(index, 1);
    }
    this.#freeCount -= taken;
    return { start, count: taken };
  }

  /** Gives a run back. */
  give(start: number, count: number): void {
    const end = start + count;
    const next = this.#firstFrom(start);
    const before = this.#free[next - 1];
    const after = this.#free[next];
    assert((before?.end ?? 0) <= start && end <= (after?.start ?? Infinity), 'frames freed twice');
    this.#freeCount += count;
    const joinsBefore = before !== undefined && before.end === start;
    const joinsAfter = after !== undefined && after.start === end;
    if (joinsBefore && joinsAfter) {
      before.end = after.end;
      this.#free.splice(next, 1);
    } else if (joinsBefore) {
      before.end = end;
    } else if (joinsAfter) {
      after.start = start;
    } else {
      this.#free.splice(next, 0, { start, end });
    }
  }

  /** Takes what is free of a range, wherever the free runs lie in it; these are the runs. */
  claim(start: number, count: number): { readonly start: number; readonly count: number }[] {
    const end = start + count;
    const first = Math.max(0, this.#firstFrom(start) - 1);
    const claimed: { start: number; count: number }[] = [];
    const left: Run[] = [];
    let index = first;
    for (; index < this.#free.length && this.#free[index]!.start < end; index++) {
      const run = this.#free[index]!;
      const from = Math.max(run.start, start);
      const to = Math.min(run.end, end);
      if (from >= to) {
        left.push(run);
        continue;
      }
      claimed.push({ start: from, count: to - from });
      if (run.start < from) left.push({ start: run.start, end: from });
      if (to < run.end) left.push({ start: to, end: run.end });
    }
    this.#free.splice(first, index - first, ...left);
    this.#freeCount -= claimed.reduce((sum, run) => sum + run.count, 0);
    return claimed;
  }

  /** How many frames of a range are free. */
  freeWithin(start: number, count: number): number {
    let free = 0;
    const first = Math.max(0, this.#firstFrom(start) - 1);
    for (let index = first; index < this.#free.length; index++) {
      const run = this.#free[index]!;
      if (run.start >= start + count) break;
      free += Math.max(0, Math.min(run.end, start + count) - Math.max(run.start, start));
    }
    return free;
  }

  /** Aligned blocks of `pages` frames of which all are free. */
  nrFreeBlocks(pages: number): number {
    return this.#free.reduce(
      (sum, { start, end }) =>
        sum + Math.max(0, Math.floor(end / pages) - Math.ceil(start / pages)),
      0,
    );
  }

  #choose(count: number, hint: number): number {
    const around = this.#firstFrom(hint + 1) - 1;
    const hinted = this.#free[around];
    if (hinted !== undefined && hint >= hinted.start && hint < hinted.end) return around;
    let longest = 0;
    for (const [index, { start, end }] of this.#free.entries()) {
      if (end - start >= count) return index;
      const best = this.#free[longest]!;
      if (end - start > best.end - best.start) longest = index;
    }
    return longest;
  }

  /** Index of the first free run that starts at `frame` or behind it. */
  #firstFrom(frame: number): number {
    let low = 0;
    let high = this.#free.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#free[middle]!.start < frame) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
