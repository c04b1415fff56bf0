/**
 * Senpai's published law (senpai.py): `memory.high` of a cgroup follows the time that its processes
 * wait for memory. Each second: if they waited more than the target since the last change, the
 * limit is raised by the square of the excess; else, after six seconds, it is lowered by up to 1 %.
 */
import type { SimCgroup, SimulatedMachine } from '../../../src/host/sim/index.ts';
import type { Policy } from '../policy.ts';
import { runMachine } from './machine-run.ts';

const TICK_US = 1_000_000;
/** Ticks between changes, and the stall in that time that is aimed at. */
const INTERVAL_TICKS = 6;
const TARGET_US = 10_000;

const MAX_PROBE = 0.01;
const MAX_BACKOFF = 1;
const PROBE_COEFFICIENT = 10;
const BACKOFF_COEFFICIENT = 20;

const MIN_BYTES = 100e6;

/**
 * Senpai on each cgroup that has processes of its own.
 * @param targetUs the stall in an interval that it aims at
 */
export function senpai(targetUs: number = TARGET_US): Policy {
  return {
    start: ({ scenario }) =>
      runMachine(scenario, (machine) => {
        const controllers = ownCgroups(machine).map((cgroup) => new Senpai(cgroup, targetUs));
        return {
          everyUs: TICK_US,
          tick: () => {
            for (const controller of controllers) controller.tick();
          },
        };
      }),
  };
}

function ownCgroups(machine: SimulatedMachine): SimCgroup[] {
  const paths = new Set(machine.processes.map(({ spec }) => spec.cgroup));
  return [...paths].map((path) => machine.cgroups.get(path)!);
}

class Senpai {
  readonly #cgroup: SimCgroup;
  readonly #targetUs: number;
  #limitBytes: number;
  #lastStallUs: number;
  #stalledUs = 0;
  #graceTicks = INTERVAL_TICKS - 1;

  constructor(cgroup: SimCgroup, targetUs: number) {
    this.#cgroup = cgroup;
    this.#targetUs = targetUs;
    this.#limitBytes = cgroup.currentBytes;
    this.#lastStallUs = cgroup.someStallUs;
    cgroup.setHigh(this.#limitBytes);
  }

  tick(): void {
    this.#stalledUs += this.#cgroup.someStallUs - this.#lastStallUs;
    this.#lastStallUs = this.#cgroup.someStallUs;
    if (this.#stalledUs > this.#targetUs) {
      const error = this.#stalledUs / this.#targetUs;
      this.#adjust(Math.min(MAX_BACKOFF, (error / BACKOFF_COEFFICIENT) ** 2 * MAX_BACKOFF));
      this.#graceTicks = INTERVAL_TICKS - 1;
      return;
    }
    if (this.#graceTicks > 0) {
      this.#graceTicks -= 1;
      return;
    }
    const error = this.#targetUs / Math.max(1, this.#stalledUs);
    this.#adjust(-Math.min(MAX_PROBE, (error / PROBE_COEFFICIENT) ** 2 * MAX_PROBE));
    this.#graceTicks = INTERVAL_TICKS - 1;
  }

  #adjust(factor: number): void {
    this.#stalledUs = 0;
    this.#limitBytes = Math.max(MIN_BYTES, this.#limitBytes * (1 + factor));
    this.#cgroup.setHigh(this.#limitBytes);
  }
}
