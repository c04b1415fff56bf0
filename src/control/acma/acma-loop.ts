/** The auto-scaling loop on a real guest or container: look, decide, carry out, report. */
import {
  type AcmaDecision,
  type AcmaKnobs,
  type AcmaObservation,
  BLOCK_BYTES,
} from '../../policies/acma/observation.ts';
import { pressureOver } from '../../policies/acma/pressure.ts';
import { type AcmaState, newAcmaState, stepAcma } from '../../policies/acma/step.ts';
import type { Verdict } from '../loop-guards.ts';
import type { AcmaActuator, Applied } from './actuator.ts';
import type { HeldCounts } from './held-blocks.ts';
import { Shadow } from './shadow.ts';

/** `shadow` decides as `run` does and only says so: a recommendation. */
export type AcmaMode = 'run' | 'shadow';

/** What one step has seen and decided, with totals since the start. */
export interface AcmaReport {
  readonly name: string;
  readonly mode: AcmaMode;
  /** Since the loop's start. */
  readonly timeUs: number;
  /** What it may use from now on; in a shadow, what it would. */
  readonly sizeBytes: number;
  /** What it has beyond that, without having been allowed to: a guest's balloon may give way. */
  readonly overshootBytes: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly usedBytes: number;
  /** Of what is used, what was not accessed for long enough, and can leave. */
  readonly coldBytes: number;
  /** Of what is used, the rest: what was accessed lately, as far as anybody can tell. */
  readonly workingSetBytes: number;
  /** Of what is used, what an agent in it takes; 0 where there is none. */
  readonly agentBytes: number;
  /** Contiguity: blocks of 2 MiB that are free in one piece, in the guest or around the cgroup. */
  readonly nrFreeBlocks: number | null;
  /** Share of the last second that was lost to a lack of memory. */
  readonly pressureShare: number;
  /** Where that is read, or what it is a proxy of. */
  readonly pressureFrom: string;
  readonly acceptableShare: number;
  /** Blocks of each window that are taken, the lowest window first. */
  readonly takenByWindow: readonly number[];
  /** All that is taken. */
  readonly heldBytes: number;
  /** What became of blocks that it holds for the host; null where it holds none. */
  readonly held: HeldCounts | null;
  readonly reclaimedBytes: number;
  readonly nrFailed: number;
  readonly gibHours: number;
  /** Of a guest that has the maximum all the time. */
  readonly fixedGibHours: number;
  readonly verdict: Verdict;
  /** What was written or called; empty in a shadow. */
  readonly calls: readonly string[];
  /** One sentence. */
  readonly why: string;
}

const SECOND_MS = 1000;
const GIB_HOUR = 2 ** 30 * 3_600_000;

/** What a step leaves behind. */
type Standing = Pick<Applied, 'sizeBytes' | 'overshootBytes' | 'windows'>;

/** One loop for one actuator. */
export class AcmaLoop {
  readonly #actuator: AcmaActuator;
  readonly #knobs: AcmaKnobs;
  readonly #mode: AcmaMode;
  readonly #shadow = new Shadow();
  #state: AcmaState | null = null;
  #startMs = 0;
  #lastMs = 0;
  #lastSize = 0;
  #reclaimedBytes = 0;
  #nrFailed = 0;
  #byteMs = 0;
  #fixedByteMs = 0;

  constructor(actuator: AcmaActuator, knobs: AcmaKnobs, mode: AcmaMode) {
    this.#actuator = actuator;
    this.#knobs = knobs;
    this.#mode = mode;
  }

  /**
   * One step; to be called each second, and at once when a trigger fires.
   * @param mostBytes what it may have for now, where that is less than its maximum
   * @throws ThermoclineError as the actuator does
   */
  async step(mostBytes: number = this.#knobs.maxBytes): Promise<AcmaReport> {
    const seen = await this.#actuator.observe();
    const observation = this.#mode === 'shadow' ? this.#shadow.through(seen) : seen;
    if (this.#state === null) this.#begin(observation);
    this.#bill(observation);
    const { decision: wanted, state } = stepAcma(observation, this.#state!, {
      ...this.#knobs,
      maxBytes: Math.min(mostBytes, this.#knobs.maxBytes),
    });
    const verdict = this.#actuator.verdict();
    const decision = verdict.state === 'go' ? wanted : { ...wanted, reclaimBytes: 0, take: [] };
    const calls = this.#mode === 'run' ? this.#actuator.plan(decision) : [];
    const after =
      this.#mode === 'run' ? await this.#apply(decision) : this.#imagine(decision, seen);
    this.#state = state;
    this.#lastSize = after.sizeBytes;
    return this.#report(observation, after, verdict, calls, verdict.sentence || decision.why);
  }

  async #apply(decision: AcmaDecision): Promise<Standing> {
    const applied = await this.#actuator.apply(decision);
    this.#reclaimedBytes += applied.reclaimedBytes;
    this.#nrFailed += applied.nrFailed;
    return applied;
  }

  #imagine(decision: AcmaDecision, seen: AcmaObservation): Standing {
    this.#shadow.apply(decision);
    return { ...this.#shadow.through(seen), overshootBytes: 0 };
  }

  #begin(observation: AcmaObservation): void {
    this.#state = newAcmaState(observation);
    this.#startMs = observation.nowMs;
    this.#lastMs = observation.nowMs;
    this.#lastSize = observation.sizeBytes;
  }

  #bill({ nowMs, totalBytes }: AcmaObservation): void {
    const elapsedMs = Math.max(0, nowMs - this.#lastMs);
    this.#byteMs += this.#lastSize * elapsedMs;
    this.#fixedByteMs += this.#maxBytes(totalBytes) * elapsedMs;
    this.#lastMs = nowMs;
  }

  /** It can't have more than there is of it. */
  #maxBytes(totalBytes: number): number {
    return Math.min(this.#knobs.maxBytes, totalBytes);
  }

  #report(
    { nowMs, coldBytes, sizeBytes, freeBytes, totalBytes }: AcmaObservation,
    after: Standing,
    verdict: Verdict,
    calls: readonly string[],
    why: string,
  ): AcmaReport {
    const takenByWindow = after.windows.map(({ nrTaken }) => nrTaken);
    const nrTaken = takenByWindow.reduce((sum, nr) => sum + nr, 0);
    return {
      name: this.#actuator.name,
      mode: this.#mode,
      timeUs: Math.round((nowMs - this.#startMs) * 1000),
      sizeBytes: after.sizeBytes,
      overshootBytes: after.overshootBytes,
      minBytes: this.#knobs.minBytes,
      maxBytes: this.#maxBytes(totalBytes),
      usedBytes: sizeBytes - freeBytes,
      coldBytes,
      nrFreeBlocks: this.#actuator.nrFreeBlocks(),
      workingSetBytes: Math.max(0, sizeBytes - freeBytes - coldBytes),
      agentBytes: this.#actuator.agentBytes ?? 0,
      pressureShare: pressureOver(this.#state!.stalls, SECOND_MS),
      pressureFrom: this.#actuator.pressureFrom,
      acceptableShare: this.#knobs.pressureShare,
      takenByWindow,
      heldBytes: nrTaken * BLOCK_BYTES,
      held: this.#actuator.held ?? null,
      reclaimedBytes: this.#mode === 'run' ? this.#reclaimedBytes : this.#shadow.leftBytes,
      nrFailed: this.#nrFailed,
      gibHours: this.#byteMs / GIB_HOUR,
      fixedGibHours: this.#fixedByteMs / GIB_HOUR,
      verdict,
      calls,
      why,
    };
  }
}
