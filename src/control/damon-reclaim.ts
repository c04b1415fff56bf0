/**
 * The lever of whoever has the kernel's DAMON: while somebody asks, what nobody accessed for long
 * enough leaves, page by page; else nothing does.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, monotonicClock } from '../base/clock.ts';
import type { Monitor } from '../monitor/monitor.ts';
import type { Params, Scheme } from '../params/types.ts';
import { NOTHING_BYTES, type ReclaimLever } from './policy-loop.ts';

/** What is free or kept back by a filter lies among the cold, and must not use an order up. */
const FAIL_CHARGE = { failChargeNumerator: 1, failChargeDenominator: 4096 };
/** Schemes come by so often, whatever the aggregation interval: an order is for now. */
const APPLY_INTERVAL_US = 1_000_000;
const LOOK_MS = 250;
/** An order goes on for so long at most: DAMON may find less than was asked for. */
const ORDER_US = 3_000_000;

/** What it has to be started with: that which takes memory takes none yet. */
export function takingNothing(params: Params): Params {
  return takingUpTo(params, NOTHING_BYTES);
}

/** Leaves no state behind once its monitor has ended. */
export class DamonReclaim implements ReclaimLever {
  readonly #monitor: Pick<Monitor, 'commit' | 'stats'>;
  readonly #params: Params;
  readonly #clock: Clock;

  /**
   * @param monitor started, with the parameters of {@link takingNothing}
   * @param params as planned, with schemes that page out
   */
  constructor(
    monitor: Pick<Monitor, 'commit' | 'stats'>,
    params: Params,
    clock: Clock = monotonicClock,
  ) {
    this.#monitor = monitor;
    this.#params = params;
    this.#clock = clock;
  }

  /** A limit is for a second, so the last one of an order may add to what was asked for. */
  async reclaim(bytes: number): Promise<number> {
    const before = await this.#takenBytes();
    const overUs = this.#clock.nowUs() + ORDER_US;
    let taken = 0;
    await this.#monitor.commit(takingUpTo(this.#params, Math.max(NOTHING_BYTES, bytes)));
    try {
      while (taken < bytes && this.#clock.nowUs() < overUs) {
        await sleep(LOOK_MS);
        taken = (await this.#takenBytes()) - before;
      }
    } finally {
      await this.#monitor.commit(takingNothing(this.#params));
    }
    return taken;
  }

  async #takenBytes(): Promise<number> {
    const { schemes } = await this.#monitor.stats();
    return this.#params.schemes
      .map((scheme, index) => (takes(scheme) ? Number(schemes[index]!.stats.appliedBytes) : 0))
      .reduce((sum, one) => sum + one, 0);
  }
}

function takes({ action }: Scheme): boolean {
  return action === 'pageout';
}

function takingUpTo(params: Params, sizeBytes: number): Params {
  const schemes = params.schemes.map((scheme): Scheme => {
    if (!takes(scheme)) return scheme;
    const resetIntervalMs = APPLY_INTERVAL_US / 1000;
    const quota = { ...scheme.quota, ...FAIL_CHARGE, sizeBytes, resetIntervalMs };
    return { ...scheme, applyIntervalUs: APPLY_INTERVAL_US, quota };
  });
  return { ...params, schemes };
}
