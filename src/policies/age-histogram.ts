/**
 * How long is waited for memory that comes back, by the idle time that it had: what tells for how
 * long memory has to be idle before it is worth taking. Old evidence fades.
 */

/** Ages of a bucket are up to this many times those of the one before. */
const STEP = Math.SQRT2;
const FIRST_AGE_US = 1_000_000;
/** The last bucket begins beyond two days. */
const NR_BUCKETS = 36;
/** Evidence counts half after this time. */
const HALF_LIFE_US = 600_000_000;
const MEAN_LIFE_US = HALF_LIFE_US / Math.LN2;

/** Microseconds of waiting by idle time, weighted by how recent they are. */
export type AgeHistogram = readonly number[];

export const EMPTY_AGES: AgeHistogram = Object.freeze(new Array<number>(NR_BUCKETS).fill(0));

/** The histogram `elapsedUs` later, with `stallUs` more for memory that was idle for `idleUs`. */
export function withStalls(
  ages: AgeHistogram,
  elapsedUs: number,
  stalls: readonly { readonly stallUs: number; readonly idleUs: number }[],
): AgeHistogram {
  const kept = 2 ** (-elapsedUs / HALF_LIFE_US);
  const next = ages.map((stallUs) => stallUs * kept);
  for (const { stallUs, idleUs } of stalls) next[bucketOf(idleUs)]! += stallUs;
  return next;
}

/** Share of time that is spent waiting for memory with an idle time of `ageUs` or more. */
function stallShare(ages: AgeHistogram, ageUs: number): number {
  let stallUs = 0;
  for (let at = bucketOf(ageUs); at < NR_BUCKETS; at++) stallUs += ages[at]!;
  return stallUs / MEAN_LIFE_US;
}

/**
 * The shortest idle time from `leastUs` on beyond which waiting takes `share` of the time at most;
 * Infinity when there is none.
 */
export function safeAgeUs(ages: AgeHistogram, leastUs: number, share: number): number {
  if (stallShare(ages, leastUs) <= share) return leastUs;
  for (let at = bucketOf(leastUs) + 1; at < NR_BUCKETS; at++) {
    const ageUs = FIRST_AGE_US * STEP ** (at - 1);
    if (stallShare(ages, ageUs) <= share) return ageUs;
  }
  return Number.POSITIVE_INFINITY;
}

function bucketOf(ageUs: number): number {
  if (ageUs < FIRST_AGE_US) return 0;
  // Less a little, so that a bucket's own lower end falls into it in spite of rounding.
  const steps = Math.log(ageUs / FIRST_AGE_US) / Math.log(STEP) + 1e-9;
  return Math.min(1 + Math.floor(steps), NR_BUCKETS - 1);
}
