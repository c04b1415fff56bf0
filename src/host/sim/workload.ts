/**
 * How often each page of a mapping is accessed during one phase: pieces of equal rate, plus at most
 * one shuffled popularity on top. Everything else asks this, whatever pattern was written.
 */
import { HUGE_PAGES, PAGE_SIZE } from './page.ts';
import type { AccessSpec } from './scenario.ts';
import { Skew } from './skew.ts';
import { Zipf } from './zipf.ts';

/** Up to so many items of shuffled popularity are kept apart: 1 GiB of blocks of 2 MiB. */
const MAX_PLACED_ITEMS = 512;

/** Pages [start, end) with the same rate. */
export interface RatePiece {
  readonly start: number;
  readonly end: number;
  /** Accesses a second to each page, without the shuffled part. */
  readonly rate: number;
  /** The part of them that writes, the shuffled part included. */
  readonly writeRate: number;
  readonly skewed: boolean;
  /** A scan passes here in this moment: each page is needed once, in order. */
  readonly scanned: boolean;
}

/** Access rates of a whole mapping in one phase, or in one moment of it. */
export interface Rates {
  /** Ordered, from the first page to the last, without gaps. */
  readonly pieces: readonly RatePiece[];
  readonly skew: Skew | null;
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
      const { theta, ratePerSecond } = access;
      const shuffled = new Skew(start, end, itemPages, ratePerSecond, { theta, salt });
      const writeRate = ratePerSecond * (access.writeShare ?? 0);
      if (shuffled.zipf.count <= MAX_PLACED_ITEMS) {
        parts.push(...placedItems(shuffled, access.writeShare ?? 0));
      } else {
        skew = shuffled;
        parts.push({ start, end, rate: 0, writeRate, skewed: true, scanned: false });
      }
    } else {
      const scanned = access.pattern === 'scan';
      for (const span of patternSpans(access, start, end, moment)) {
        const writeRate = span.rate * (access.writeShare ?? 0);
        parts.push({ ...span, writeRate, skewed: false, scanned });
      }
    }
  }
  return { pieces: overlay(pages, parts), skew };
}

/** Pages that a pattern accesses alike. */
interface RateSpan {
  readonly start: number;
  readonly end: number;
  readonly rate: number;
}

function patternSpans(access: AccessSpec, start: number, end: number, moment: Moment): RateSpan[] {
  const pages = end - start;
  switch (access.pattern) {
    case 'uniform':
      return [{ start, end, rate: access.ratePerSecond }];
    case 'hotset': {
      const hot = Math.min(pages, Math.max(1, Math.round(pages * access.hotShare)));
      const total = access.ratePerSecond * pages;
      const middle = start + hot;
      const coldRate = pages === hot ? 0 : (total * (1 - access.hotAccessShare)) / (pages - hot);
      return [
        { start, end: middle, rate: (total * access.hotAccessShare) / hot },
        { start: middle, end, rate: coldRate },
      ];
    }
    case 'zipf':
      return zipfSpans(access, pages).map((piece) => shifted(piece, start));
    case 'latest': {
      // The newest page is the most popular one, those before it less and less.
      const head = position(access.bytesPerSecond, moment.toUs, pages);
      return zipfSpans(access, pages)
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
      return wrapped({ start: 0, end: covered, rate }, first, start, pages);
    }
  }
}

/** The page, from the part's start, that something moving at this speed has reached. */
function position(bytesPerSecond: number, timeUs: number, pages: number): number {
  return Math.floor(((bytesPerSecond / PAGE_SIZE) * timeUs) / 1e6) % pages;
}

function zipfSpans(
  { ratePerSecond, theta }: { readonly ratePerSecond: number; readonly theta: number },
  pages: number,
): RateSpan[] {
  const zipf = new Zipf(pages, theta);
  return Array.from(zipf.itemShare, (itemShare, bucket) => ({
    start: zipf.firstRank(bucket),
    end: zipf.firstRank(bucket + 1),
    rate: ratePerSecond * pages * itemShare,
  }));
}

function shifted(piece: RateSpan, by: number): RateSpan {
  return { ...piece, start: piece.start + by, end: piece.end + by };
}

/** Moves a piece on by `by` in a ring of `pages` pages that begins at page `origin`. */
function wrapped(piece: RateSpan, by: number, origin: number, pages: number): RateSpan[] {
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
    pieces.push({
      start,
      end: sorted[index + 1]!,
      rate,
      writeRate: running.reduce((sum, part) => sum + part.writeRate, 0),
      skewed: running.some((part) => part.skewed),
      scanned: running.some((part) => part.scanned),
    });
  }
  return pieces;
}

/** Where items are few, each is a piece of its own: then its place tells how popular it is. */
function placedItems(skew: Skew, writeShare: number): RatePiece[] {
  return Array.from({ length: skew.zipf.count }, (_, item) => {
    const start = skew.start + item * skew.itemPages;
    const end = Math.min(skew.end, start + skew.itemPages);
    const rate = skew.rateAt(start);
    return { start, end, rate, writeRate: rate * writeShare, skewed: false, scanned: false };
  });
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
