/**
 * Regions of a monitor are cut anew at random in each window, so that some lie across the border
 * between hot and cold memory and are seen half accessed. Taken at its word, such a region would
 * have cold memory touched again and again. What the windows before and after saw tells better
 * where in it the accesses were.
 */
import { type PatternRows, RowColumns } from './pattern-rows.ts';
import type { TargetPattern } from './recorded-pattern.ts';

/** Shares that differ by less are taken to be the same. */
const MIN_CONTRAST = 0.25;

/** Accesses that the neighbouring windows don't explain count from so many deviations on. */
const SIGNIFICANT_DEVIATIONS = 2;

/**
 * The pattern with the accesses of each region put where the windows around it saw them, as far as
 * these explain them. What was accessed before and after comes first, then what was accessed before
 * or after. A region of which they tell nothing stays as it is, but for one that borders on hot
 * memory and is seen accessed for one window only: a bit of its neighbour's memory lies in it.
 */
export function sharpened(pattern: TargetPattern): TargetPattern {
  const { nrWindows, startUs, endUs, sampleIntervalUs } = pattern;
  if (nrWindows === 1) return pattern;
  const rows = new RowColumns();
  const firstRow = new Uint32Array(nrWindows + 1);
  const parts = new Parts();
  for (let window = 0; window < nrWindows; window++) {
    firstRow[window] = rows.nr;
    const before = rowsOf(pattern, window > 0 ? window - 1 : window + 1);
    const after = rowsOf(pattern, window + 1 < nrWindows ? window + 1 : window - 1);
    const samples = (endUs[window]! - startUs[window]!) / sampleIntervalUs[window]!;
    for (let row = pattern.firstRow[window]!; row < pattern.firstRow[window + 1]!; row++) {
      const share = pattern.accessShare[row]!;
      const activeShare = pattern.activeShare[row]!;
      parts.cut(pattern, row, before, after);
      if (parts.distribute(share, samples)) parts.appendTo(rows, share, activeShare);
      else if (parts.meanOfEither > share / 2 || !touchesHotter(pattern, window, row)) {
        rows.append(pattern.start[row]!, pattern.end[row]!, share, activeShare);
      }
    }
  }
  firstRow[nrWindows] = rows.nr;
  return { ...pattern, firstRow, ...rows.rows() };
}

/** Rows of one window that a walk has not passed yet. */
interface RowWalk {
  next: number;
  readonly last: number;
}

function rowsOf({ nrWindows, firstRow }: TargetPattern, window: number): RowWalk {
  if (window < 0 || window >= nrWindows) return { next: 0, last: 0 };
  return { next: firstRow[window]!, last: firstRow[window + 1]! };
}

/** A part of a region within which each of the two other windows saw the same. */
interface Part {
  readonly start: number;
  readonly end: number;
  /** The smaller and the larger of the shares that they saw. */
  readonly both: number;
  readonly either: number;
  /** What the part is taken to have been accessed in. */
  share: number;
}

/** The parts of one region. */
class Parts {
  #parts: Part[] = [];
  #size = 0;

  cut(pattern: PatternRows, row: number, before: RowWalk, after: RowWalk): void {
    this.#parts = [];
    const end = pattern.end[row]!;
    this.#size = end - pattern.start[row]!;
    for (let start = pattern.start[row]!; start < end; ) {
      const left = shareAt(pattern, before, start);
      const right = shareAt(pattern, after, start);
      const to = Math.min(end, left.until, right.until);
      const both = Math.min(left.share, right.share);
      this.#parts.push({
        start,
        end: to,
        both,
        either: Math.max(left.share, right.share),
        share: 0,
      });
      start = to;
    }
  }

  /** Share of the region that was accessed before or after. */
  get meanOfEither(): number {
    return this.#mean(({ either }) => either);
  }

  /**
   * Distributes the accesses of the region over its parts; returns whether these differ.
   * @param samples in the window
   */
  distribute(share: number, samples: number): boolean {
    const weight = this.#contrastingWeight();
    if (weight === null) return false;
    const expected = this.#mean(weight);
    for (const part of this.#parts) part.share = Math.min(1, (weight(part) * share) / expected);
    const left = share - this.#mean((part) => part.share);
    const deviation = Math.sqrt((share * (1 - share)) / samples) + 1 / samples;
    if (left <= SIGNIFICANT_DEVIATIONS * deviation) return true;
    // More than known heat and chance explain: the rest of the region was accessed, too.
    const room = 1 - share + left;
    for (const part of this.#parts) part.share += (1 - part.share) * (left / room);
    return true;
  }

  /** The pages that were accessed at all are where the accesses are. */
  appendTo(rows: RowColumns, regionShare: number, activeShare: number): void {
    for (const { start, end, share } of this.#parts) {
      const active = activeShare === 1 ? 1 : Math.min(1, (activeShare * share) / regionShare);
      if (share > 0) rows.append(start, end, share, active);
    }
  }

  #contrastingWeight(): ((part: Part) => number) | null {
    if (this.#parts.length === 1) return null;
    if (contrast(this.#parts, ({ both }) => both) >= MIN_CONTRAST) return ({ both }) => both;
    if (contrast(this.#parts, ({ either }) => either) >= MIN_CONTRAST)
      return ({ either }) => either;
    return null;
  }

  #mean(figure: (part: Part) => number): number {
    let sum = 0;
    for (const part of this.#parts) sum += figure(part) * (part.end - part.start);
    return sum / this.#size;
  }
}

function contrast(parts: readonly Part[], figure: (part: Part) => number): number {
  let least = 1;
  let most = 0;
  for (const part of parts) {
    least = Math.min(least, figure(part));
    most = Math.max(most, figure(part));
  }
  return most - least;
}

/** Whether a neighbour in the same window was accessed far more. */
function touchesHotter(
  { firstRow, start, end, accessShare }: TargetPattern,
  window: number,
  row: number,
): boolean {
  const hot = accessShare[row]! + MIN_CONTRAST;
  const isHot = (neighbour: number) =>
    neighbour >= firstRow[window]! &&
    neighbour < firstRow[window + 1]! &&
    accessShare[neighbour]! >= hot;
  return (
    (isHot(row - 1) && end[row - 1] === start[row]) ||
    (isHot(row + 1) && start[row + 1] === end[row])
  );
}

/** What a window saw at an address, and up to where. Addresses that are asked for only go up. */
function shareAt(
  { start, end, accessShare }: PatternRows,
  walk: RowWalk,
  address: number,
): { readonly share: number; readonly until: number } {
  while (walk.next < walk.last && end[walk.next]! <= address) walk.next += 1;
  if (walk.next === walk.last) return { share: 0, until: Number.POSITIVE_INFINITY };
  if (start[walk.next]! > address) return { share: 0, until: start[walk.next]! };
  return { share: accessShare[walk.next]!, until: end[walk.next]! };
}
