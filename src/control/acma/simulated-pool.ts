/** A pool on a simulated machine: blocks are taken and given back by schemes of the engine. */
import type { PoolDemand, Scenario } from '../../host/sim/index.ts';
import type { Params } from '../../params/types.ts';
import { BLOCK_BYTES, WINDOW_BYTES } from '../../policies/acma/observation.ts';
import {
  NEW_POOL,
  type PoolDecision,
  type PoolKnobs,
  type PoolObservation,
  stepPool,
} from '../../policies/acma/pool.ts';
import { windowsToGive, windowsToTake } from '../../policies/acma/windows.ts';
import { BlockBook } from './block-book.ts';
import { coldBytesOf, controlParams, SAMPLE_US, schemesFor } from './block-schemes.ts';
import type { GuestController } from './plant-run.ts';
import { PressureWatch } from './pressure-watch.ts';
import type { SimulatedGuest } from './simulated-guest.ts';

const PAGE_BYTES = 4096;
const BLOCK_PAGES = BLOCK_BYTES / PAGE_BYTES;
/** After so long, what was ordered has happened or has failed. */
const SETTLED_AFTER_US = 2 * SAMPLE_US;

/** How one demand for contiguous memory was met. */
export interface ServedDemand {
  readonly demand: PoolDemand;
  readonly nrAsked: number;
  /** Blocks that were there when they were asked for: from the pool, or free anyway. */
  readonly nrAtOnce: number;
}

/** One pool for one run. */
export class SimulatedPool implements GuestController {
  readonly params: Params;
  /** The latest, for whoever shows it. */
  latest: { readonly observation: PoolObservation; readonly decision: PoolDecision } | null = null;
  readonly served: ServedDemand[] = [];
  readonly #knobs: PoolKnobs;
  readonly #book = new BlockBook();
  #waiting: readonly PoolDemand[];
  #watch: PressureWatch | null = null;
  #state = NEW_POOL;
  #lastOrderUs = Number.NEGATIVE_INFINITY;

  constructor(scenario: Scenario, knobs: PoolKnobs) {
    this.params = controlParams(scenario);
    this.#knobs = knobs;
    this.#waiting = scenario.acma?.pool?.demands ?? [];
  }

  everyStep(guest: SimulatedGuest): void {
    this.#watch ??= new PressureWatch(() => guest.shownStalledUs, this.#knobs.pressureShare);
    if (this.#watch.look()) this.#step(guest);
  }

  everySecond(guest: SimulatedGuest): void {
    this.#serve(guest);
    this.#step(guest);
  }

  #step(guest: SimulatedGuest): void {
    this.#settle(guest);
    const observation = this.#observe(guest);
    const { decision, state } = stepPool(observation, this.#state, this.#knobs);
    this.#state = state;
    this.latest = { observation, decision };
    this.#order(guest, decision);
  }

  #settle({ machine, nowUs }: SimulatedGuest): void {
    const out = new Set(machine.blocks.owned().map((frame) => frame * PAGE_BYTES));
    this.#book.settle(out, nowUs - this.#lastOrderUs >= SETTLED_AFTER_US, nowUs / 1000);
  }

  #observe(guest: SimulatedGuest): PoolObservation {
    const { freeBytes, nowUs, simulation } = guest;
    const nrLent = this.#nrLent(nowUs);
    const cold = coldBytesOf(simulation.snapshot(), this.#book.taken());
    return {
      nowMs: nowUs / 1000,
      nrReady: Math.max(0, this.#book.nrTaken - nrLent),
      ...{ nrLent, freeBytes },
      coldBytes: Math.max(0, cold - freeBytes),
      someTotalUs: guest.shownStalledUs,
    };
  }

  #order(guest: SimulatedGuest, { reclaimBytes, make, giveBack }: PoolDecision): void {
    const nowMs = guest.nowUs / 1000;
    const windows = Array.from({ length: guest.totalBytes / WINDOW_BYTES }, (_, window) => ({
      ...this.#book.window(window, nowMs),
      hotBytes: 0,
    }));
    const take = this.#book.toTake(windowsToTake(windows, make, 0), nowMs);
    const give = this.#book.toGive(windowsToGive(windows, giveBack));
    this.#book.startTaking(take);
    this.#book.startReturning(give);
    this.#lastOrderUs = guest.nowUs;
    const schemes = schemesFor(reclaimBytes, take, give);
    guest.simulation.driver.commit({ ...this.params, schemes });
  }

  /** Hands out what is asked for, as far as it is there. */
  #serve(guest: SimulatedGuest): void {
    const due = this.#waiting.filter(({ atUs }) => atUs <= guest.nowUs);
    this.#waiting = this.#waiting.filter(({ atUs }) => atUs > guest.nowUs);
    for (const demand of due) {
      this.#settle(guest);
      const nrAsked = Math.ceil(demand.sizeBytes / BLOCK_BYTES);
      const nrReady = Math.max(0, this.#book.nrTaken - this.#nrLent(guest.nowUs));
      const nrFromPool = Math.min(nrAsked, nrReady);
      const nrAtOnce = nrFromPool + takeFree(guest, nrAsked - nrFromPool);
      this.served.push({ demand, nrAsked, nrAtOnce });
    }
    this.#settle(guest);
  }

  #nrLent(nowUs: number): number {
    return this.served
      .filter(({ demand }) => nowUs < demand.atUs + demand.forUs)
      .reduce((sum, { nrAtOnce }) => sum + nrAtOnce, 0);
  }
}

/** Takes blocks that are free in one piece, as whoever allocates would. */
function takeFree({ machine }: SimulatedGuest, nrWanted: number): number {
  let nrTaken = 0;
  for (const { frames } of machine.memory.nodes) {
    for (let frame = frames.first; nrTaken < nrWanted; frame += BLOCK_PAGES) {
      if (frame + BLOCK_PAGES > frames.first + frames.size) break;
      if (frames.freeWithin(frame, BLOCK_PAGES) !== BLOCK_PAGES) continue;
      if (machine.blocks.take(frame, BLOCK_PAGES) === 'taken') nrTaken += 1;
    }
  }
  return nrTaken;
}
