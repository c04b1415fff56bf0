/**
 * The loop as it was posted (`docs/acma.md` has the source): three schemes with one pressure goal,
 * rising for two of them and falling for the third. Windows are 128 MiB, the highest that is not
 * wholly taken first, the lowest that is partly taken first for giving back.
 */
import type { GuestController } from '../../src/control/acma/plant-run.ts';
import type { SimulatedGuest } from '../../src/control/acma/simulated-guest.ts';
import type { Scenario } from '../../src/host/sim/index.ts';
import { DEFAULT_ATTRS, DEFAULT_SCHEME, NO_QUOTA } from '../../src/params/defaults.ts';
import type { AddressRange, Goal, Params, Quota, Scheme } from '../../src/params/types.ts';
import { watchOnly } from './watch-only.ts';

const WINDOW_BYTES = 128 * 2 ** 20;
const BLOCK_BYTES = 2 * 2 ** 20;

const ATTRS = {
  ...DEFAULT_ATTRS,
  sampleIntervalUs: 1_000_000,
  aggregationIntervalUs: 20_000_000,
};

/** One controller for one run. */
export function literal(scenario: Scenario): GuestController {
  const { pressureShare, minBytes } = scenario.acma!;
  const goal: Goal = {
    metric: 'some_mem_psi_us',
    targetValue: Math.max(1, Math.round(pressureShare * 1e6)),
    currentValue: 0,
  };
  let params = paramsFor(scenario, goal, null, null);
  return {
    params,
    everySecond(guest) {
      const next = paramsFor(scenario, goal, ...windowsOf(guest, minBytes));
      if (JSON.stringify(next) === JSON.stringify(params)) return;
      params = next;
      guest.simulation.driver.commit(params);
    },
  };
}

function paramsFor(
  scenario: Scenario,
  goal: Goal,
  take: AddressRange | null,
  give: AddressRange | null,
): Params {
  // A third of 15 ms a second goes to each scheme.
  const quota: Quota = { ...NO_QUOTA, timeMs: 5, resetIntervalMs: 1000, goals: [goal] };
  const every = { ...DEFAULT_SCHEME, applyIntervalUs: 1_000_000 };
  const reclaim: Scheme = {
    ...every,
    action: 'pageout',
    pattern: { ...every.pattern, nrAccesses: { min: 0, max: 0 } },
    quota,
  };
  const within = (range: AddressRange | null): Scheme['filters'] => [
    { type: 'addr', matching: true, allow: true, range: range ?? { start: 0, end: 0 } },
  ];
  const scaleDown: Scheme = { ...every, action: 'alloc', quota, filters: within(take) };
  const falling = { ...quota, goals: [{ ...goal, direction: 'falling' as const }] };
  const scaleUp: Scheme = { ...every, action: 'free', quota: falling, filters: within(give) };
  return watchOnly(scenario, ATTRS, [reclaim, scaleDown, scaleUp]);
}

function windowsOf(
  guest: SimulatedGuest,
  minBytes: number,
): [take: AddressRange | null, give: AddressRange | null] {
  const nrBlocks = WINDOW_BYTES / BLOCK_BYTES;
  const owned = new Map<number, number>();
  for (const frame of guest.machine.blocks.owned()) {
    const window = Math.floor((frame * 4096) / WINDOW_BYTES);
    owned.set(window, (owned.get(window) ?? 0) + 1);
  }
  const nrWindows = Math.floor(guest.totalBytes / WINDOW_BYTES);
  const range = (window: number) => ({
    start: window * WINDOW_BYTES,
    end: (window + 1) * WINDOW_BYTES,
  });
  let take: AddressRange | null = null;
  for (let window = nrWindows - 1; window * WINDOW_BYTES >= minBytes; window--) {
    if ((owned.get(window) ?? 0) === nrBlocks) continue;
    take = range(window);
    break;
  }
  const lowest = Math.min(...owned.keys());
  return [take, Number.isFinite(lowest) ? range(lowest) : null];
}
