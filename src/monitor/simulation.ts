import { VirtualClock } from '../base/clock.ts';
import { KernelRandom } from '../base/random.ts';
import { type Scenario, SimulatedMachine } from '../host/sim/index.ts';
import type { Snapshot } from '../params/snapshot.ts';
import type { Params } from '../params/types.ts';
import { EngineDriver } from './engine-driver.ts';
import type { MonitorDescription, MonitorEnd } from './monitor.ts';
import { simulatedSet } from './simulated-set.ts';
import { VirtualRun } from './virtual-run.ts';

/** What is simulated, and how it is watched. */
export interface SimulationOptions {
  readonly scenario: Scenario;
  readonly params: Params;
  /** Of the monitor's draws; the machine's own seed is the scenario's. 1 by default. */
  readonly seed?: number;
  /** An aggregation interval has ended; `snapshot()` gives the complete one until this returns. */
  readonly aggregated?: (simulation: Simulation) => void;
}

/**
 * A simulated machine and a kdamond that watches it, in this thread and on a virtual clock: time
 * passes only in `runUntil`, far faster than it would. The same options make the same run.
 */
export class Simulation {
  readonly clock: VirtualClock = new VirtualClock();
  readonly machine: SimulatedMachine;
  readonly driver: EngineDriver;
  readonly description: MonitorDescription;
  readonly #run: VirtualRun;

  /** Throws TC_INVALID for parameters that can't be taken. */
  constructor({ scenario, params, seed, aggregated }: SimulationOptions) {
    this.machine = new SimulatedMachine(scenario, this.clock);
    const set = simulatedSet(this.machine, params.operations);
    this.description = set.description;
    this.driver = new EngineDriver({
      set,
      params,
      clock: this.clock,
      random: new KernelRandom(seed ?? 1),
      // Virtual time costs nothing: there is no CPU to spare.
      cpuUs: () => 0,
      aggregated: () => aggregated?.(this),
    });
    this.#run = new VirtualRun(this.driver, this.clock);
  }

  get nowUs(): number {
    return this.clock.nowUs();
  }

  /** Why monitoring has ended; null while it runs. The machine goes on without it. */
  get end(): MonitorEnd | null {
    return this.driver.end;
  }

  /** Lets time pass until `timeUs`, and does all that is due up to and at that moment. */
  runUntil(timeUs: number): void {
    this.#run.runUntil(timeUs);
    this.machine.advanceTo(this.nowUs);
  }

  runFor(durationUs: number): void {
    this.runUntil(this.nowUs + durationUs);
  }

  /** What the monitor sees at this moment. */
  snapshot(): Snapshot {
    return this.driver.snapshot();
  }

  /** Ends monitoring at this moment. */
  stop(): void {
    this.driver.requestStop();
    this.driver.step();
  }
}
