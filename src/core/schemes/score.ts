import { multFrac } from '../../base/arithmetic.ts';
import type { Quota } from '../../params/types.ts';

/** Highest score of a region; the lowest is 0. */
export const MAX_SCORE = 99;

const MAX_AGE_LOG = 32;

/**
 * How hot a region is, 0…99 (spec 5.5, "scores"): its access frequency and the logarithm of its
 * age, by the quota's weights. Age counts against a region that is not accessed.
 * @param nrAccesses moving sum of the region's accesses
 * @param maxNrAccesses samples in an aggregation interval
 */
export function hotScore(
  nrAccesses: number,
  age: number,
  maxNrAccesses: number,
  aggregationIntervalUs: number,
  weights: Quota['weights'],
): number {
  const frequency = multFrac(nrAccesses, 100, maxNrAccesses);
  const ageLog = logarithmOfAge(age, aggregationIntervalUs);
  const signedLog = frequency === 0 ? -ageLog : ageLog;
  const ageScore = Math.floor(Math.floor(((signedLog + MAX_AGE_LOG) * 100) / MAX_AGE_LOG) / 2);

  const weightSum = (weights.nrAccessesPermil + weights.agePermil) >>> 0;
  const weighted =
    (Math.imul(weights.nrAccessesPermil, frequency) + Math.imul(weights.agePermil, ageScore)) >>> 0;
  const hotness = weightSum === 0 ? weighted : Math.floor(weighted / weightSum);
  return Math.min(Math.floor(((hotness * MAX_SCORE) >>> 0) / 100), MAX_SCORE);
}

/** 0 for ages below a second, then 1 more with each doubling, up to 32. */
function logarithmOfAge(age: number, aggregationIntervalUs: number): number {
  const wholeSeconds = Math.floor(aggregationIntervalUs / 1_000_000);
  const seconds =
    age * wholeSeconds + Math.floor((age * (aggregationIntervalUs % 1_000_000)) / 1_000_000);
  if (seconds < 1) return 0;
  return seconds >= 2 ** MAX_AGE_LOG ? MAX_AGE_LOG : 32 - Math.clz32(seconds);
}
