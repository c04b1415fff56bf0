import { VirtualClock } from '../../../src/base/clock.ts';
import { type Scenario, SimulatedMachine } from '../../../src/host/sim/index.ts';
import type { PolicyRun } from '../policy.ts';

/** What a policy without a monitor does, once in each of its intervals. */
export interface Ticker {
  readonly everyUs: number;
  readonly tick: (machine: SimulatedMachine) => void;
}

/** A machine that nobody monitors. */
export function runMachine(
  scenario: Scenario,
  ticker: (machine: SimulatedMachine) => Ticker | null,
): PolicyRun {
  const clock = new VirtualClock();
  const machine = new SimulatedMachine(scenario, clock);
  const made = ticker(machine);
  let nextUs = made?.everyUs ?? Infinity;
  return {
    machine,
    advance(durationUs) {
      const untilUs = clock.nowUs() + durationUs;
      while (clock.nowUs() < untilUs) {
        clock.advance(Math.min(nextUs, untilUs) - clock.nowUs());
        machine.catchUp();
        if (made === null || clock.nowUs() < nextUs) continue;
        made.tick(machine);
        nextUs += made.everyUs;
      }
    },
  };
}
