/**
 * What the kernel itself takes from memory, when it runs short or is asked to: the parts that its
 * two ways of choosing (`lru.ts`, `mglru.ts`) share.
 */
import type { Extent } from './extents.ts';
import type { Memory } from './memory.ts';
import { remainingMix } from './population.ts';
import type { SimProcess, SimVma } from './process.ts';
import { type Segment, segmentsOf, type Use, useSince } from './segments.ts';

/** Microseconds of a CPU for a page: looked at, written away or compressed, or dropped. */
const RECLAIM_US = { scan: 0.1, swapOut: 5, drop: 0.5 };

/** Whose memory may be taken; nothing said: anybody's. */
export interface ReclaimScope {
  readonly nid?: number;
  readonly processes?: readonly SimProcess[];
}

/** What came of it. */
export interface Reclaimed {
  readonly pages: number;
  /** Microseconds of a CPU that it took. */
  readonly workUs: number;
}

/** A way to choose. */
export interface Reclaimer {
  /** Takes `wanted` pages, if so many can be had. */
  reclaim(wanted: number, scope: ReclaimScope, nowUs: number): Reclaimed;
  /** Pages came back because they were needed. */
  refaulted(vma: SimVma, pages: number): void;
}

/** Pages of a scope that are on nodes. Refers to no extent: those are cut while it is worked on. */
export interface Candidate {
  readonly vma: SimVma;
  readonly start: number;
  readonly end: number;
  readonly active: boolean;
  readonly listedUs: number;
}

/** All pages that could be taken; anonymous ones only while there is swap. */
export function candidatesOf(
  memory: Memory,
  all: readonly SimProcess[],
  { nid, processes }: ReclaimScope,
): Candidate[] {
  const swap = memory.swapUsedPages < memory.swapPages;
  const candidates: Candidate[] = [];
  for (const vma of (processes ?? all).flatMap(({ vmas }) => vmas)) {
    if (vma.missingPages === vma.pages || (!swap && vma.kind !== 'file')) continue;
    for (const { extent, start, end } of segmentsOf(vma, 0, vma.pages)) {
      const { location, active, listedUs } = extent;
      if (nid === undefined ? location < 0 : location !== nid) continue;
      candidates.push({ vma, start, end, active, listedUs });
    }
  }
  return candidates;
}

/** Pages in all. */
export function sizeOf(candidates: readonly Candidate[]): number {
  return candidates.reduce((sum, { start, end }) => sum + end - start, 0);
}

/** One run of reclaim: what was taken, and what it took. */
export class ReclaimPass {
  pages = 0;
  workUs = 0;
  readonly #memory: Memory;
  readonly #nowUs: number;
  readonly #changed: Set<SimVma> = new Set();

  constructor(memory: Memory, nowUs: number) {
    this.#memory = memory;
    this.#nowUs = nowUs;
  }

  /**
   * Looks through a candidate's pages for those that were not used since `fromUs`, takes up to
   * `wanted` of them, and lists the used ones that it came across anew.
   */
  scan(candidate: Candidate, fromUs: number, wanted: number): void {
    const { vma, start, end } = candidate;
    const use = useSince(asSegment(candidate), fromUs, this.#nowUs);
    const untouched = 1 - use.touchedShare;
    const scanned = Math.min(end - start, Math.ceil(wanted / Math.max(untouched, 1e-9)));
    const cold = Math.min(wanted, Math.round(scanned * untouched));
    this.workUs += scanned * RECLAIM_US.scan;
    this.#part({ vma, start, end: start + scanned }, use, cold);
    const taken = this.#memory.takeAway(vma, start, start + cold);
    for (const extent of vma.extents.cut(start + cold, start + scanned)) this.#relist(extent, true);
    this.pages += taken;
    this.workUs += taken * (vma.kind === 'file' ? RECLAIM_US.drop : RECLAIM_US.swapOut);
  }

  /** Lists the pages anew that were used since `fromUs`, and leaves the others where they are. */
  age(candidate: Candidate, fromUs: number): void {
    const { vma, start, end } = candidate;
    const use = useSince(asSegment(candidate), fromUs, this.#nowUs);
    const cold = Math.round((end - start) * (1 - use.touchedShare));
    this.#part(candidate, use, cold);
    for (const extent of vma.extents.cut(start, start + cold)) extent.active = false;
    for (const extent of vma.extents.cut(start + cold, end)) this.#relist(extent, true);
    this.workUs += (end - start) * RECLAIM_US.scan * AGING_COST;
  }

  /** Moves pages from the active list to the inactive one. */
  deactivate({ vma, start, end }: Candidate, pages: number): void {
    for (const extent of vma.extents.cut(start, Math.min(end, start + pages))) {
      this.#relist(extent, false);
    }
    this.#changed.add(vma);
    this.workUs += pages * RECLAIM_US.scan;
  }

  finish(): Reclaimed {
    for (const vma of this.#changed) vma.extents.tidy();
    return { pages: this.pages, workUs: this.workUs };
  }

  /** Puts the unused pages of a run in front of the used ones. */
  #part({ vma, start, end }: Range, { samples, untouched }: Use, cold: number): void {
    this.#changed.add(vma);
    if (cold === 0 || cold === end - start) return;
    const unused = remainingMix(vma, samples, untouched);
    if (unused === null) return;
    const used = remainingMix(
      vma,
      samples,
      untouched.map((share) => 1 - share),
    );
    for (const extent of vma.extents.cut(start, start + cold)) extent.mix = unused;
    for (const extent of vma.extents.cut(start + cold, end)) extent.mix = used;
  }

  #relist(extent: Extent, active: boolean): void {
    extent.active = active;
    extent.listedUs = this.#nowUs;
  }
}

interface Range {
  readonly vma: SimVma;
  readonly start: number;
  readonly end: number;
}

/** Walking page tables costs less than asking for each page who maps it. */
const AGING_COST = 0.2;

/** With the extent as it is now. */
function asSegment({ vma, start, end }: Candidate): Segment {
  return { vma, start, end, extent: vma.extents.list[vma.extents.indexOf(start)]! };
}
