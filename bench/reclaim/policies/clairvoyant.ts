import { reclaimUnneeded } from '../../../src/host/sim/index.ts';
import type { Policy } from '../policy.ts';
import { runMachine } from './machine-run.ts';

const TICK_US = 1_000_000;

/** How far it looks ahead, tried in this order: the first that keeps to the limits saves most. */
export const HORIZONS_US: readonly number[] = [
  1, 2, 5, 10, 20, 40, 80, 160, 320, 640, 1280, 1e9,
].map((seconds) => seconds * 1e6);

/** Takes what is not accessed for so long, once a second. */
export function clairvoyant(horizonUs: number): Policy {
  return {
    start: ({ scenario }) =>
      runMachine(scenario, () => ({
        everyUs: TICK_US,
        tick: (machine) => reclaimUnneeded(machine, horizonUs),
      })),
  };
}
