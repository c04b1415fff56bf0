/** Popularity that is shuffled over memory, so that where a page is tells nothing about it. */
import { Permutation, Zipf } from './zipf.ts';

/** Shuffled pages are told apart by so many classes, each half as large as the next. */
export const POPULARITY_CLASSES = 16;

/** Zipf popularity whose ranks are shuffled over [start, end), by page or by 2 MiB. */
export class Skew {
  readonly start: number;
  readonly end: number;
  readonly zipf: Zipf;
  readonly permutation: Permutation;
  /** Pages that share a rank. */
  readonly itemPages: number;
  /** Accesses a second to a page, on average. */
  readonly meanRate: number;
  /** Share of the pages in each popularity class, and accesses a second to one of them. */
  readonly classShares: Float64Array = new Float64Array(POPULARITY_CLASSES);
  readonly classRates: Float64Array = new Float64Array(POPULARITY_CLASSES);
  #sums: Float64Array | null = null;

  constructor(start: number, end: number, itemPages: number, meanRate: number, zipf: ZipfArgs) {
    const items = Math.ceil((end - start) / itemPages);
    this.start = start;
    this.end = end;
    this.itemPages = itemPages;
    this.meanRate = meanRate;
    this.zipf = new Zipf(items, zipf.theta);
    this.permutation = new Permutation(items, zipf.salt);
    this.#measureClasses();
  }

  /** Accesses a second to one page. */
  rateAt(page: number): number {
    const item = Math.floor((page - this.start) / this.itemPages);
    return this.meanRate * this.zipf.count * this.zipf.shareOf(this.permutation.at(item));
  }

  /** The class of a page: the less popular half is the last, half of the rest the one before. */
  classAt(page: number): number {
    const item = Math.floor((page - this.start) / this.itemPages);
    return classOf(this.permutation.at(item), this.zipf.count);
  }

  /** Accesses a second to [start, end); where popularity is shuffled by page, in proportion. */
  sum(start: number, end: number): number {
    if (this.itemPages === 1) return (end - start) * this.meanRate;
    return this.#sumBefore(end) - this.#sumBefore(start);
  }

  #measureClasses(): void {
    const { count } = this.zipf;
    for (let bucket = 0; bucket < this.zipf.itemShare.length; bucket++) {
      const end = this.zipf.firstRank(bucket + 1);
      for (let rank = this.zipf.firstRank(bucket); rank < end; ) {
        const popularity = classOf(rank, count);
        const until = Math.max(rank + 1, Math.min(end, classEnd(popularity, count)));
        this.classShares[popularity]! += (until - rank) / count;
        this.classRates[popularity]! += (until - rank) * this.zipf.itemShare[bucket]!;
        rank = until;
      }
    }
    for (let popularity = 0; popularity < POPULARITY_CLASSES; popularity++) {
      const share = this.classShares[popularity]!;
      if (share > 0) this.classRates[popularity]! *= this.meanRate / share;
    }
  }

  #sumBefore(page: number): number {
    this.#sums ??= this.#itemSums();
    const item = Math.floor((page - this.start) / this.itemPages);
    const rest = page - this.start - item * this.itemPages;
    return this.#sums[item]! + (rest === 0 ? 0 : rest * this.rateAt(page));
  }

  #itemSums(): Float64Array {
    const sums = new Float64Array(this.zipf.count + 1);
    for (let item = 0; item < this.zipf.count; item++) {
      const start = this.start + item * this.itemPages;
      const pages = Math.min(this.itemPages, this.end - start);
      sums[item + 1] = sums[item]! + pages * this.rateAt(start);
    }
    return sums;
  }
}

interface ZipfArgs {
  readonly theta: number;
  readonly salt: number;
}

function classOf(rank: number, count: number): number {
  const halvings = Math.floor(Math.log2(count / (rank + 1)));
  return Math.max(0, POPULARITY_CLASSES - 1 - halvings);
}

/** The first rank behind a class. */
function classEnd(popularity: number, count: number): number {
  return Math.max(1, Math.floor(count / 2 ** (POPULARITY_CLASSES - 1 - popularity)));
}
