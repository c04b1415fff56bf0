/** A fleet under one law, its guests side by side in virtual time, on one budget. */
import {
  type GuestController,
  type PlantSecond,
  plantSeconds,
} from '../../../src/control/acma/plant-run.ts';
import { controlSimulatedGuest } from '../../../src/control/acma/simulated-control.ts';
import type { AcmaSpec, Scenario } from '../../../src/host/sim/index.ts';
import { DEFAULT_ATTRS } from '../../../src/params/defaults.ts';
import { budgetShares } from '../../../src/policies/acma/budget.ts';
import type { AcmaKnobs } from '../../../src/policies/acma/observation.ts';
import { headroomBytes } from '../../../src/policies/acma/step.ts';
import { senpai } from '../senpai.ts';
import { watchOnly } from '../watch-only.ts';
import type { Fleet } from './fleet.ts';

/** What decides on sizes. `fixed`: each guest has its maximum, on a host that is as large. */
export type Law = 'fixed' | 'senpai' | 'thermocline';

/** A law and its knobs. */
export interface Setting {
  readonly law: Law;
  /** The pressure that it is told to accept. */
  readonly acceptedShare: number;
  /** The most that Senpai's law takes in six seconds, as a share of the size. */
  readonly maxProbe?: number;
}

/** Each guest starts with its maximum, and comes down to its share of the budget meanwhile. */
const WARM_UP_S = 60;

/** What became of a fleet after its first minute. */
export interface FleetFigures {
  readonly gibHours: number;
  /** Time lost to a lack of memory, growth of `some total`, over all time of all guests. */
  readonly pressureShare: number;
  /** Share of all seconds of all guests in which more was lost than the plants accept. */
  readonly overLimitShare: number;
  /** The most that all had together. */
  readonly peakBytes: number;
  /** Seconds in which all had more than the budget together. */
  readonly overBudgetSeconds: number;
}

type Maker = (scenario: Scenario, knobs: () => AcmaKnobs, setting: Setting) => GuestController;

const MAKERS: Record<Law, Maker> = {
  fixed: (scenario) => ({ params: watchOnly(scenario, DEFAULT_ATTRS) }),
  senpai: (scenario, knobs, { maxProbe }) => senpai(scenario, knobs, maxProbe),
  thermocline: (scenario, knobs) => controlSimulatedGuest(scenario, knobs),
};

/** One guest, and what it may have at present. */
class Seat {
  readonly #run: Generator<PlantSecond>;
  readonly #spec: AcmaSpec;
  mostBytes: number;

  constructor(scenario: Scenario, setting: Setting) {
    this.#spec = scenario.acma!;
    this.mostBytes = this.#spec.maxBytes;
    const { minBytes } = this.#spec;
    const knobs = () => ({
      ...{ minBytes, maxBytes: this.mostBytes },
      pressureShare: setting.acceptedShare,
    });
    this.#run = plantSeconds(scenario, MAKERS[setting.law](scenario, knobs, setting));
  }

  next(): PlantSecond {
    return this.#run.next().value;
  }

  isOverLimit({ pressureShare }: PlantSecond): boolean {
    return pressureShare > this.#spec.pressureShare;
  }

  /** For whoever shares the budget out. */
  standing({ billedBytes, usedBytes }: PlantSecond) {
    const { minBytes, maxBytes } = this.#spec;
    const wantedBytes = usedBytes + headroomBytes(this.#spec);
    return { sizeBytes: billedBytes, wantedBytes, minBytes, maxBytes };
  }
}

/** Runs all guests to the end; after each second the budget is shared out anew. */
export function runFleet({ guests, budgetBytes }: Fleet, setting: Setting): FleetFigures {
  const seats = guests.map((scenario) => new Seat(scenario, setting));
  const nrSeconds = Math.floor(Math.min(...guests.map(({ durationUs }) => durationUs)) / 1e6);
  let byteSeconds = 0;
  let lostSeconds = 0;
  let nrOver = 0;
  let peakBytes = 0;
  let overBudgetSeconds = 0;
  for (let second = 0; second < nrSeconds; second++) {
    const now = seats.map((seat) => seat.next());
    if (setting.law !== 'fixed') shareOut(seats, now, budgetBytes);
    if (second < WARM_UP_S) continue;
    const bytes = sum(now.map(({ billedBytes }) => billedBytes));
    byteSeconds += bytes;
    lostSeconds += sum(now.map(({ pressureShare }) => pressureShare));
    nrOver += seats.filter((seat, index) => seat.isOverLimit(now[index]!)).length;
    peakBytes = Math.max(peakBytes, bytes);
    if (bytes > budgetBytes) overBudgetSeconds += 1;
  }
  const nrGuestSeconds = (nrSeconds - WARM_UP_S) * guests.length;
  return {
    gibHours: byteSeconds / 2 ** 30 / 3600,
    pressureShare: lostSeconds / nrGuestSeconds,
    overLimitShare: nrOver / nrGuestSeconds,
    ...{ peakBytes, overBudgetSeconds },
  };
}

function shareOut(seats: readonly Seat[], now: readonly PlantSecond[], budgetBytes: number): void {
  const standings = seats.map((seat, index) => seat.standing(now[index]!));
  const shares = budgetShares(standings, budgetBytes);
  for (const [index, seat] of seats.entries()) seat.mostBytes = shares[index]!;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
