/** The loop of a pool on a real machine: look, decide, carry out, report. */
import { BLOCK_BYTES } from '../../policies/acma/observation.ts';
import { NEW_POOL, type PoolKnobs, stepPool } from '../../policies/acma/pool.ts';
import { pressureOver } from '../../policies/acma/pressure.ts';
import type { Verdict } from '../loop-guards.ts';
import type { LoosePool } from './loose-pool.ts';

/** What one step has seen and decided, with totals since the start. */
export interface PoolReport {
  readonly name: string;
  /** Since the loop's start. */
  readonly timeUs: number;
  readonly targetBytes: number;
  /** In blocks of 2 MiB, free in one piece. */
  readonly readyBytes: number;
  /** Free, and in smaller pieces. */
  readonly scatteredBytes: number;
  readonly coldBytes: number;
  readonly pressureShare: number;
  readonly acceptableShare: number;
  readonly reclaimedBytes: number;
  readonly nrCompactions: number;
  readonly verdict: Verdict;
  /** What was written. */
  readonly calls: readonly string[];
  /** One sentence. */
  readonly why: string;
}

/** One loop for one pool. */
export class PoolLoop {
  readonly #pool: LoosePool;
  readonly #knobs: PoolKnobs;
  #state = NEW_POOL;
  #startMs: number | null = null;
  #reclaimedBytes = 0;
  #nrCompactions = 0;

  constructor(pool: LoosePool, knobs: PoolKnobs) {
    this.#pool = pool;
    this.#knobs = knobs;
  }

  /** One step; to be called each second. @throws ThermoclineError as the pool does */
  async step(): Promise<PoolReport> {
    const seen = this.#pool.observe();
    this.#startMs ??= seen.nowMs;
    const { decision: wanted, state } = stepPool(seen, this.#state, this.#knobs);
    const verdict = this.#pool.verdict();
    const mayAct = verdict.state === 'go';
    const decision = mayAct ? wanted : { ...wanted, reclaimBytes: 0, make: 0 };
    // What was not tried was not in vain.
    this.#state = { ...state, lastMake: decision.make };
    const calls = this.#pool.plan(decision);
    this.#reclaimedBytes += await this.#pool.apply(decision);
    this.#nrCompactions += decision.make > 0 ? 1 : 0;
    return {
      name: this.#pool.name,
      timeUs: Math.round((seen.nowMs - this.#startMs) * 1000),
      targetBytes: this.#knobs.targetBytes,
      readyBytes: seen.nrReady * BLOCK_BYTES,
      scatteredBytes: seen.freeBytes,
      coldBytes: seen.coldBytes,
      pressureShare: pressureOver(state.stalls, 1000),
      acceptableShare: this.#knobs.pressureShare,
      reclaimedBytes: this.#reclaimedBytes,
      nrCompactions: this.#nrCompactions,
      ...{ verdict, calls },
      why: verdict.sentence || decision.why,
    };
  }
}
