/**
 * How much a scheme may do, from how well its aim is met. Scores are shares of the aim: 1 is just
 * met, below there is room, above it hurts. The first two are the kernel's (spec 5.5); the third
 * is ours: it gives way fast and comes back fast, where the kernel's creeps from one byte.
 */

/** Between which sizes a quota may be tuned, and what it came to in the last window. */
export interface QuotaWindow {
  /** The hard limit, in bytes; never exceeded. */
  readonly capBytes: number;
  /** The first step of a tuner that was down at nothing, in bytes. */
  readonly floorBytes: number;
  /** What was really done with the last quota, in bytes. */
  readonly appliedBytes: number;
}

/** What a tuner remembers between windows. */
export interface TunerState {
  readonly quotaBytes: number;
  /** The size that the last overshoot ended; null before the first. */
  readonly hurtBytes: number | null;
}

/** The next quota, from the last one and the score that it earned. */
export type Tuner = (state: TunerState, score: number, window: QuotaWindow) => TunerState;

export const TUNER_NAMES = ['asymmetric', 'consist', 'temporal'] as const;
export type TunerName = (typeof TUNER_NAMES)[number];

/** Before the first window. */
export const NEW_TUNER: TunerState = { quotaBytes: 0, hurtBytes: null };

/** In this part of the aim, right below it, the quota stays as it is. */
const DEAD_BAND = 0.2;
/** Growth near the size that hurt last time, for each window. */
const CAREFUL_GROWTH = 1.1;
/** Where the aim is near, a quota that was down at nothing begins at this part of the floor. */
const CREEP_PART = 1 / 16;
/** Less than this part of the quota was used: more of it would not be used either. */
const USED_SHARE = 0.5;

/**
 * Follows the aim in proportion to the distance, up to twice and down to the floor, as the kernel's
 * `consist` does; but in bytes that are bounded by the cap, and from a floor of more than one byte.
 */
const consist: Tuner = ({ quotaBytes }, score, { capBytes, floorBytes }) => {
  const last = Math.max(quotaBytes, floorBytes);
  const next = score >= 2 ? floorBytes : last * (2 - score);
  return { quotaBytes: bounded(next, Math.min(floorBytes, capBytes), capBytes), hurtBytes: null };
};

/** All that is allowed until the aim is met, then nothing. */
const temporal: Tuner = (_state, score, { capBytes }) => ({
  quotaBytes: score >= 1 ? 0 : capBytes,
  hurtBytes: null,
});

/**
 * Halves at least as soon as the aim is overshot, and stops at twice of it. Comes back by doubling
 * up to half of the size that hurt, and goes on carefully from there. A quota that is not used up
 * does not grow: what it would allow has never been tried. Right below the aim it stays as it is;
 * but the latency of a service may be there before anything is done, so that a quota below the
 * floor creeps up to it, or to half of the size that hurt.
 */
const asymmetric: Tuner = (state, score, window) => {
  const { quotaBytes, hurtBytes } = state;
  const { capBytes, floorBytes, appliedBytes } = window;
  const creepBytes = floorBytes * CREEP_PART;
  if (!(score < 1)) {
    const next = score >= 2 ? 0 : (quotaBytes / 2) * (2 - score);
    const hurt = quotaBytes >= creepBytes ? quotaBytes : hurtBytes;
    return { quotaBytes: Math.floor(bounded(next, 0, capBytes)), hurtBytes: hurt };
  }
  if (quotaBytes >= floorBytes && appliedBytes < quotaBytes * USED_SHARE) {
    return { quotaBytes: bounded(quotaBytes, 0, capBytes), hurtBytes };
  }
  if (score > 1 - DEAD_BAND) {
    const most = Math.min(floorBytes, (hurtBytes ?? Infinity) / 2);
    const crept = Math.min(most, Math.max(quotaBytes * CAREFUL_GROWTH, creepBytes));
    const next = Math.max(quotaBytes, Math.floor(crept));
    return { quotaBytes: bounded(next, 0, capBytes), hurtBytes };
  }
  const careful = hurtBytes !== null && quotaBytes * 2 > hurtBytes / 2;
  const next = Math.max(quotaBytes * (careful ? CAREFUL_GROWTH : 2), floorBytes);
  return { quotaBytes: Math.floor(bounded(next, 0, capBytes)), hurtBytes };
};

export const TUNERS: Readonly<Record<TunerName, Tuner>> = { asymmetric, consist, temporal };

function bounded(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
