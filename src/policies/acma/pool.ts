/**
 * A pool of contiguous memory that is kept ready: a pure function from how a machine stands to what
 * is to be made ready and given back. Asymmetric like auto-scaling: memory is made ready slowly,
 * only while all is calm, and out of what is cold; under pressure it goes back at once.
 */
import { BLOCK_BYTES, WINDOW_BYTES } from './observation.ts';
import { addReading, PRESSURE_WINDOW_MS, pressureOver, type Reading } from './pressure.ts';

/** The two knobs, and what a try costs. */
export interface PoolKnobs {
  /** What is to be ready in blocks of 2 MiB. */
  readonly targetBytes: number;
  /** Share of time that may be lost to a lack of memory, 0…1. */
  readonly pressureShare: number;
  /** Between two tries to make blocks ready; 0: one a step. Some levers move all of memory. */
  readonly tryEveryMs: number;
}

/** How a machine stands. */
export interface PoolObservation {
  readonly nowMs: number;
  /** Blocks of 2 MiB that are ready, in use by nobody. */
  readonly nrReady: number;
  /** Blocks of the pool that those whom it is for have; 0 where nobody can tell. */
  readonly nrLent: number;
  /** Free memory that is no part of the pool. */
  readonly freeBytes: number;
  /** Bytes in use that can leave since nobody accessed them for long. */
  readonly coldBytes: number;
  /** The kernel's total of `some` in microseconds. */
  readonly someTotalUs: number;
}

/** What is to be done until the next step. */
export interface PoolDecision {
  /** Cold bytes that are to leave, so that there is free memory to make blocks of. */
  readonly reclaimBytes: number;
  /** Blocks to make ready, by moving what lies in their way. */
  readonly make: number;
  /** Ready blocks to give back. */
  readonly giveBack: number;
  /** One sentence. */
  readonly why: string;
}

/** What is remembered between steps. */
export interface PoolState {
  readonly stalls: readonly Reading[];
  readonly calmSinceMs: number | null;
  /** How many steps in a row have given back; each gives twice as much. */
  readonly nrGives: number;
  /** What was ready or lent, and what was asked for, in the last step. */
  readonly lastNr: number;
  readonly lastMake: number;
  /** Until then nothing is made. */
  readonly restUntilMs: number;
  /** How long that is since the last try was in vain; 0: it was not. */
  readonly restMs: number;
}

/** A pool that has seen nothing yet. */
export const NEW_POOL: PoolState = Object.freeze({
  ...{ stalls: [], calmSinceMs: null, nrGives: 0, lastNr: 0, lastMake: 0 },
  ...{ restUntilMs: 0, restMs: 0 },
});

const SUDDEN_MS = 1000;
const DEAD_BAND = 0.5;
const CALM_MS = 10_000;
/** Most that is made ready in a step. */
const MOST_BLOCKS = WINDOW_BYTES / BLOCK_BYTES;
/** Free memory that is left to everybody else. */
const SPARE_BYTES = WINDOW_BYTES;
/** Moving memory in vain costs everybody time: each next try comes twice as late. */
const FIRST_REST_MS = 60_000;
const LONGEST_REST_MS = 3_600_000;

/** The next decision. Call it each second, and at once when time is being lost. */
export function stepPool(
  observation: PoolObservation,
  before: PoolState,
  knobs: PoolKnobs,
): { readonly decision: PoolDecision; readonly state: PoolState } {
  const state = remember(observation, before, knobs);
  const decision = decide(observation, state, knobs);
  const { make, giveBack } = decision;
  return {
    decision,
    state: {
      ...state,
      lastNr: observation.nrReady + observation.nrLent,
      lastMake: make,
      nrGives: giveBack > 0 ? before.nrGives + 1 : 0,
    },
  };
}

function remember(
  { nowMs, someTotalUs, nrReady, nrLent }: PoolObservation,
  before: PoolState,
  { pressureShare, tryEveryMs }: PoolKnobs,
): PoolState {
  const stalls = addReading(before.stalls, { atMs: nowMs, totalUs: someTotalUs });
  const isCalm = pressureOver(stalls, PRESSURE_WINDOW_MS) <= DEAD_BAND * pressureShare;
  const inVain = before.lastMake > 0 && nrReady + nrLent <= before.lastNr;
  const worked = before.lastMake > 0 && !inVain;
  const longer = Math.min(LONGEST_REST_MS, Math.max(FIRST_REST_MS, before.restMs * 2));
  const restUntilMs = inVain ? nowMs + longer : worked ? nowMs + tryEveryMs : before.restUntilMs;
  return {
    ...before,
    stalls,
    calmSinceMs: isCalm ? (before.calmSinceMs ?? nowMs) : null,
    restMs: worked ? 0 : inVain ? longer : before.restMs,
    restUntilMs,
  };
}

function decide(
  { nowMs, nrReady, freeBytes, coldBytes }: PoolObservation,
  state: PoolState,
  { targetBytes, pressureShare }: PoolKnobs,
): PoolDecision {
  const lacking = Math.ceil(targetBytes / BLOCK_BYTES) - nrReady;
  if (pressureOver(state.stalls, SUDDEN_MS) > pressureShare) {
    const giveBack = Math.min(nrReady, MOST_BLOCKS * 2 ** Math.min(state.nrGives, 10));
    return { ...nothing('More time is lost than acceptable.'), giveBack };
  }
  if (lacking < 0) return { ...nothing('More is ready than was asked for.'), giveBack: -lacking };
  if (lacking === 0) return nothing('All of it is ready.');
  if (state.calmSinceMs === null || nowMs - state.calmSinceMs < CALM_MS) {
    return nothing('It has not been calm for long enough.');
  }
  if (nowMs < state.restUntilMs) {
    return nothing(
      state.restMs > 0
        ? 'The last try made nothing ready; the next one comes later.'
        : 'The next try comes in a while.',
    );
  }
  const wanted = Math.min(lacking, MOST_BLOCKS);
  const room = Math.max(0, Math.floor((freeBytes - SPARE_BYTES) / BLOCK_BYTES));
  const make = Math.min(wanted, room);
  const reclaimBytes = Math.min(coldBytes, (wanted - make) * BLOCK_BYTES);
  if (make > 0) return { ...nothing('It is calm, and there is room.'), make, reclaimBytes };
  if (reclaimBytes > 0) return { ...nothing('Cold memory is to leave first.'), reclaimBytes };
  return nothing('There is neither free nor cold memory for it.');
}

function nothing(why: string): PoolDecision {
  return { reclaimBytes: 0, make: 0, giveBack: 0, why };
}
