/** What the machine knows of a run of pages whose state and history are the same. */
import type { Extent } from './extents.ts';
import { HUGE_PAGES } from './page.ts';
import type { SimVma } from './process.ts';

/** A page counts as active when it was accessed within this time. */
const ACTIVE_WINDOW_US = 10_000_000;

/** Where popularity is shuffled, shares are averages over so many pages. */
const SAMPLES = 16;

/** A cut of an extent of which all pages are accessed alike, in every phase. */
export interface Segment {
  readonly vma: SimVma;
  /** In force when the segment was made; its extent may be cut further meanwhile. */
  readonly extent: Extent;
  readonly start: number;
  readonly end: number;
}

/** Cuts pages [start, end) of a mapping into segments, without changing anything. */
export function segmentsOf(vma: SimVma, start: number, end: number): Segment[] {
  const segments: Segment[] = [];
  const { bounds } = vma;
  const { list } = vma.extents;
  let next = 0;
  for (let index = vma.extents.indexOf(start); index < list.length; index++) {
    const extent = list[index]!;
    if (extent.start >= end) break;
    let from = Math.max(start, extent.start);
    const to = Math.min(end, extent.end);
    while (from < to) {
      while (next < bounds.length && bounds[next]! <= from) next += 1;
      const until = Math.min(to, bounds[next] ?? to);
      segments.push({ vma, extent, start: from, end: until });
      from = until;
    }
  }
  return segments;
}

/** Expected share of a segment's pages whose accessed bit is set. */
export function youngShare(segment: Segment, nowUs: number): number {
  const { youngSinceUs } = segment.extent;
  return youngSinceUs < 0 ? 1 : touchedShare(segment, youngSinceUs, nowUs);
}

/** Expected share of a segment's pages that are on the active LRU list. */
export function activeShare(segment: Segment, nowUs: number): number {
  const { lru, lruUs } = segment.extent;
  if (lru > 0 && nowUs - lruUs < ACTIVE_WINDOW_US) return 1;
  const windowStartUs = Math.max(0, nowUs - ACTIVE_WINDOW_US);
  return touchedShare(segment, lru < 0 ? Math.max(lruUs, windowStartUs) : windowStartUs, nowUs);
}

/** How long ago a segment's pages were used, as baseline reclaim sees it, in microseconds. */
export function idleTimeUs({ vma, extent, start, end }: Segment, nowUs: number): number {
  const idleUs = vma.process.idleUs(vma, Math.floor((start + end) / 2), nowUs);
  const sinceUs = nowUs - extent.lruUs;
  if (extent.lru > 0) return Math.min(idleUs, sinceUs);
  // Deactivated pages go first, unless they have been used again since.
  return extent.lru < 0 && sinceUs < idleUs ? Infinity : idleUs;
}

/** Expected share of a segment's pages that are accessed in (fromUs, toUs]. */
export function touchedShare(segment: Segment, fromUs: number, toUs: number): number {
  const { vma, extent, start, end } = segment;
  const samples = vma.rates.skew === null ? 1 : Math.min(SAMPLES, end - start);
  const pagesPerBit = extent.huge ? HUGE_PAGES : 1;
  let sum = 0;
  for (let sample = 0; sample < samples; sample++) {
    const page = Math.floor(start + ((sample + 0.5) / samples) * (end - start));
    const accesses = vma.process.accessesBetween(vma, page, fromUs, toUs);
    sum += 1 - Math.exp(-accesses * pagesPerBit);
  }
  return sum / samples;
}
