/** A guest on a simulated machine: what its host can learn of it, and what it can do to it. */
import { ThermoclineError } from '../../base/errors.ts';
import {
  type AcmaSpec,
  Balloon,
  freePages,
  hash32,
  PAGE_SIZE,
  type Scenario,
  type SimProcess,
  type SimulatedMachine,
  type SimVma,
} from '../../host/sim/index.ts';
import { Simulation } from '../../monitor/simulation.ts';
import type { Params } from '../../params/types.ts';

/** Memory counts as working set when it was accessed within this time (SDFM takes two minutes). */
const WORKING_SET_US = 60_000_000;

/** Where popularity is shuffled, the working set is reckoned from so many pages of a part. */
const SAMPLES = 16;

/** A guest under a monitor, on a virtual clock. */
export class SimulatedGuest {
  readonly simulation: Simulation;
  readonly balloon: Balloon;
  readonly spec: AcmaSpec;
  readonly totalBytes: number;
  #deniedUs = 0;
  #noiseUs = 0;
  #noiseUntilUs = 0;

  /** Throws TC_INVALID for a scenario that has no `acma` part. */
  constructor(scenario: Scenario, params: Params) {
    if (scenario.acma === null) {
      throw new ThermoclineError(
        'TC_INVALID',
        'The scenario has no "acma" part, which says how far its memory may be scaled; add one.',
      );
    }
    this.spec = scenario.acma;
    this.simulation = new Simulation({ scenario, params });
    this.balloon = new Balloon(this.machine);
    this.totalBytes = scenario.nodes.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  get machine(): SimulatedMachine {
    return this.simulation.machine;
  }

  get nowUs(): number {
    return this.simulation.nowUs;
  }

  /** What the guest can use: all that it was given, less what was taken. */
  get sizeBytes(): number {
    return this.totalBytes - (this.machine.blocks.ownedPages + this.balloon.pages) * PAGE_SIZE;
  }

  get freeBytes(): number {
    const { nodes } = this.machine.memory;
    return nodes.reduce((sum, node) => sum + freePages(node), 0) * PAGE_SIZE;
  }

  /**
   * Time lost to a lack of memory so far, which nobody outside can know exactly. Whoever is denied
   * a page tries again and again, so that all of that time is lost.
   */
  get stalledUs(): number {
    return this.machine.counters.someStallUs + this.#deniedUs;
  }

  /** The total of `some` that the guest's kernel shows: with what else stalls it. */
  get shownStalledUs(): number {
    this.#drawNoise();
    return this.stalledUs + this.#noiseUs;
  }

  /** Bytes that were accessed within the last minute; for judging a controller, never for it. */
  workingSetBytes(): number {
    return this.machine.processes
      .filter(({ alive }) => alive)
      .reduce((sum, process) => sum + workingSetOf(process, this.nowUs), 0);
  }

  runFor(durationUs: number): void {
    const { someStallUs, deniedPages } = this.machine.counters;
    this.simulation.runFor(durationUs);
    const { counters } = this.machine;
    if (counters.deniedPages === deniedPages) return;
    this.#deniedUs += Math.max(0, durationUs - (counters.someStallUs - someStallUs));
  }

  #drawNoise(): void {
    const { noiseStallUs, noiseEveryUs } = this.spec.guest;
    if (noiseStallUs === 0) return;
    const stepUs = 1_000_000;
    for (; this.#noiseUntilUs + stepUs <= this.nowUs; this.#noiseUntilUs += stepUs) {
      const draw = hash32(this.#noiseUntilUs / stepUs, this.machine.scenario.seed) / 2 ** 32;
      if (draw < stepUs / noiseEveryUs) this.#noiseUs += noiseStallUs;
    }
  }
}

function workingSetOf(process: SimProcess, nowUs: number): number {
  return process.vmas.reduce((sum, vma) => sum + workingSetOfMapping(process, vma, nowUs), 0);
}

function workingSetOfMapping(process: SimProcess, vma: SimVma, nowUs: number): number {
  const ends = [...vma.bounds, vma.pages];
  let start = 0;
  let pages = 0;
  for (const end of ends) {
    const samples = Math.min(SAMPLES, end - start);
    let accessed = 0;
    for (let sample = 0; sample < samples; sample++) {
      const page = Math.floor(start + ((sample + 0.5) / samples) * (end - start));
      const one = { page, popularity: -1, weight: 1 };
      const fromUs = Math.max(0, nowUs - WORKING_SET_US);
      if (process.accessesBetween(vma, one, fromUs, nowUs) >= 1) accessed += 1;
    }
    pages += ((end - start) * accessed) / samples;
    start = end;
  }
  return Math.round(pages) * PAGE_SIZE;
}
