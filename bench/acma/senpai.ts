/**
 * Senpai's published law on the size of a guest: every six seconds a little less, at once more when
 * the stalls of a period pass the target. It sees no accesses; a balloon enforces the size.
 */
import type { GuestController } from '../../src/control/acma/plant-run.ts';
import type { SimulatedGuest } from '../../src/control/acma/simulated-guest.ts';
import type { Scenario } from '../../src/host/sim/index.ts';
import { DEFAULT_ATTRS } from '../../src/params/defaults.ts';
import { watchOnly } from './watch-only.ts';

const PERIOD_S = 6;
const MAX_PROBE = 0.01;
const MAX_BACKOFF = 1;
const COEFFICIENT_PROBE = 10;
const COEFFICIENT_BACKOFF = 20;

/** One controller for one run. */
export function senpai(scenario: Scenario): GuestController {
  let limitBytes = 0;
  let stalledUs = 0;
  let lastStalledUs = 0;
  let secondsLeft = PERIOD_S;

  function adjust(share: number, { spec, totalBytes, balloon }: SimulatedGuest): void {
    const wanted = limitBytes * (1 + share);
    limitBytes = Math.min(spec.maxBytes, Math.max(spec.minBytes, wanted));
    balloon.resize(Math.floor((totalBytes - limitBytes) / 4096));
    stalledUs = 0;
    secondsLeft = PERIOD_S;
  }

  return {
    params: watchOnly(scenario, DEFAULT_ATTRS),
    everySecond(guest) {
      if (limitBytes === 0) limitBytes = guest.sizeBytes;
      const targetUs = guest.spec.pressureShare * PERIOD_S * 1e6;
      stalledUs += guest.shownStalledUs - lastStalledUs;
      lastStalledUs = guest.shownStalledUs;
      secondsLeft -= 1;
      if (stalledUs > targetUs) {
        const error = stalledUs / targetUs;
        adjust(Math.min((error / COEFFICIENT_BACKOFF) ** 2 * MAX_BACKOFF, MAX_BACKOFF), guest);
      } else if (secondsLeft <= 0) {
        const error = targetUs / Math.max(stalledUs, 1);
        adjust(-Math.min((error / COEFFICIENT_PROBE) ** 2 * MAX_PROBE, MAX_PROBE), guest);
      }
    },
  };
}
