/**
 * The kernel's promotion by hint faults (NUMA balancing in its memory tiering mode), simplified.
 * Each process's slow pages are protected bit by bit; the next access to one faults. A fault soon
 * after the protection tells of a hot page, which its process then moves up itself, page by page,
 * while all its threads flush their translations.
 */

import type { PageRange } from './actions.ts';
import type { Memory, SimNode } from './memory.ts';
import { PAGE_SIZE } from './page.ts';
import type { SimProcess } from './process.ts';
import { type Segment, segmentsOf, useSince } from './segments.ts';

/** Protected in each second: the kernel's `scan_size_mb` in its shortest scan period. */
const SCAN_PAGES_PER_SECOND = 2 ** 28 / PAGE_SIZE;

/** Where nothing is to be protected, the kernel passes over so many times more. */
const SKIP_FACTOR = 8;

/** An access so soon after the protection makes a page hot: the kernel's threshold. */
const HOT_WITHIN_US = 1_000_000;

/** Until the next scan, a page faults once at most; this long it is watched for that. */
const FAULTS_WITHIN_US = 60_000_000;

/** Microseconds of a process's time that a fault costs, and one whose page is moved up. */
const STALL_US = { fault: 0.3, promotion: 1.1 };

/** Of a CPU. */
const WORK_US = { fault: 1, promotion: 3.5 };

/** Slow pages of equal rate that were protected together. */
interface ProtectedRun {
  readonly segment: Segment;
  readonly sinceUs: number;
  /** Pages from the front that have faulted. */
  faulted: number;
}

/** Gives the fast node room for so many pages, and says for how many there is. */
export type MakeRoom = (node: SimNode, pages: number) => number;

/** What a slice of hint faults has cost. */
export interface HintFaultCost {
  readonly stallUs: number;
  readonly workUs: number;
}

/** The scan of one process, and the faults that follow from it. */
export class HintFaults {
  readonly #memory: Memory;
  readonly #process: SimProcess;
  #runs: ProtectedRun[] = [];
  #vmaIndex = 0;
  #page = 0;

  constructor(memory: Memory, process: SimProcess) {
    this.#memory = memory;
    this.#process = process;
  }

  /** Takes the faults up to now, and protects what comes next. */
  pass(nowUs: number, seconds: number, makeRoom: MakeRoom): HintFaultCost {
    const fast = this.#memory.nodesByTier[0]!;
    const hot: PageRange[] = [];
    let faults = 0;
    for (const run of this.#runs) {
      const { segment, sinceUs } = run;
      const expired = nowUs - sinceUs > HOT_WITHIN_US;
      const untilUs = expired ? sinceUs + FAULTS_WITHIN_US : nowUs;
      const size = segment.end - segment.start;
      const target = Math.round(size * useSince(segment, sinceUs, untilUs).touchedShare);
      const start = segment.start + run.faulted;
      const due = Math.max(0, target - run.faulted);
      if (due > 0 && !expired) hot.push({ vma: segment.vma, start, end: start + due });
      faults += due;
      run.faulted = expired ? size : run.faulted + due;
    }
    this.#runs = this.#runs.filter(({ segment, faulted }) => faulted < segment.end - segment.start);
    const promoted = this.#promote(hot, fast, makeRoom);
    this.#protect(SCAN_PAGES_PER_SECOND * seconds, nowUs, fast);
    const plain = faults - promoted;
    return {
      stallUs: plain * STALL_US.fault + promoted * STALL_US.promotion,
      workUs: plain * WORK_US.fault + promoted * WORK_US.promotion,
    };
  }

  /** Moves up what of the ranges is still on slower nodes, as far as room can be made for it. */
  #promote(ranges: readonly PageRange[], fast: SimNode, makeRoom: MakeRoom): number {
    const wanted = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
    if (wanted === 0) return 0;
    let room = makeRoom(fast, wanted);
    const before = room;
    for (const { vma, start, end } of ranges) {
      for (const extent of vma.extents.cut(start, end)) {
        const from = this.#memory.nodes[extent.location];
        if (room <= 0 || from === undefined || from.tier <= fast.tier) continue;
        const { start: first } = extent;
        const last = Math.min(extent.end, first + room);
        room -= this.#memory.moveToNode(vma, first, last, fast, 0, 'kept');
      }
    }
    for (const vma of new Set(ranges.map((range) => range.vma))) vma.extents.tidy();
    return before - room;
  }

  /** Protects what of the next pages is on slow nodes, and goes on from there next time. */
  #protect(pages: number, nowUs: number, fast: SimNode): void {
    const { vmas } = this.#process;
    let budget = pages;
    // Once around at most.
    for (let step = 0; step <= vmas.length && budget > 0; step++) {
      const vma = vmas[this.#vmaIndex % vmas.length]!;
      for (const segment of segmentsOf(vma, this.#page, vma.pages)) {
        if (budget <= 0) return;
        const { extent, start } = segment;
        const slow = extent.location >= 0 && this.#memory.nodes[extent.location]!.tier > fast.tier;
        const reach = slow ? Math.ceil(budget) : Math.ceil(budget * SKIP_FACTOR);
        const end = Math.min(segment.end, start + reach);
        if (slow) this.#runs.push({ segment: { ...segment, end }, sinceUs: nowUs, faulted: 0 });
        budget -= slow ? end - start : (end - start) / SKIP_FACTOR;
        this.#page = end;
      }
      if (this.#page < vma.pages) return;
      this.#vmaIndex = (this.#vmaIndex + 1) % vmas.length;
      this.#page = 0;
    }
  }
}
