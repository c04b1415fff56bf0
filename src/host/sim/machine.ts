import type { Clock } from '../../base/clock.ts';
import { SimActions } from './actions.ts';
import { Blocks } from './blocks.ts';
import { loadNodes } from './contention.ts';
import { planFaults } from './faults.ts';
import { mappedFrames, mappedPages } from './frame-index.ts';
import { salt32 } from './hash.ts';
import { KernelTiering } from './kernel-tiering.ts';
import { Memory } from './memory.ts';
import { SimMetrics } from './metrics.ts';
import { PAGE_SIZE } from './page.ts';
import { placePages, populate } from './placement.ts';
import { SimProcess } from './process.ts';
import type { MappedRun } from './sample-map.ts';
import type { Scenario } from './scenario.ts';
import { serveAccesses } from './serve.ts';
import { type MachineSummary, summarize } from './summary.ts';
import { type ProcessTruth, processTruth } from './truth.ts';

/** Consequences are worked out for slices of time no longer than this. */
const SLICE_US = 100_000;

/** Moves that are too long ago to matter are forgotten once in a second. */
const FORGET_EVERY_US = 1_000_000;

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
  /** Microseconds of a CPU that applying schemes took. */
  schemeWorkUs: number;
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
  /** Memory that is taken out of use in whole blocks. */
  readonly blocks: Blocks;
  readonly processes: readonly SimProcess[];
  readonly counters: MachineCounters = {
    someStallUs: 0,
    fullStallUs: 0,
    pagedOutPages: 0,
    reclaimedPages: 0,
    refaultedPages: 0,
    broughtBackPages: 0,
    deniedPages: 0,
    schemeWorkUs: 0,
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

  constructor(scenario: Scenario, clock: Clock) {
    this.scenario = scenario;
    this.#clock = clock;
    this.#originUs = clock.nowUs();
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
    });
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
    this.kernelTiering.pass(this.#sliceEndUs, sliceUs / 1e6);
    loadNodes(this.memory, sliceUs / 1e6);
    if (this.#sliceEndUs % FORGET_EVERY_US === 0) {
      this.memory.migrations.forgetOld(this.processes.flatMap(({ vmas }) => vmas));
    }
  }

  /** Runs a process for one slice; returns the microseconds that it waited for reclaimed pages. */
  #run(process: SimProcess, seconds: number): number {
    const cost = 1 + serveAccesses(this.memory, process, seconds);
    const latencySeconds = this.scenario.swap.latencyUs / 1e6;
    const owedUs = Math.min(process.owedUs, seconds * 1e6);
    process.owedUs -= owedUs;
    const plan = planFaults(process, seconds - owedUs / 1e6, cost, latencySeconds);
    let refaults = 0;
    for (const { vma, extent, count } of plan.faults) {
      const wasAway = vma.awayPages;
      const placed = placePages(this, vma, extent.start, extent.start + count);
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

  #end(process: SimProcess): void {
    for (const vma of process.vmas) this.memory.release(vma);
    process.alive = false;
    this.#ratesVersion += 1;
  }
}
