/** What a parameter is when nobody says otherwise; the kernel's own values where it has some. */
import { deepFreeze } from './freeze.ts';
import type {
  AccessPattern,
  Attrs,
  IntervalsGoal,
  OperationsId,
  Params,
  Quota,
  Scheme,
  Watermarks,
} from './types.ts';

export const PAGE_SIZE_BYTES = 4096;

/** Interval auto-tuning switched off, as in a new context of the kernel. */
export const NO_INTERVALS_GOAL: IntervalsGoal = deepFreeze({
  accessBp: 0,
  aggregations: 0,
  minSampleIntervalUs: 0,
  maxSampleIntervalUs: 0,
});

/** What `auto` stands for: see 4 % of the possible accesses, as DAMON_STAT does (spec 9.3). */
export const AUTO_INTERVALS_GOAL: IntervalsGoal = deepFreeze({
  accessBp: 400,
  aggregations: 3,
  minSampleIntervalUs: 5_000,
  maxSampleIntervalUs: 10_000_000,
});

/** Attributes of a new context of the kernel (spec section 1). */
export const DEFAULT_ATTRS: Attrs = deepFreeze({
  sampleIntervalUs: 5_000,
  aggregationIntervalUs: 100_000,
  operationsUpdateIntervalUs: 60_000_000,
  intervalsGoal: NO_INTERVALS_GOAL,
  minNrRegions: 10,
  maxNrRegions: 1_000,
});

/**
 * Attributes for watching by `/proc/PID/smaps`. Sampling is 40 times rarer than DAMON's 5 ms, since
 * each sample clears and reads the whole process (some 25 ms for each GiB of small pages) and not
 * one page a region; ten samples a window remain. Reading tells all mappings anyway, so following
 * their changes in each window costs nothing more.
 */
export const SMAPS_DEFAULT_ATTRS: Attrs = deepFreeze({
  sampleIntervalUs: 200_000,
  aggregationIntervalUs: 2_000_000,
  operationsUpdateIntervalUs: 2_000_000,
  intervalsGoal: NO_INTERVALS_GOAL,
  minNrRegions: 10,
  maxNrRegions: 1000,
});

/**
 * Matches every region. The kernel's untouched scheme matches none (all bounds 0), which nobody who
 * leaves a bound out means.
 */
export const MATCH_ALL: AccessPattern = deepFreeze({
  sizeBytes: { min: 0, max: 'max' },
  nrAccesses: { min: 0, max: 'max' },
  age: { min: 0, max: 'max' },
});

/**
 * No limit. The window is the one second of the kernel's own modules, so that a limit which is
 * written without a window is one for each second; the kernel's 0 would start one in every pass.
 */
export const NO_QUOTA: Quota = deepFreeze({
  timeMs: 0,
  sizeBytes: 0,
  resetIntervalMs: 1_000,
  weights: { sizePermil: 0, nrAccessesPermil: 0, agePermil: 0 },
  goals: [],
  goalTuner: 'consist',
  failChargeNumerator: 0,
  failChargeDenominator: 0,
});

/** Always active. */
export const NO_WATERMARKS: Watermarks = deepFreeze({
  metric: 'none',
  intervalUs: 0,
  highPermil: 0,
  midPermil: 0,
  lowPermil: 0,
});

/** All of a scheme but its action; spread it and say what differs. */
export const DEFAULT_SCHEME: Omit<Scheme, 'action'> = deepFreeze({
  pattern: MATCH_ALL,
  applyIntervalUs: 0,
  quota: NO_QUOTA,
  watermarks: NO_WATERMARKS,
  filters: [],
  targetNid: -1,
  destinations: [],
  maxNrSnapshots: 0,
});

/** All attributes as in a new context of the kernel, nothing to watch, nothing to do. */
export const DEFAULT_PARAMS: Params = deepFreeze({
  operations: 'vaddr',
  addrUnit: 1,
  minRegionSize: PAGE_SIZE_BYTES,
  attrs: DEFAULT_ATTRS,
  targets: [],
  probes: [],
  schemes: [],
  paused: false,
});

/** One page in core units, and never below one unit (spec 3.3). */
export function minRegionSizeFor(operations: OperationsId, addrUnit: number): number {
  if (operations !== 'paddr') return PAGE_SIZE_BYTES;
  return Math.max(Math.floor(PAGE_SIZE_BYTES / addrUnit), 1);
}
