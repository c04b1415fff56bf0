/** What the machine knows of a run of pages whose state and history are the same. */
import type { Extent } from './extents.ts';
import { HUGE_PAGES } from './page.ts';
import { type Sample, samplesOf } from './population.ts';
import type { SimVma } from './process.ts';

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

/** What a segment's accessed bits tell. */
export function youngUse(segment: Segment, nowUs: number): Use {
  return useSince(segment, segment.extent.youngSinceUs, nowUs);
}

/** How much of a segment was used in a window of time, and who its pages are. */
export interface Use {
  readonly samples: readonly Sample[];
  /** By sample, the share of its pages that was not touched. */
  readonly untouched: number[];
  /** Of all pages. */
  readonly touchedShare: number;
}

/** How long ago a segment's pages were used, in an ideal LRU list, in microseconds. */
export function idleTimeUs(segment: Segment, nowUs: number): number {
  const { vma, extent } = segment;
  // Where pages differ, what the average of their rates makes of it.
  const accesses = samplesOf(segment, extent.mix).reduce(
    (sum, sample) => sum + sample.weight / vma.process.idleUs(vma, sample, nowUs),
    0,
  );
  const idleUs = 1 / accesses;
  return extent.active ? Math.min(idleUs, nowUs - extent.listedUs) : idleUs;
}

/** @param fromUs start of the window; below 0: everything counts as touched */
export function useSince(segment: Segment, fromUs: number, toUs: number): Use {
  const { vma, extent } = segment;
  const samples = samplesOf(segment, extent.mix);
  const pagesPerBit = extent.huge ? HUGE_PAGES : 1;
  const untouched = samples.map((sample) => {
    if (fromUs < 0) return 0;
    const accesses = vma.process.accessesBetween(vma, sample, fromUs, toUs);
    return Math.exp(-accesses * pagesPerBit);
  });
  const left = samples.reduce((sum, { weight }, index) => sum + weight * untouched[index]!, 0);
  return { samples, untouched, touchedShare: Math.min(1, Math.max(0, 1 - left)) };
}
