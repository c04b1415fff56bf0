/**
 * Senpai's published law on the size of a guest: every six seconds a little less, at once more when
 * the stalls of a period pass the target. It sees no accesses; a balloon enforces the size.
 */
import type { GuestController } from '../../src/control/acma/plant-run.ts';
import type { SimulatedGuest } from '../../src/control/acma/simulated-guest.ts';
import type { Scenario } from '../../src/host/sim/index.ts';
import { DEFAULT_ATTRS } from '../../src/params/defaults.ts';
import type { AcmaKnobs } from '../../src/policies/acma/observation.ts';
import { watchOnly } from './watch-only.ts';

const PERIOD_S = 6;
/** As published. */
const MAX_PROBE = 0.01;
const MAX_BACKOFF = 1;
const COEFFICIENT_PROBE = 10;
const COEFFICIENT_BACKOFF = 20;

/**
 * One controller for one run.
 * @param knobs asked anew each second, since they may change while it runs
 * @param maxProbe most that is taken in a period, as a share of the size
 */
export function senpai(
  scenario: Scenario,
  knobs: () => AcmaKnobs = () => scenario.acma!,
  maxProbe: number = MAX_PROBE,
): GuestController {
  let limitBytes = 0;
  let stalledUs = 0;
  let lastStalledUs = 0;
  let secondsLeft = PERIOD_S;

  function adjust(share: number, { totalBytes, balloon }: SimulatedGuest): void {
    const { minBytes, maxBytes } = knobs();
    const wanted = limitBytes * (1 + share);
    limitBytes = Math.min(maxBytes, Math.max(minBytes, wanted));
    balloon.resize(Math.floor((totalBytes - limitBytes) / 4096));
    stalledUs = 0;
    secondsLeft = PERIOD_S;
  }

  return {
    params: watchOnly(scenario, DEFAULT_ATTRS),
    everySecond(guest) {
      if (limitBytes === 0) limitBytes = guest.sizeBytes;
      const { pressureShare, maxBytes } = knobs();
      const targetUs = pressureShare * PERIOD_S * 1e6;
      stalledUs += guest.shownStalledUs - lastStalledUs;
      lastStalledUs = guest.shownStalledUs;
      secondsLeft -= 1;
      // A maximum that is lowered meanwhile holds at once.
      if (limitBytes > maxBytes) adjust(0, guest);
      if (stalledUs > targetUs) {
        const error = stalledUs / targetUs;
        adjust(Math.min((error / COEFFICIENT_BACKOFF) ** 2 * MAX_BACKOFF, MAX_BACKOFF), guest);
      } else if (secondsLeft <= 0) {
        const error = targetUs / Math.max(stalledUs, 1);
        adjust(-Math.min((error / COEFFICIENT_PROBE) ** 2 * maxProbe, maxProbe), guest);
      }
    },
  };
}
