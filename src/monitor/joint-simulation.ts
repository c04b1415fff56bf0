import { VirtualClock } from '../base/clock.ts';
import { KernelRandom } from '../base/random.ts';
import { type Scenario, SimulatedMachine } from '../host/sim/index.ts';
import type { Params } from '../params/types.ts';
import { EngineDriver } from './engine-driver.ts';
import { simulatedSet } from './simulated-set.ts';
import { JointStepper, VirtualRun } from './virtual-run.ts';

/** A machine, and what each of its kdamonds is told. */
export interface JointSimulationOptions {
  readonly scenario: Scenario;
  readonly contexts: readonly Params[];
  /** Of the first kdamond's draws; each further one has the next. 1 by default. */
  readonly seed?: number;
}

/** Several kdamonds on one simulated machine and one virtual clock. */
export class JointSimulation {
  readonly clock: VirtualClock = new VirtualClock();
  readonly machine: SimulatedMachine;
  readonly drivers: readonly EngineDriver[];
  /** Regions that were looked at, each time that one was. */
  nrSamples = 0;
  readonly #run: VirtualRun;

  /** Throws TC_INVALID for parameters that can't be taken. */
  constructor({ scenario, contexts, seed = 1 }: JointSimulationOptions) {
    this.machine = new SimulatedMachine(scenario, this.clock);
    this.drivers = contexts.map((params, index) => {
      const driver: EngineDriver = new EngineDriver({
        set: simulatedSet(this.machine, params.operations),
        params,
        clock: this.clock,
        random: new KernelRandom(seed + index),
        cpuUs: () => 0,
        aggregated: () => this.#countSamples(driver),
      });
      return driver;
    });
    this.#run = new VirtualRun(new JointStepper(this.drivers, this.clock), this.clock);
  }

  /** Lets time pass until `timeUs`, and does all that is due up to and at that moment. */
  runUntil(timeUs: number): void {
    this.#run.runUntil(timeUs);
    this.machine.advanceTo(this.clock.nowUs());
  }

  #countSamples(driver: EngineDriver): void {
    const { nrRegions, maxNrAccesses } = driver.snapshot();
    this.nrSamples += nrRegions * maxNrAccesses;
  }
}
