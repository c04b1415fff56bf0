import { NO_INTERVALS_GOAL } from '../../params/defaults.ts';
import type { Attrs } from '../../params/types.ts';

/**
 * Attributes for watching by `/proc/PID/smaps`. Sampling is 40 times rarer than DAMON's 5 ms, since
 * each sample clears and reads the whole process (some 25 ms for each GiB of small pages) and not
 * one page a region; ten samples a window remain. Reading tells all mappings anyway, so following
 * their changes in each window costs nothing more.
 */
export const SMAPS_DEFAULT_ATTRS: Attrs = Object.freeze({
  sampleIntervalUs: 200_000,
  aggregationIntervalUs: 2_000_000,
  operationsUpdateIntervalUs: 2_000_000,
  intervalsGoal: NO_INTERVALS_GOAL,
  minNrRegions: 10,
  maxNrRegions: 1000,
});
