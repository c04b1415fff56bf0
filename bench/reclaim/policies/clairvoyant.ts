import { reclaimUnneeded } from '../../../src/host/sim/index.ts';
import type { Policy } from '../policy.ts';
import { runMachine } from './machine-run.ts';

const TICK_US = 1_000_000;

/** How far it looks ahead: from a second to three hours in steps of a half, or for ever. */
export const HORIZONS_US: readonly number[] = [
  ...Array.from({ length: 24 }, (_, step) => Math.round(1e6 * 1.5 ** step)),
  1e15,
];

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
