/** One run of one controller on one simulated guest, second by second, and what came of it. */
import type { Scenario } from '../../host/sim/index.ts';
import type { Params } from '../../params/types.ts';
import { SimulatedGuest } from './simulated-guest.ts';

const STEP_US = 100_000;
const STEPS_A_SECOND = 10;

/** Whoever decides how much memory the guest has. */
export interface GuestController {
  /** What watches the guest, and acts in it, from the start. */
  readonly params: Params;
  /** Ten times a second. */
  everyStep?(guest: SimulatedGuest): void;
  everySecond?(guest: SimulatedGuest): void;
  /** What is paid for, where that is not the guest's size. */
  billedBytes?(guest: SimulatedGuest): number;
}

/** How the guest stood at the end of one second. */
export interface PlantSecond {
  readonly billedBytes: number;
  /** Of its size, what is not free. */
  readonly usedBytes: number;
  readonly workingSetBytes: number;
  /** Share of this second that was lost to a lack of memory, 0…1. */
  readonly pressureShare: number;
}

/** Runs the scenario to its end. */
export function runPlant(scenario: Scenario, controller: GuestController): PlantSecond[] {
  return [...plantSeconds(scenario, controller)];
}

/** The same second by second, for whoever shows it while it runs. */
export function* plantSeconds(
  scenario: Scenario,
  controller: GuestController,
): Generator<PlantSecond> {
  const guest = new SimulatedGuest(scenario, controller.params);
  const nrSeconds = Math.floor(scenario.durationUs / 1e6);
  for (let second = 0; second < nrSeconds; second++) {
    const stalledUs = guest.stalledUs;
    for (let step = 0; step < STEPS_A_SECOND; step++) {
      guest.runFor(STEP_US);
      controller.everyStep?.(guest);
    }
    controller.everySecond?.(guest);
    yield {
      billedBytes: controller.billedBytes?.(guest) ?? guest.sizeBytes,
      usedBytes: guest.sizeBytes - guest.freeBytes,
      workingSetBytes: guest.workingSetBytes(),
      pressureShare: (guest.stalledUs - stalledUs) / 1e6,
    };
  }
}
