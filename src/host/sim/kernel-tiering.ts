/** What the simulated kernel does about tiers on its own: the rivals of schemes. */
import { HintFaults } from './hint-faults.ts';
import { demoteOldest } from './kernel-demotion.ts';
import { freePages, type Memory, type SimNode } from './memory.ts';
import type { SimProcess } from './process.ts';
import type { Scenario } from './scenario.ts';

/** Pages that the kernel's thread demotes within a second, at 2.5 us each. */
const DEMOTED_PAGES_PER_SECOND = 400_000;

/** Hint faults are worked out so often: twice within the time that makes a page hot. */
const FAULTS_EVERY_US = 500_000;

/** Microseconds of a CPU for a page that is demoted, and of its process's time. */
const DEMOTION_US = { work: 2.5, stall: 0.1 };

/** Runs the kernel's demotion and its promotion by hint faults, as the scenario has them. */
export class KernelTiering {
  /** Microseconds of a CPU that all of it took. */
  workUs = 0;
  readonly #memory: Memory;
  readonly #processes: readonly SimProcess[];
  readonly #demotes: boolean;
  readonly #hintFaults: ReadonlyMap<SimProcess, HintFaults>;
  #nowUs = 0;
  #lastFaultsUs = 0;
  #nextFaultsUs = FAULTS_EVERY_US;
  /** What the demoting thread still can do in this slice. */
  #budget = 0;

  constructor({ kernel }: Scenario, memory: Memory, processes: readonly SimProcess[]) {
    this.#memory = memory;
    this.#processes = processes;
    this.#demotes = kernel.demotion;
    const watched = kernel.hintFaults ? processes : [];
    this.#hintFaults = new Map(
      watched.map((process) => [process, new HintFaults(memory, process)]),
    );
  }

  /** Does what is due at the end of a slice of time. */
  pass(nowUs: number, seconds: number): void {
    this.#nowUs = nowUs;
    this.#budget = DEMOTED_PAGES_PER_SECOND * seconds;
    if (this.#hintFaults.size > 0 && nowUs >= this.#nextFaultsUs) this.#takeHintFaults();
    if (!this.#demotes) return;
    for (const node of this.#memory.nodesByTier) {
      const free = freePages(node);
      if (free <= node.watermarks.low) this.#demote(node, node.watermarks.high - free);
    }
  }

  #takeHintFaults(): void {
    const seconds = (this.#nowUs - this.#lastFaultsUs) / 1e6;
    this.#lastFaultsUs = this.#nowUs;
    this.#nextFaultsUs = this.#nowUs + FAULTS_EVERY_US;
    this.#budget = DEMOTED_PAGES_PER_SECOND * seconds;
    for (const [process, faults] of this.#hintFaults) {
      if (!process.alive) continue;
      const cost = faults.pass(this.#nowUs, seconds, (node, pages) => this.#makeRoom(node, pages));
      process.owedUs += cost.stallUs;
      this.workUs += cost.workUs;
    }
  }

  /** Room on a node above its high watermark, of which some more is made for what is to come up. */
  #makeRoom(node: SimNode, pages: number): number {
    const room = () => Math.max(0, freePages(node) - node.watermarks.high);
    if (this.#demotes && room() < pages) {
      // Some in advance: what is promoted next needs room, too.
      this.#demote(node, pages - room() + node.watermarks.high - node.watermarks.low);
    }
    return Math.min(pages, room());
  }

  #demote(node: SimNode, pages: number): void {
    const wanted = Math.floor(Math.min(pages, this.#budget));
    const moved = demoteOldest(
      this.#memory,
      this.#processes,
      node,
      wanted,
      this.#nowUs,
      (process, count) => {
        process.owedUs += count * DEMOTION_US.stall;
      },
    );
    this.#budget -= moved;
    this.workUs += moved * DEMOTION_US.work;
  }
}
