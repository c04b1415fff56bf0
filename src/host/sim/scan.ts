/** Scans: where one is, and when it passed a page. Each page is accessed once in a round. */
import { PAGE_SIZE } from './page.ts';
import type { AccessSpec } from './scenario.ts';

/** What was scanned at different times is told apart in so many parts. */
const PARTS = 64;

/** One scan, in pages of its mapping. */
export interface Scan {
  readonly start: number;
  readonly end: number;
  readonly pagesPerSecond: number;
}

/** A scan of a mapping of `pages` pages. */
export function toScan(access: AccessSpec & { readonly pattern: 'scan' }, pages: number): Scan {
  const start = Math.floor(access.from * pages);
  const end = Math.max(start + 1, Math.floor(access.to * pages));
  return { start, end, pagesPerSecond: access.bytesPerSecond / PAGE_SIZE };
}

/** Whether the scan passes a page in (fromUs, toUs]. */
export function passes(scan: Scan, page: number, fromUs: number, toUs: number): boolean {
  if (page < scan.start || page >= scan.end) return false;
  return rounds(scan, page, toUs) > rounds(scan, page, fromUs);
}

/** Microseconds from `timeUs` until the scan comes to a page, if it goes on for so long. */
export function untilPassUs(
  { start, end, pagesPerSecond }: Scan,
  page: number,
  timeUs: number,
): number {
  if (page < start || page >= end || pagesPerSecond === 0) return Infinity;
  const head = ((timeUs / 1e6) * pagesPerSecond) % (end - start);
  const ahead = (page - start - head + end - start) % (end - start);
  return (ahead / pagesPerSecond) * 1e6;
}

/** Microseconds since the scan was at a page, if it has gone on for so long. */
export function sincePassUs(scan: Scan, page: number, timeUs: number): number {
  const roundUs = ((scan.end - scan.start) / scan.pagesPerSecond) * 1e6;
  const aheadUs = untilPassUs(scan, page, timeUs);
  return Number.isFinite(aheadUs) ? (roundUs - aheadUs) % roundUs : Infinity;
}

/** Pages at which the parts begin that are told apart. */
export function scanCuts({ start, end }: Scan): number[] {
  const parts = Math.min(PARTS, end - start);
  const cuts = Array.from({ length: parts }, (_, part) =>
    Math.floor(start + (part / parts) * (end - start)),
  );
  return [...cuts, end];
}

function rounds({ start, end, pagesPerSecond }: Scan, page: number, timeUs: number): number {
  return Math.floor(((timeUs / 1e6) * pagesPerSecond - (page - start)) / (end - start));
}
