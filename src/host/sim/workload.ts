/**
 * How often each page of a mapping is accessed during one phase: pieces of equal rate, plus at most
 * one shuffled popularity on top. Everything else asks this, whatever pattern was written.
 */
import { HUGE_PAGES, PAGE_SIZE } from './page.ts';
import type { AccessSpec } from './scenario.ts';
import { Permutation, Zipf } from './zipf.ts';

/** Pages [start, end) with the same rate. */
export interface RatePiece {
  readonly start: number;
  readonly end: number;
  /** Accesses a second to each page, without the shuffled part. */
  readonly rate: number;
  readonly skewed: boolean;
}

/** Access rates of a whole mapping in one phase, or in one moment of it. */
export interface Rates {
  /** Ordered, from the first page to the last, without gaps. */
  readonly pieces: readonly RatePiece[];
  readonly skew: Skew | null;
}

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
  #sums: Float64Array | null = null;

  constructor(start: number, end: number, itemPages: number, meanRate: number, zipf: ZipfArgs) {
    const items = Math.ceil((end - start) / itemPages);
    this.start = start;
    this.end = end;
    this.itemPages = itemPages;
    this.meanRate = meanRate;
    this.zipf = new Zipf(items, zipf.theta);
    this.permutation = new Permutation(items, zipf.salt);
  }

  /** Accesses a second to one page. */
  rateAt(page: number): number {
    const item = Math.floor((page - this.start) / this.itemPages);
    return this.meanRate * this.zipf.count * this.zipf.shareOf(this.permutation.at(item));
  }

  /** Accesses a second to [start, end); where popularity is shuffled by page, in proportion. */
  sum(start: number, end: number): number {
    if (this.itemPages === 1) return (end - start) * this.meanRate;
    return this.#sumBefore(end) - this.#sumBefore(start);
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

/** Where patterns that move with time are. */
export interface Moment {
  readonly fromUs: number;
  readonly toUs: number;
}

/** Whether the rates of this access differ from moment to moment within a phase. */
export function isMoving(access: AccessSpec): access is MovingAccess {
  return access.pattern === 'scan' || access.pattern === 'latest';
}

type MovingAccess = Extract<AccessSpec, { readonly pattern: 'scan' | 'latest' }>;

/** Adds up all accesses to one mapping of `pages` pages. */
export function compileRates(
  pages: number,
  accesses: readonly AccessSpec[],
  moment: Moment,
  salt: number,
): Rates {
  const parts: RatePiece[] = [];
  let skew: Skew | null = null;
  for (const access of accesses) {
    const start = Math.floor(access.from * pages);
    const end = Math.max(start + 1, Math.floor(access.to * pages));
    if (access.pattern === 'zipf' && access.layout !== 'sorted') {
      const itemPages = access.layout === 'blocked' ? HUGE_PAGES : 1;
      const { theta } = access;
      skew = new Skew(start, end, itemPages, access.ratePerSecond, { theta, salt });
      parts.push({ start, end, rate: 0, skewed: true });
    } else {
      parts.push(...patternPieces(access, start, end, moment));
    }
  }
  return { pieces: overlay(pages, parts), skew };
}

function patternPieces(
  access: AccessSpec,
  start: number,
  end: number,
  moment: Moment,
): RatePiece[] {
  const pages = end - start;
  switch (access.pattern) {
    case 'uniform':
      return [{ start, end, rate: access.ratePerSecond, skewed: false }];
    case 'hotset': {
      const hot = Math.min(pages, Math.max(1, Math.round(pages * access.hotShare)));
      const total = access.ratePerSecond * pages;
      const middle = start + hot;
      const coldRate = pages === hot ? 0 : (total * (1 - access.hotAccessShare)) / (pages - hot);
      return [
        { start, end: middle, rate: (total * access.hotAccessShare) / hot, skewed: false },
        { start: middle, end, rate: coldRate, skewed: false },
      ];
    }
    case 'zipf':
      return zipfPieces(access, pages).map((piece) => shifted(piece, start));
    case 'latest': {
      // The newest page is the most popular one, those before it less and less.
      const head = position(access.bytesPerSecond, moment.toUs, pages);
      return zipfPieces(access, pages)
        .map((piece) => ({ ...piece, start: pages - piece.end, end: pages - piece.start }))
        .flatMap((piece) => wrapped(piece, head, start, pages));
    }
    case 'scan': {
      const first = position(access.bytesPerSecond, moment.fromUs, pages);
      const seconds = (moment.toUs - moment.fromUs) / 1e6;
      const length = Math.min(pages, (access.bytesPerSecond / PAGE_SIZE) * seconds);
      if (length === 0) return [];
      const covered = Math.ceil(length);
      const rate = length / covered / seconds;
      return wrapped({ start: 0, end: covered, rate, skewed: false }, first, start, pages);
    }
  }
}

/** The page, from the part's start, that something moving at this speed has reached. */
function position(bytesPerSecond: number, timeUs: number, pages: number): number {
  return Math.floor(((bytesPerSecond / PAGE_SIZE) * timeUs) / 1e6) % pages;
}

function zipfPieces(
  { ratePerSecond, theta }: { readonly ratePerSecond: number; readonly theta: number },
  pages: number,
): RatePiece[] {
  const zipf = new Zipf(pages, theta);
  return Array.from(zipf.itemShare, (itemShare, bucket) => ({
    start: zipf.firstRank(bucket),
    end: zipf.firstRank(bucket + 1),
    rate: ratePerSecond * pages * itemShare,
    skewed: false,
  }));
}

function shifted(piece: RatePiece, by: number): RatePiece {
  return { ...piece, start: piece.start + by, end: piece.end + by };
}

/** Moves a piece on by `by` in a ring of `pages` pages that begins at page `origin`. */
function wrapped(piece: RatePiece, by: number, origin: number, pages: number): RatePiece[] {
  const start = (piece.start + by) % pages;
  const end = start + piece.end - piece.start;
  const parts = [shifted({ ...piece, start, end: Math.min(end, pages) }, origin)];
  if (end > pages) parts.push(shifted({ ...piece, start: 0, end: end - pages }, origin));
  return parts;
}

/** Sums overlapping parts into pieces without overlap or gap. */
function overlay(pages: number, parts: readonly RatePiece[]): RatePiece[] {
  const bounds = new Set([0, pages]);
  for (const { start, end } of parts) bounds.add(start).add(end);
  const sorted = [...bounds].sort((left, right) => left - right);
  const starting = [...parts].sort((left, right) => left.start - right.start);
  const pieces: RatePiece[] = [];
  let running: RatePiece[] = [];
  let next = 0;
  for (let index = 0; index + 1 < sorted.length; index++) {
    const start = sorted[index]!;
    running = running.filter((part) => part.end > start);
    while (next < starting.length && starting[next]!.start === start)
      running.push(starting[next++]!);
    const rate = running.reduce((sum, part) => sum + part.rate, 0);
    const skewed = running.some((part) => part.skewed);
    pieces.push({ start, end: sorted[index + 1]!, rate, skewed });
  }
  return pieces;
}

/** Index of the piece that holds a page. */
export function pieceIndex({ pieces }: Rates, page: number): number {
  let low = 0;
  let high = pieces.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (pieces[middle]!.start <= page) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Accesses a second to one page. */
export function rateAt(rates: Rates, page: number): number {
  const piece = rates.pieces[pieceIndex(rates, page)]!;
  return piece.rate + (piece.skewed ? rates.skew!.rateAt(page) : 0);
}

/** Accesses a second to a page like this one: where popularity is shuffled by page, the average. */
export function typicalRateAt(rates: Rates, page: number): number {
  const { skew } = rates;
  if (skew === null || skew.itemPages > 1) return rateAt(rates, page);
  const piece = rates.pieces[pieceIndex(rates, page)]!;
  return piece.rate + (piece.skewed ? skew.meanRate : 0);
}

/** Accesses a second to the pages [start, end). */
export function rateSum(rates: Rates, start: number, end: number): number {
  let sum = 0;
  for (let index = pieceIndex(rates, start); index < rates.pieces.length; index++) {
    const piece = rates.pieces[index]!;
    if (piece.start >= end) break;
    const from = Math.max(start, piece.start);
    const to = Math.min(end, piece.end);
    sum += (to - from) * piece.rate + (piece.skewed ? rates.skew!.sum(from, to) : 0);
  }
  return sum;
}
