import type { Clock } from '../../base/clock.ts';
import { planFaults } from './faults.ts';
import { mappedFrames, mappedPages } from './frame-index.ts';
import { salt32 } from './hash.ts';
import { Memory, type SimNode } from './memory.ts';
import { PAGE_SIZE } from './page.ts';
import { SimProcess, type SimVma } from './process.ts';
import { reclaimOldest } from './reclaim.ts';
import type { MappedRun } from './sample-map.ts';
import type { Scenario } from './scenario.ts';
import { activeShare, type Segment, segmentsOf } from './segments.ts';
import { type MachineSummary, summarize } from './summary.ts';
import { type ProcessTruth, processTruth } from './truth.ts';
import { rateSum } from './workload.ts';

/** Consequences are worked out for slices of time no longer than this. */
const SLICE_US = 100_000;

/** Mappings are populated in steps of this: what doesn't fit pushes out what came before. */
const POPULATE_PAGES = 2 ** 18;

/** Microseconds of a CPU that schemes need for a page; moving one costs about two copies. */
const WORK_US = { pageOut: 5, bring: 5, migrate: 2.5, setLru: 0.1 };

/** What an action is about to do with a range of pages. */
export interface PageRange {
  readonly vma: SimVma;
  readonly start: number;
  readonly end: number;
}

/** Totals of a run, in pages and microseconds. */
export interface MachineCounters {
  someStallUs: number;
  fullStallUs: number;
  /** Taken by schemes, and by the baseline when memory ran short. */
  pagedOutPages: number;
  reclaimedPages: number;
  /** Came back because they were accessed, and because a scheme brought them. */
  refaultedPages: number;
  broughtBackPages: number;
  /** Could not come because nothing could be reclaimed. */
  deniedPages: number;
}

/**
 * A machine of our own making: nodes, swap, processes with known access patterns, and a baseline
 * kernel. It is deterministic: the same scenario, asked the same, gives the same answers. Its cost
 * follows the number of different things that happen to memory, not the size of memory.
 *
 * Time is the clock's; call `advanceTo` after the clock was moved. It implements the core's
 * `Metrics`.
 */
export class SimulatedMachine {
  readonly scenario: Scenario;
  readonly memory: Memory;
  readonly processes: readonly SimProcess[];
  readonly counters: MachineCounters = {
    someStallUs: 0,
    fullStallUs: 0,
    pagedOutPages: 0,
    reclaimedPages: 0,
    refaultedPages: 0,
    broughtBackPages: 0,
    deniedPages: 0,
  };
  /** Counts the time that applying schemes would take, for time quotas. */
  readonly workClock: Clock = { nowUs: () => this.#workUs };
  readonly #clock: Clock;
  readonly #originUs: number;
  readonly #fastestNs: number;
  #sliceStartUs = 0;
  #sliceEndUs = 0;
  #nowUs = 0;
  #workUs = 0;
  /** Changes whenever access rates do. */
  #ratesVersion = 0;

  constructor(scenario: Scenario, clock: Clock) {
    this.scenario = scenario;
    this.#clock = clock;
    this.#originUs = clock.nowUs();
    this.memory = new Memory(scenario);
    this.#fastestNs = Math.min(...this.memory.nodes.map(({ latencyNs }) => latencyNs));
    let mappedPages = 0;
    this.processes = scenario.processes.map((spec) => {
      const process = new SimProcess(spec, scenario.seed, mappedPages);
      mappedPages += process.mappedPages;
      return process;
    });
    for (const process of this.processes) {
      for (const vma of process.vmas) if (vma.populated) this.#populate(vma);
    }
    this.#beginSlice(0);
  }

  /** Microseconds since the machine's start. */
  get nowUs(): number {
    return this.#nowUs;
  }

  /** Changes whenever the answers of the workload do: new phases, other speeds. */
  get ratesVersion(): number {
    return this.#ratesVersion;
  }

  process(pid: number): SimProcess | undefined {
    return this.processes.find((process) => process.pid === pid && process.alive);
  }

  /** Lets the machine run up to a time of its clock. */
  advanceTo(timeUs: number): void {
    const untilUs = timeUs - this.#originUs;
    while (this.#sliceEndUs <= untilUs) {
      this.#nowUs = this.#sliceEndUs;
      this.#endSlice();
      this.#beginSlice(this.#sliceEndUs);
    }
    this.#nowUs = Math.max(this.#nowUs, untilUs);
  }

  /** Lets the machine run up to its clock's present. */
  catchUp(): void {
    this.advanceTo(this.#clock.nowUs());
  }

  // --- what schemes do; each returns the pages on which it succeeded ---

  pageOut({ vma, start, end }: PageRange): number {
    const pages = this.memory.takeAway(vma, start, end);
    this.counters.pagedOutPages += pages;
    this.#workUs += pages * WORK_US.pageOut;
    vma.extents.tidy();
    return pages;
  }

  /** Brings back what is away, as far as there is room. */
  willNeed({ vma, start, end }: PageRange): number {
    let brought = 0;
    for (const extent of vma.extents.cut(start, end)) {
      if (extent.location >= 0) continue;
      const { start: first, end: last } = extent;
      const pages = this.#place(vma, first, last);
      for (const arrived of vma.extents.cut(first, first + pages))
        arrived.youngSinceUs = this.#nowUs;
      brought += pages;
    }
    this.counters.broughtBackPages += brought;
    this.#workUs += brought * WORK_US.bring;
    vma.extents.tidy();
    return brought;
  }

  /** Moves pages up (1) or down (-1) in the LRU lists. */
  setLru({ vma, start, end }: PageRange, lru: 1 | -1): number {
    let pages = 0;
    for (const extent of vma.extents.cut(start, end)) {
      if (extent.location < 0) continue;
      extent.lru = lru;
      extent.lruUs = this.#nowUs;
      pages += extent.end - extent.start;
    }
    this.#workUs += pages * WORK_US.setLru;
    vma.extents.tidy();
    return pages;
  }

  /** Clears the accessed bits. */
  clearYoung({ vma, start, end }: PageRange): void {
    for (const extent of vma.extents.cut(start, end)) extent.youngSinceUs = this.#nowUs;
    vma.extents.tidy();
  }

  /** Maps whole 2 MiB by huge pages, or no longer; making them needs all of their pages there. */
  setHuge(range: PageRange, huge: boolean): void {
    const { vma, start, end } = range;
    if (huge) this.willNeed(range);
    for (const extent of vma.extents.cut(start, end)) {
      extent.huge = huge && extent.location >= 0;
    }
    this.#ratesVersion += 1;
    vma.extents.tidy();
  }

  /** Moves what is on other nodes to node `nid`, as far as there is room; away pages stay away. */
  migrate({ vma, start, end }: PageRange, nid: number): number {
    const node = this.memory.nodes[nid];
    if (node === undefined) return 0;
    let pages = 0;
    for (const extent of vma.extents.cut(start, end)) {
      if (extent.location < 0 || extent.location === nid) continue;
      const { start: first, end: last } = extent;
      pages += this.memory.moveToNode(vma, first, last, node, node.watermarks.min, 'kept');
    }
    this.#workUs += pages * WORK_US.migrate;
    vma.extents.tidy();
    return pages;
  }

  // --- what operations sets look at ---

  /** Physical addresses of each node, by nid. */
  get physicalRanges(): readonly { readonly start: number; readonly end: number }[] {
    return this.memory.nodes.map(({ frames }) => ({
      start: frames.first * PAGE_SIZE,
      end: (frames.first + frames.size) * PAGE_SIZE,
    }));
  }

  /** Pages in use by physical address. */
  mappedFrames(): MappedRun[] {
    return mappedFrames(this.processes);
  }

  /** Pages of a process by virtual address. */
  mappedPages(process: SimProcess): MappedRun[] {
    return mappedPages(process.vmas);
  }

  /** A salt for everything that is drawn about this moment. */
  momentSalt(): number {
    return salt32(this.scenario.seed, this.#nowUs);
  }

  // --- the core's Metrics ---

  someMemoryPressureUs(): number {
    this.catchUp();
    return Math.floor(this.counters.someStallUs);
  }

  freeMemoryPermil(): number {
    this.catchUp();
    const { nodes } = this.memory;
    const free = nodes.reduce((sum, { frames }) => sum + frames.freeCount, 0);
    const total = nodes.reduce((sum, { frames }) => sum + frames.size, 0);
    return Math.floor((free * 1000) / total);
  }

  /** In pages, like the two below. */
  nodeMemory(nid: number): { readonly total: number; readonly free: number } | null {
    this.catchUp();
    const node = this.memory.nodes[nid];
    return node ? { total: node.frames.size, free: node.frames.freeCount } : null;
  }

  /** A cgroup has the memory of its descendants, too. */
  cgroupMemoryOnNode(memcgPath: string, nid: number): number | null {
    this.catchUp();
    const members = this.processes.filter(({ spec }) => isWithin(spec.cgroup, memcgPath));
    if (members.length === 0) return null;
    return members
      .flatMap(({ vmas }) => vmas.flatMap(({ extents }) => extents.list))
      .filter(({ location }) => location === nid)
      .reduce((sum, { start, end }) => sum + end - start, 0);
  }

  activeMemory(): number {
    this.catchUp();
    const active = this.#residentSegments().reduce(
      (sum, segment) => sum + sizeOf(segment) * activeShare(segment, this.#nowUs),
      0,
    );
    return Math.round(active);
  }

  inactiveMemory(): number {
    const resident = this.#residentSegments().reduce((sum, segment) => sum + sizeOf(segment), 0);
    return resident - this.activeMemory();
  }

  // --- what comes out ---

  /** What is accessed how often right now; for judging monitors, never for them. */
  groundTruth(): ProcessTruth[] {
    return this.processes.filter(({ alive }) => alive).map(processTruth);
  }

  summary(): MachineSummary {
    return summarize(this);
  }

  #residentSegments(): Segment[] {
    return this.processes
      .flatMap(({ vmas }) => vmas)
      .flatMap((vma) => segmentsOf(vma, 0, vma.pages))
      .filter(({ extent }) => extent.location >= 0);
  }

  #populate(vma: SimVma): void {
    for (let first = 0; first < vma.pages; ) {
      const placed = this.#place(vma, first, Math.min(vma.pages, first + POPULATE_PAGES));
      if (placed === 0) break;
      first += placed;
    }
    vma.extents.tidy();
  }

  /** Puts missing pages on the fastest nodes with room, reclaiming if there is none. */
  #place(vma: SimVma, start: number, end: number): number {
    let placed = this.#placeAbove(vma, start, end, 'low');
    if (placed === end - start) return placed;
    const wanted = end - start - placed;
    this.counters.reclaimedPages += reclaimOldest(this.memory, this.processes, wanted, this.#nowUs);
    placed += this.#placeAbove(vma, start + placed, end, 'min');
    return placed;
  }

  #placeAbove(vma: SimVma, start: number, end: number, mark: keyof SimNode['watermarks']): number {
    let first = start;
    for (const node of this.memory.nodesByTier) {
      if (first === end) break;
      first += this.memory.moveToNode(vma, first, end, node, node.watermarks[mark], 'new');
    }
    return first - start;
  }

  #beginSlice(startUs: number): void {
    const untilPhase = this.processes
      .filter(({ alive }) => alive)
      .map((process) => process.phaseEndUs(startUs));
    this.#sliceStartUs = startUs;
    this.#sliceEndUs = Math.min(startUs + SLICE_US, ...untilPhase);
    const moment = { fromUs: startUs, toUs: this.#sliceEndUs };
    for (const process of this.processes) {
      if (process.alive && process.setMoment(moment)) this.#ratesVersion += 1;
    }
  }

  #endSlice(): void {
    const sliceUs = this.#sliceEndUs - this.#sliceStartUs;
    let noneStalled = 1;
    let allStalled = 1;
    for (const process of this.processes) {
      if (!process.alive) continue;
      const stalledShare = Math.min(1, this.#run(process, sliceUs / 1e6) / sliceUs);
      noneStalled *= 1 - stalledShare;
      allStalled *= stalledShare;
      if (process.endsBy(this.#sliceEndUs)) this.#end(process);
    }
    this.counters.someStallUs += sliceUs * (1 - noneStalled);
    if (this.processes.some(({ alive }) => alive)) {
      this.counters.fullStallUs += sliceUs * allStalled;
    }
  }

  /** Runs a process for one slice; returns the microseconds that it waited for reclaimed pages. */
  #run(process: SimProcess, seconds: number): number {
    const cost = 1 + this.#serveAccesses(process, seconds);
    const latencySeconds = this.scenario.swap.latencyUs / 1e6;
    const plan = planFaults(process, seconds, cost, latencySeconds);
    let refaults = 0;
    for (const { vma, extent, count } of plan.faults) {
      const wasAway = vma.awayPages;
      const placed = this.#place(vma, extent.start, extent.start + count);
      refaults += Math.max(0, wasAway - vma.awayPages);
      this.counters.deniedPages += count - placed;
    }
    for (const vma of plan.faults.length > 0 ? process.vmas : []) vma.extents.tidy();
    const stallUs = refaults * this.scenario.swap.latencyUs;
    process.refaults += refaults;
    this.counters.refaultedPages += refaults;
    process.stallUs += stallUs;
    process.ranSeconds += seconds;
    process.workSeconds += plan.workSeconds;
    process.residentByteSeconds += process.residentBytes * seconds;
    const speed = plan.workSeconds / seconds;
    if (speed !== process.speed) this.#ratesVersion += 1;
    process.speed = speed;
    return stallUs;
  }

  /** Counts accesses by node; returns the seconds that slower nodes add to a second of work. */
  #serveAccesses(process: SimProcess, seconds: number): number {
    let delay = 0;
    for (const vma of process.vmas) {
      for (const { start, end, location } of vma.extents.list) {
        if (location < 0) continue;
        const node = this.memory.nodes[location]!;
        const rate = rateSum(vma.rates, start, end);
        node.accesses += rate * process.speed * seconds;
        delay += (rate * (node.latencyNs - this.#fastestNs)) / 1e9;
      }
    }
    return delay;
  }

  #end(process: SimProcess): void {
    for (const vma of process.vmas) this.memory.release(vma);
    process.alive = false;
    this.#ratesVersion += 1;
  }
}

function sizeOf({ start, end }: Segment): number {
  return end - start;
}

/** Whether a cgroup is `ancestor` or below it. */
function isWithin(cgroup: string, ancestor: string): boolean {
  const prefix = ancestor.endsWith('/') ? ancestor : `${ancestor}/`;
  return cgroup === ancestor || cgroup.startsWith(prefix);
}
