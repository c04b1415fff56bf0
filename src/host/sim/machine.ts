import type { Clock } from '../../base/clock.ts';
import type { MemoryZone } from '../host.ts';
import { SimActions } from './actions.ts';
import { Blocks } from './blocks.ts';
import { cgroupsOf, overHighUs, type SimCgroup } from './cgroups.ts';
import { loadNodes } from './contention.ts';
import { faultLatencyUs, isFromDisk } from './devices.ts';
import { AWAY } from './extents.ts';
import { type Fault, planFaults } from './faults.ts';
import { mappedFrames, mappedPages } from './frame-index.ts';
import { salt32 } from './hash.ts';
import { KernelTiering } from './kernel-tiering.ts';
import { Kswapd } from './kswapd.ts';
import { LruReclaimer } from './lru.ts';
import { freePages, Memory } from './memory.ts';
import { SimMetrics } from './metrics.ts';
import { MglruReclaimer } from './mglru.ts';
import { PAGE_SIZE } from './page.ts';
import { placePages, populate } from './placement.ts';
import { SimProcess, type SimVma } from './process.ts';
import type { Reclaimer } from './reclaim.ts';
import type { MappedRun } from './sample-map.ts';
import type { Scenario } from './scenario.ts';
import { serveAccesses } from './serve.ts';
import { type MachineSummary, summarize } from './summary.ts';
import { type ProcessTruth, processTruth } from './truth.ts';
import { zonesOf } from './zones.ts';

/** Consequences are worked out for slices of time no longer than this. */
const SLICE_US = 100_000;

/** Moves that are too long ago to matter are forgotten once in a second. */
const FORGET_EVERY_US = 1_000_000;
/** How often memory that has fallen to pieces is put in order. */
const COMPACTION_US = 1_000_000;

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
  /** Microseconds of a CPU that applying schemes took, and the kernel's own reclaim. */
  schemeWorkUs: number;
  reclaimWorkUs: number;
  /** Pages that a monitor looked at. */
  sampledPages: number;
  /** The part of the stalls in which somebody waited for a disk. */
  ioStallUs: number;
  /** Memory in use, what zram holds included, over time. */
  usedByteSeconds: number;
}

/**
 * A machine of our own making: nodes, swap, processes with known access patterns, and a baseline
 * kernel. It is deterministic: the same scenario, asked the same, gives the same answers. Its cost
 * follows the number of different things that happen to memory, not the size of memory.
 *
 * Time is the clock's; call `advanceTo` after the clock was moved.
 */
export class SimulatedMachine {
  readonly scenario: Scenario;
  readonly memory: Memory;
  /** By physical address: all of the nodes. */
  readonly zones: readonly MemoryZone[];
  /** Memory that is taken out of use in whole blocks. */
  readonly blocks: Blocks;
  readonly processes: readonly SimProcess[];
  /** By path. */
  readonly cgroups: ReadonlyMap<string, SimCgroup>;
  /** How the kernel chooses what it reclaims, and the part of it that does so by itself. */
  readonly reclaimer: Reclaimer;
  readonly kswapd: Kswapd = new Kswapd(this);
  readonly counters: MachineCounters = {
    someStallUs: 0,
    fullStallUs: 0,
    pagedOutPages: 0,
    reclaimedPages: 0,
    refaultedPages: 0,
    broughtBackPages: 0,
    deniedPages: 0,
    schemeWorkUs: 0,
    reclaimWorkUs: 0,
    sampledPages: 0,
    ioStallUs: 0,
    usedByteSeconds: 0,
  };
  /** What schemes can do to it, and what they can ask about it. */
  readonly actions: SimActions = new SimActions(this);
  readonly metrics: SimMetrics = new SimMetrics(this);
  /** Counts the time that applying schemes would take, for time quotas. */
  readonly workClock: Clock = { nowUs: () => this.counters.schemeWorkUs };
  /** The kernel's own tiering. */
  readonly kernelTiering: KernelTiering;
  readonly #clock: Clock;
  readonly #originUs: number;
  #sliceStartUs = 0;
  #sliceEndUs = 0;
  #nowUs = 0;
  /** Changes whenever access rates do. */
  #ratesVersion = 0;
  /** Several kdamonds ask for the same. */
  #frames: { readonly version: string; readonly runs: readonly MappedRun[] } = {
    version: '',
    runs: [],
  };

  constructor(scenario: Scenario, clock: Clock) {
    this.scenario = scenario;
    this.#clock = clock;
    this.#originUs = clock.nowUs();
    this.zones = zonesOf(scenario.nodes);
    this.memory = new Memory(scenario, () => this.#nowUs);
    let mappedPages = 0;
    this.processes = scenario.processes.map((spec) => {
      const process = new SimProcess(spec, scenario.seed, mappedPages);
      mappedPages += process.mappedPages;
      return process;
    });
    this.blocks = new Blocks({
      memory: this.memory,
      processes: this.processes,
      seed: scenario.seed,
      unmovableShares: scenario.nodes.map(({ unmovableShare }) => unmovableShare),
      movable: this.zones.filter(({ name }) => name === 'Movable').map(({ range }) => range),
    });
    this.cgroups = cgroupsOf(this, scenario, this.processes);
    const { reclaim, swappiness } = scenario.kernel;
    this.reclaimer =
      reclaim === 'mglru'
        ? new MglruReclaimer(this.memory, this.processes)
        : new LruReclaimer(this.memory, this.processes, swappiness);
    for (const process of this.processes) {
      for (const vma of process.vmas) if (vma.populated) populate(this, vma);
    }
    this.kernelTiering = new KernelTiering(scenario, this.memory, this.processes);
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

  /** To be called by whatever changes how memory answers a monitor. */
  ratesChanged(): void {
    this.#ratesVersion += 1;
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

  // --- what operations sets look at ---

  /** Physical addresses of each node, by nid. */
  get physicalRanges(): readonly { readonly start: number; readonly end: number }[] {
    return this.memory.nodes.map(({ frames }) => ({
      start: frames.first * PAGE_SIZE,
      end: (frames.first + frames.size) * PAGE_SIZE,
    }));
  }

  /** Pages in use by physical address. */
  mappedFrames(): readonly MappedRun[] {
    const version = `${this.memory.version} ${this.#ratesVersion}`;
    if (this.#frames.version !== version) {
      this.#frames = { version, runs: mappedFrames(this.processes) };
    }
    return this.#frames.runs;
  }

  /** Pages of a process by virtual address. */
  mappedPages(process: SimProcess): MappedRun[] {
    return mappedPages(process.vmas);
  }

  /** A salt for everything that is drawn about this moment. */
  momentSalt(): number {
    return salt32(this.scenario.seed, this.#nowUs);
  }

  // --- what comes out ---

  /** What is accessed how often right now; for judging monitors, never for them. */
  groundTruth(): ProcessTruth[] {
    return this.processes.filter(({ alive }) => alive).map(processTruth);
  }

  summary(): MachineSummary {
    return summarize(this);
  }

  #beginSlice(startUs: number): void {
    const untilPhase = this.processes
      .filter(({ alive }) => alive)
      .map((process) => process.phaseEndUs(startUs));
    for (const process of this.processes) {
      for (const vma of startUs > 0 && process.alive ? process.releasedAt(startUs) : []) {
        this.memory.release(vma);
      }
    }
    this.#sliceStartUs = startUs;
    this.#sliceEndUs = Math.min(startUs + SLICE_US, ...untilPhase);
    const moment = { fromUs: startUs, toUs: this.#sliceEndUs };
    for (const process of this.processes) {
      if (process.alive && process.setMoment(moment)) this.#ratesVersion += 1;
    }
  }

  #endSlice(): void {
    const sliceUs = this.#sliceEndUs - this.#sliceStartUs;
    this.kswapd.beginSlice(sliceUs);
    const stalledShares = new Map<SimProcess, number>();
    for (const process of this.processes) {
      if (!process.alive) continue;
      stalledShares.set(process, this.#run(process, sliceUs) / sliceUs);
      if (process.endsBy(this.#sliceEndUs)) this.#end(process);
    }
    // Where the kernel demotes, it does so before it swaps.
    this.kernelTiering.pass(this.#sliceEndUs, sliceUs / 1e6);
    this.kswapd.balance();
    if (this.#sliceEndUs % COMPACTION_US === 0) this.#compact();
    addPressure(this.counters, [...stalledShares.values()], sliceUs);
    for (const cgroup of this.cgroups.values()) {
      const members = cgroup.processes.filter((process) => stalledShares.has(process));
      addPressure(
        cgroup,
        members.map((process) => stalledShares.get(process)!),
        sliceUs,
      );
    }
    loadNodes(this.memory, sliceUs / 1e6);
    if (this.#sliceEndUs % FORGET_EVERY_US === 0) {
      this.memory.migrations.forgetOld(this.processes.flatMap(({ vmas }) => vmas));
    }
    const used = this.memory.nodes.reduce(
      (sum, node) => sum + node.frames.size - freePages(node),
      0,
    );
    this.counters.usedByteSeconds += (used * PAGE_SIZE * sliceUs) / 1e6;
  }

  /**
   * Runs a process for one slice; returns the microseconds of it in which it waited for memory.
   */
  #run(process: SimProcess, sliceUs: number): number {
    const seconds = sliceUs / 1e6;
    const movesUs = Math.min(process.owedUs, sliceUs);
    process.owedUs -= movesUs;
    const owedUs = Math.min(process.owedStallUs, sliceUs - movesUs);
    process.owedStallUs -= owedUs;
    const plan = planFaults(process, {
      seconds,
      freeSeconds: seconds - (movesUs + owedUs) / 1e6,
      cost: 1 + serveAccesses(this.memory, process, seconds),
      latencyOf: this.#latencyOf,
    });
    const brought = this.#serveFaults(plan.faults);
    for (const vma of plan.faults.length > 0 ? process.vmas : []) vma.extents.tidy();
    process.owedStallUs += brought.reclaimUs + overHighUs(this, process, sliceUs);
    const stallUs = Math.min(sliceUs, owedUs + brought.waitUs);
    process.refaults += brought.refaults;
    process.stallUs += stallUs;
    process.ranSeconds += seconds;
    process.workSeconds += plan.workSeconds;
    process.residentByteSeconds += process.residentBytes * seconds;
    this.#addRequests(process, seconds, plan.workSeconds, stallUs, brought.refaults);
    const speed = plan.workSeconds / seconds;
    if (speed !== process.speed) this.#ratesVersion += 1;
    process.speed = speed;
    return stallUs;
  }

  #compact(): void {
    for (const vma of this.processes.flatMap(({ vmas }) => vmas)) {
      if (vma.extents.isLong) this.memory.compact(vma);
    }
  }

  readonly #latencyOf = (vma: SimVma, scanned: boolean): number =>
    faultLatencyUs(this.scenario, vma, scanned) / 1e6;

  #serveFaults(faults: readonly Fault[]): {
    readonly refaults: number;
    readonly waitUs: number;
    readonly reclaimUs: number;
  } {
    let refaults = 0;
    let waitUs = 0;
    let reclaimUs = 0;
    for (const { vma, extent, count, mix, latency } of faults) {
      const { start, location } = extent;
      const { pages, stallUs } = placePages(this, vma, start, start + count);
      if (mix !== null) this.actions.tell({ vma, start, end: start + pages }, mix);
      const back = location === AWAY ? pages : 0;
      if (back > 0) this.reclaimer.refaulted(vma, back);
      refaults += back;
      waitUs += back * latency * 1e6;
      reclaimUs += stallUs;
      if (isFromDisk(this.scenario, vma)) this.counters.ioStallUs += back * latency * 1e6;
      this.counters.deniedPages += count - pages;
    }
    this.counters.refaultedPages += refaults;
    return { refaults, waitUs, reclaimUs };
  }

  #addRequests(
    process: SimProcess,
    seconds: number,
    workSeconds: number,
    stallUs: number,
    waits: number,
  ): void {
    const perSecond = process.requestsPerSecond(this.#sliceStartUs);
    const stallSeconds = stallUs / 1e6;
    const cost = workSeconds > 0 ? Math.max(1, (seconds - stallSeconds) / workSeconds) : 1;
    const waitUs = waits > 0 ? stallUs / waits : 0;
    process.latency.add({ seconds, perSecond, cost, waits, waitUs }, workSeconds);
  }

  #end(process: SimProcess): void {
    for (const vma of process.vmas) this.memory.release(vma);
    process.alive = false;
    this.#ratesVersion += 1;
  }
}

/** Adds a slice of time to totals of pressure, from the shares of it that each process waited. */
function addPressure(
  totals: { someStallUs: number; fullStallUs: number },
  shares: readonly number[],
  sliceUs: number,
): void {
  if (shares.length === 0) return;
  totals.someStallUs += sliceUs * (1 - shares.reduce((none, share) => none * (1 - share), 1));
  totals.fullStallUs += sliceUs * shares.reduce((all, share) => all * share, 1);
}
