import { HUGE_PAGES, PAGE_SIZE } from './page.ts';
import type { SimVma } from './process.ts';
import { pieceIndex, type RatePiece } from './workload.ts';
import { zipfBucket } from './zipf.ts';

const TWO_POW_32 = 2 ** 32;
const HUGE_SHIFT = 9;

/** Pages [first, end) of a mapping, found at a byte address. */
export interface MappedRun {
  readonly vma: SimVma;
  readonly first: number;
  readonly end: number;
  readonly address: number;
  readonly huge: boolean;
}

/**
 * The answer to "was the page at this address accessed?" for a whole address space, prepared so
 * that one question costs a comparison and a hash: rows in address order, each with the probability
 * that one of its pages is accessed within one sampling interval. The columns grow and are reused.
 *
 *     row       [ start …… end )    page = (address - start) / 4096 + firstPage
 *     threshold  probability × 2^32  accessed when hash32(page >>> shift, interval ^ salt) is below
 */
export class SampleMap {
  nr = 0;
  start: Float64Array = new Float64Array(64);
  end: Float64Array = new Float64Array(64);
  firstPage: Float64Array = new Float64Array(64);
  threshold: Float64Array = new Float64Array(64);
  /** Salt of the mapping, so that pages of the same number differ. */
  salt: Int32Array = new Int32Array(64);
  /** Pages that share an accessed bit, as a power of two. */
  shift: Uint8Array = new Uint8Array(64);
  /** Thresholds by popularity bucket where popularity is shuffled; null elsewhere. */
  buckets: (Float64Array | null)[] = [];
  vma: SimVma[] = [];

  /**
   * @param runs in address order
   * @param intervalUs length of the sampling interval
   */
  rebuild(runs: Iterable<MappedRun>, intervalUs: number): void {
    this.nr = 0;
    for (const run of runs) {
      const { rates } = run.vma;
      for (let index = pieceIndex(rates, run.first); index < rates.pieces.length; index++) {
        const piece = rates.pieces[index]!;
        if (piece.start >= run.end) break;
        this.#append(run, piece, intervalUs);
      }
    }
  }

  /** The first row from `row` on that ends behind `address`, or -1. */
  rowFrom(row: number, address: number): number {
    for (let index = row; index < this.nr; index++) if (this.end[index]! > address) return index;
    return -1;
  }

  /** The threshold of one page where popularity is shuffled. */
  shuffledThreshold(row: number, page: number): number {
    const skew = this.vma[row]!.rates.skew!;
    const item = Math.floor((page - skew.start) / skew.itemPages);
    return this.buckets[row]![zipfBucket(skew.permutation.at(item))]!;
  }

  #append(run: MappedRun, piece: RatePiece, intervalUs: number): void {
    if (this.nr === this.start.length) this.#grow();
    const row = this.nr++;
    const { vma, huge } = run;
    const first = Math.max(run.first, piece.start);
    const seconds = (intervalUs / 1e6) * vma.process.speed;
    const pagesPerBit = huge ? HUGE_PAGES : 1;
    const threshold = (rate: number) => -Math.expm1(-rate * pagesPerBit * seconds) * TWO_POW_32;
    this.start[row] = run.address + (first - run.first) * PAGE_SIZE;
    this.end[row] = run.address + (Math.min(run.end, piece.end) - run.first) * PAGE_SIZE;
    this.firstPage[row] = first;
    this.salt[row] = vma.salt;
    this.shift[row] = huge ? HUGE_SHIFT : 0;
    this.vma[row] = vma;
    const { skew } = vma.rates;
    // Under huge pages, shuffling by page averages out.
    const averaged = huge && skew?.itemPages === 1;
    const mean = piece.skewed && averaged ? skew.meanRate : 0;
    this.threshold[row] = threshold(piece.rate + mean);
    this.buckets[row] =
      piece.skewed && skew !== null && !averaged
        ? skew.zipf.itemShare.map((itemShare) =>
            threshold(piece.rate + skew.meanRate * skew.zipf.count * itemShare),
          )
        : null;
  }

  #grow(): void {
    const grown = (column: Float64Array) => {
      const copy = new Float64Array(column.length * 2);
      copy.set(column);
      return copy;
    };
    this.start = grown(this.start);
    this.end = grown(this.end);
    this.firstPage = grown(this.firstPage);
    this.threshold = grown(this.threshold);
    const salt = new Int32Array(this.salt.length * 2);
    salt.set(this.salt);
    this.salt = salt;
    const shift = new Uint8Array(this.shift.length * 2);
    shift.set(this.shift);
    this.shift = shift;
  }
}
