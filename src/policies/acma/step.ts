/**
 * The auto-scaling controller: a pure function from how a guest stands to what to take and to give.
 * It is asymmetric on purpose. Memory is taken slowly, only while all is calm, and only where
 * nothing was accessed; it is given at once when time is being lost or free memory runs out. A loop
 * that treats both alike swings (docs/acma.md has the figures).
 */
import { alignUp } from '../../base/arithmetic.ts';
import {
  type AcmaDecision,
  type AcmaKnobs,
  type AcmaObservation,
  BLOCK_BYTES,
  WINDOW_BYTES,
} from './observation.ts';
import { addReading, PRESSURE_WINDOW_MS, pressureOver, type Reading } from './pressure.ts';
import { windowsToGive, windowsToTake } from './windows.ts';

/** Pressure counts as passed when it was lost within this time. */
const SUDDEN_MS = 1000;
/** Between this part of the limit and the limit itself nothing is taken and nothing given. */
const DEAD_BAND = 0.5;
/** So long it has to be calm before anything is taken. */
const CALM_MS = 10_000;
/** Figures older than this are not acted on. */
const STALE_MS = 3000;
/** A guest that is silent for so long gets all of its memory back, window by window. */
const SILENT_MS = 10_000;
/** Most that is taken in a second: one window, or this share of the size if that is less. */
const TAKE_SHARE_A_SECOND = 0.02;
/** Below this part of the headroom, free memory is short. */
const SHORT_SHARE = 0.9;
/** Most that is given in one step. */
const GIVE_BYTES_A_STEP = 2 ** 30;
/** A host that supplies more than this a second to a guest without pressure is being lied to. */
const DISTRUST_BYTES_A_SECOND = 2 ** 20;
/** For so long a guest that was caught is not taken from. */
const DISTRUST_MS = 60_000;

/** Free memory kept beside the working set: 2 % of the maximum, at least one window. */
export function headroomBytes({ maxBytes }: Pick<AcmaKnobs, 'maxBytes'>): number {
  return Math.max(WINDOW_BYTES, 0.02 * maxBytes);
}

/** A size, and when it was. */
interface SizeReading {
  readonly atMs: number;
  readonly sizeBytes: number;
}

/** What the controller remembers between steps. */
export interface AcmaState {
  /** Sizes as old as figures may be. */
  readonly sizes: readonly SizeReading[];
  readonly stalls: readonly Reading[];
  /** What the host supplied: a total of bytes instead of microseconds. */
  readonly hostFaults: readonly Reading[];
  readonly lastStepMs: number;
  readonly lastFreeBytes: number;
  readonly lastSizeBytes: number;
  /** Since when pressure has been below the dead band; null: it is not. */
  readonly calmSinceMs: number | null;
  /** The size before the latest taking began: what was enough. */
  readonly goodBytes: number;
  /** The last step took memory. */
  readonly isTaking: boolean;
  /** How many steps in a row have given; each gives twice as much. */
  readonly nrGives: number;
  readonly distrustedUntilMs: number;
}

/** A controller that has seen nothing yet. */
export function newAcmaState({ takenAtMs, freeBytes, sizeBytes }: AcmaObservation): AcmaState {
  return {
    sizes: [],
    stalls: [],
    hostFaults: [],
    lastStepMs: takenAtMs,
    lastFreeBytes: freeBytes,
    lastSizeBytes: sizeBytes,
    calmSinceMs: null,
    goodBytes: sizeBytes,
    isTaking: false,
    nrGives: 0,
    distrustedUntilMs: 0,
  };
}

/** The next decision. Call it each second, and at once when a pressure trigger fires. */
export function stepAcma(
  reported: AcmaObservation,
  before: AcmaState,
  knobs: AcmaKnobs,
): { readonly decision: AcmaDecision; readonly state: AcmaState } {
  const sizes = addSize(before.sizes, reported);
  const observation = { ...reported, freeBytes: freeNow(reported, sizes) };
  const { nowMs, takenAtMs, sizeBytes, freeBytes } = observation;
  const state = { ...remember(observation, before, knobs), sizes };
  const decision = decide(observation, before, state, knobs);
  const takes = decision.take.length > 0;
  const isFresh = nowMs - takenAtMs <= STALE_MS;
  return {
    decision,
    state: {
      ...state,
      lastStepMs: nowMs,
      lastFreeBytes: isFresh ? freeBytes : before.lastFreeBytes,
      lastSizeBytes: sizeBytes,
      goodBytes: takes && !before.isTaking ? sizeBytes : state.goodBytes,
      isTaking: takes,
      nrGives: decision.give.length > 0 ? before.nrGives + 1 : 0,
    },
  };
}

function addSize(
  sizes: readonly SizeReading[],
  { nowMs, sizeBytes }: AcmaObservation,
): readonly SizeReading[] {
  const firstKept = sizes.findLastIndex(({ atMs }) => atMs <= nowMs - STALE_MS);
  return [...sizes.slice(Math.max(0, firstKept)), { atMs: nowMs, sizeBytes }];
}

/**
 * Free memory as it would be reported by now: what was given or taken since the report is not in
 * it, and would be given or taken once more.
 */
function freeNow(
  { takenAtMs, sizeBytes, freeBytes }: AcmaObservation,
  sizes: readonly SizeReading[],
): number {
  const then = sizes.findLast(({ atMs }) => atMs <= takenAtMs) ?? sizes[0]!;
  return Math.min(sizeBytes, Math.max(0, freeBytes + sizeBytes - then.sizeBytes));
}

function remember(
  observation: AcmaObservation,
  before: AcmaState,
  { pressureShare }: AcmaKnobs,
): AcmaState {
  const { nowMs, takenAtMs, someTotalUs, hostFaultedBytes } = observation;
  const stalls = addReading(before.stalls, { atMs: takenAtMs, totalUs: someTotalUs });
  const hostFaults =
    hostFaultedBytes === null
      ? []
      : addReading(before.hostFaults, { atMs: nowMs, totalUs: hostFaultedBytes });
  const isCalm = pressureOver(stalls, PRESSURE_WINDOW_MS) <= DEAD_BAND * pressureShare;
  const lies = isCalm && bytesASecond(hostFaults) > DISTRUST_BYTES_A_SECOND;
  return {
    ...before,
    stalls,
    hostFaults,
    calmSinceMs: isCalm && !lies ? (before.calmSinceMs ?? nowMs) : null,
    distrustedUntilMs: lies ? nowMs + DISTRUST_MS : before.distrustedUntilMs,
  };
}

function decide(
  observation: AcmaObservation,
  before: AcmaState,
  state: AcmaState,
  knobs: AcmaKnobs,
): AcmaDecision {
  const { nowMs, takenAtMs, sizeBytes, freeBytes, totalBytes } = observation;
  const { minBytes, maxBytes, pressureShare } = knobs;
  const mostBytes = Math.min(maxBytes, totalBytes);
  const give = (bytes: number, why: string) => giving(observation, mostBytes, bytes, why);

  if (sizeBytes > mostBytes) {
    const excessBytes = alignUp(sizeBytes - mostBytes, BLOCK_BYTES);
    return taking(observation, minBytes, excessBytes, 'The maximum is lower than the size.');
  }
  if (sizeBytes < minBytes) return give(minBytes - sizeBytes, 'The size is below the minimum.');
  const ageMs = nowMs - takenAtMs;
  if (ageMs > SILENT_MS) return give(WINDOW_BYTES, 'The guest is silent: it gets its memory back.');
  if (ageMs > STALE_MS) {
    return give(state.goodBytes - sizeBytes, 'The figures are old: back to what was enough.');
  }
  const seconds = Math.min(1, (nowMs - before.lastStepMs) / 1000);
  const headroom = headroomBytes(knobs);
  const wanted = growthBytes(observation, before, headroom);
  if (pressureOver(state.stalls, SUDDEN_MS) > pressureShare || isLyingNow(observation, state)) {
    // With the headroom free, size is not what is missing: time is lost to something else.
    const first = freeBytes < SHORT_SHARE * headroom ? WINDOW_BYTES : BLOCK_BYTES;
    const escalated = first * 2 ** Math.min(before.nrGives, 10);
    const why = 'More time is lost than acceptable.';
    return give(Math.min(Math.max(wanted, escalated), GIVE_BYTES_A_STEP), why);
  }
  if (freeBytes < headroom / 2) {
    return give(Math.min(wanted, GIVE_BYTES_A_STEP), 'Free memory runs out.');
  }
  if (nowMs < state.distrustedUntilMs) return nothing('The guest did not say what the host saw.');
  if (state.calmSinceMs === null || nowMs - state.calmSinceMs < CALM_MS) {
    return nothing('It has not been calm for long enough.');
  }
  const speed = Math.min(WINDOW_BYTES, TAKE_SHARE_A_SECOND * sizeBytes) * seconds;
  return shrink(observation, knobs, headroom, Math.max(BLOCK_BYTES, speed));
}

/** Takes what is free beyond the headroom; where nothing is, has cold memory leave first. */
function shrink(
  observation: AcmaObservation,
  { minBytes }: AcmaKnobs,
  headroom: number,
  speedBytes: number,
): AcmaDecision {
  const { freeBytes, coldBytes, sizeBytes } = observation;
  const room = sizeBytes - minBytes;
  const spare = freeBytes - headroom;
  const bytes = Math.min(spare, speedBytes, room);
  const left = Math.min(coldBytes, speedBytes, room - Math.max(0, spare));
  const reclaimBytes = spare < 2 * speedBytes && left >= BLOCK_BYTES ? Math.floor(left) : 0;
  const decision = taking(
    observation,
    minBytes,
    bytes,
    'It is calm, and there is memory to spare.',
  );
  if (decision.take.length > 0) return { ...decision, reclaimBytes };
  if (reclaimBytes > 0) return { ...decision, reclaimBytes, why: 'Cold memory is to leave first.' };
  return nothing('There is nothing to spare.');
}

/** What brings free memory back to the headroom if it goes on falling as in the last step. */
function growthBytes(
  { freeBytes, sizeBytes, nowMs }: AcmaObservation,
  { lastFreeBytes, lastSizeBytes, lastStepMs }: AcmaState,
  headroom: number,
): number {
  const used = sizeBytes - freeBytes - (lastSizeBytes - lastFreeBytes);
  const perSecond = (Math.max(0, used) / Math.max(100, nowMs - lastStepMs)) * 1000;
  return headroom - freeBytes + 2 * perSecond;
}

function isLyingNow(
  { nowMs }: AcmaObservation,
  { distrustedUntilMs, hostFaults }: AcmaState,
): boolean {
  return nowMs < distrustedUntilMs && bytesASecond(hostFaults) > DISTRUST_BYTES_A_SECOND;
}

/** Readings of bytes, so that "microseconds in a millisecond" are bytes in a millisecond. */
function bytesASecond(readings: readonly Reading[]): number {
  const first = readings[0];
  const last = readings.at(-1);
  if (!first || !last || last.atMs === first.atMs) return 0;
  return ((last.totalUs - first.totalUs) / (last.atMs - first.atMs)) * 1000;
}

function taking(
  { sizeBytes, windows }: AcmaObservation,
  minBytes: number,
  bytes: number,
  why: string,
): AcmaDecision {
  const nrBlocks = Math.floor(Math.min(bytes, sizeBytes - minBytes) / BLOCK_BYTES);
  return { ...nothing(why), take: windowsToTake(windows, nrBlocks, minBytes) };
}

function giving(
  { sizeBytes, windows }: AcmaObservation,
  mostBytes: number,
  bytes: number,
  why: string,
): AcmaDecision {
  const nrBlocks = Math.floor(Math.min(Math.max(bytes, 0), mostBytes - sizeBytes) / BLOCK_BYTES);
  return { ...nothing(why), give: windowsToGive(windows, nrBlocks) };
}

function nothing(why: string): AcmaDecision {
  return { reclaimBytes: 0, take: [], give: [], why };
}
