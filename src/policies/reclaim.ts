/**
 * Hands back memory that nobody touches, as much as can be had at an acceptable cost.
 *
 * Three things hold it: an idle time, below which nothing is taken; a rate in bytes, which grows
 * while nobody feels it and gives way as soon as somebody does; and what was learnt of the idle
 * times after which memory came back, which moves the idle time up.
 */
import { formatBytes, formatDuration } from '../base/units.ts';
import { DEFAULT_ATTRS, DEFAULT_SCHEME, NO_QUOTA } from '../params/defaults.ts';
import type { AttrsSpec, Filter, Params, Scheme } from '../params/types.ts';
import { type AgeHistogram, EMPTY_AGES, safeAgeUs, withStalls } from './age-histogram.ts';
import type { Observation, Policy, PolicyFacts, PolicyPlan, Step } from './policy.ts';
import { compareReclaim } from './reclaim-twin.ts';
import { swapIsCompressed } from './swap-cost.ts';
import { NEW_TUNER, TUNERS, type TunerState } from './tuners.ts';
import { physicalRanges, watchedMemory } from './watched-memory.ts';

export type ReclaimKnobs = {
  readonly coldAgeUs: number;
  /** Share of wall time that may be lost to a lack of memory. */
  readonly pressureShare: number;
  readonly bytesPerSecond: number;
};

/** What a run remembers. */
export interface ReclaimState {
  readonly coldAgeUs: number;
  readonly tuner: TunerState;
  readonly ages: AgeHistogram;
}

/** Aggregation intervals in the cold age: fewer are too coarse, more see too little each. */
const WINDOWS = 8;
const SAMPLES = DEFAULT_ATTRS.aggregationIntervalUs / DEFAULT_ATTRS.sampleIntervalUs;
/** Regions at least: small hot areas hide in few of them. */
const MIN_NR_REGIONS = 100;
/** Tuning may shorten the intervals to this part. */
const SHORTEST_PART = 4;
/** Regions in which up to this share of samples found an access may hold many idle pages. */
const MIXED_SHARE = 0.1;
/**
 * The first look at each page is at this part of the cold age: the earlier it is, the longer a page
 * has had the time to be accessed before the look at which it is taken.
 */
const LOOK_PART = 8;
/** Looking is so much cheaper than taking. */
const LOOK_QUOTAS = 4;
/**
 * By physical address, what stays of a cgroup's is mostly memory of others; it counts for this part
 * of the quota, since a small cgroup of a large machine had next to nothing of its rate otherwise.
 * Not for a machine, whose rate is meant for all that is tried. Not for a process: where a page is
 * not mapped, `madvise` says that all of the region has failed, whatever has left.
 */
const OTHERS_CHARGE = { failChargeNumerator: 1, failChargeDenominator: 64 };
/** The first step of a rate that was down at nothing. */
const FLOOR_BYTES = 4 * 2 ** 20;
/** Idle times are chosen so that what comes back costs this part of the acceptable pressure. */
const RETURN_PART = 0.75;
/** How much the idle time comes down in a second once nothing speaks against it. */
const RELAX_PER_SECOND = 0.99;
const LONGEST_AGE_US = 86_400_000_000;

export const reclaim: Policy<ReclaimKnobs, ReclaimState> = {
  name: 'reclaim',
  summary: 'hand back memory that nobody touches, as much as can be had at an acceptable cost',
  stage: 'experimental',
  evidence: [
    'On twelve simulated workloads, beside the kernel, DAMON_RECLAIM and Senpai: npm run bench -- reclaim.',
    'On the simulated machine it holds the p99 of a server, and a shadow tells what a run does: ' +
      'npx vitest run src/control/policy-loop.test.ts.',
    'On a real kernel, in a guest with zram: npm run test:guest -- reclaim.',
    'To be a candidate it lacks a shadow on machines in use.',
  ],
  knobs: {
    coldAgeUs: {
      flag: 'cold-age',
      kind: 'duration',
      meaning: 'never take memory that was touched in this time',
      preset: 30_000_000,
      min: 1_000_000,
      max: LONGEST_AGE_US,
    },
    pressureShare: {
      flag: 'pressure',
      kind: 'share',
      meaning: 'share of time that may be lost to a lack of memory',
      preset: 0.014,
      min: 0.000_01,
      max: 0.5,
    },
    bytesPerSecond: {
      flag: 'bytes-per-second',
      kind: 'byte-rate',
      meaning: 'most that is taken in a second, whatever happens',
      preset: 64 * 2 ** 20,
      min: 2 ** 20,
      max: 2 ** 40,
    },
  },
  plan: (knobs, facts) =>
    planOf(knobs, facts, { ...begin(knobs), tuner: { ...NEW_TUNER, quotaBytes: FLOOR_BYTES } }),
  adaptation: { begin, step },
  twin: { name: 'damon_reclaim', compare: ({ params }) => compareReclaim(params) },
};

function begin({ coldAgeUs }: ReclaimKnobs): ReclaimState {
  return { coldAgeUs, tuner: NEW_TUNER, ages: EMPTY_AGES };
}

function step(
  state: ReclaimState,
  observation: Observation,
  knobs: ReclaimKnobs,
  facts: PolicyFacts,
): Step<ReclaimState> {
  const { elapsedUs, score, chargedBytes } = observation;
  const seconds = elapsedUs / 1e6;
  const tuner = TUNERS.asymmetric(state.tuner, score.value, {
    capBytes: knobs.bytesPerSecond,
    floorBytes: Math.min(FLOOR_BYTES, knobs.bytesPerSecond),
    appliedBytes: chargedBytes / seconds,
  });
  const ages = withStalls(state.ages, elapsedUs, stalls(observation));
  const affordable = knobs.pressureShare * RETURN_PART;
  const safeUs = Math.min(safeAgeUs(ages, knobs.coldAgeUs, affordable), LONGEST_AGE_US);
  const coldAgeUs = Math.max(safeUs, state.coldAgeUs * RELAX_PER_SECOND ** seconds);
  const next: ReclaimState = { coldAgeUs, tuner, ages };
  return { state: next, params: planOf(knobs, facts, next).params, why: reason(next, score.by) };
}

/** The time that was waited for memory, by the idle times of what came back meanwhile. */
function stalls({ elapsedUs, pressureShare, returns }: Observation) {
  const bytes = returns.reduce((sum, one) => sum + one.bytes, 0);
  const stallUs = pressureShare * elapsedUs;
  return returns.map((one) => ({ stallUs: (one.bytes / bytes) * stallUs, idleUs: one.idleUs }));
}

function reason({ coldAgeUs, tuner }: ReclaimState, by: string): string {
  const rate =
    tuner.quotaBytes === 0
      ? `Nothing is taken because of ${by}`
      : `Up to ${formatBytes(tuner.quotaBytes)} a second are taken`;
  return `${rate}; memory has to be idle for ${formatDuration(coldAgeUs)}.`;
}

function planOf(knobs: ReclaimKnobs, facts: PolicyFacts, state: ReclaimState): PolicyPlan {
  const { params, filters, notes } = watchedMemory(facts, attrsFor(knobs, facts));
  const aggregationUs =
    facts.intervals?.aggregationIntervalUs ?? params.attrs.aggregationIntervalUs;
  const byPage = params.operations === 'paddr';
  const age = Math.max(1, Math.ceil(state.coldAgeUs / aggregationUs));
  const resetIntervalMs = resetInterval(aggregationUs / 1000);
  const pageOut: Scheme = {
    ...DEFAULT_SCHEME,
    action: 'pageout',
    pattern: {
      ...DEFAULT_SCHEME.pattern,
      nrAccesses: { min: 0, max: byPage ? Math.floor(SAMPLES * MIXED_SHARE) : 0 },
      age: { min: age, max: 'max' },
    },
    quota: {
      ...NO_QUOTA,
      // A size of 0 would be no limit at all; no page fits into 1 byte.
      sizeBytes: Math.max(1, roughly((state.tuner.quotaBytes * resetIntervalMs) / 1000)),
      resetIntervalMs,
      ...(byPage && facts.subject.kind === 'cgroup' && OTHERS_CHARGE),
      weights: { sizePermil: 0, nrAccessesPermil: 0, agePermil: 1 },
    },
    filters: [...filters, ...pageFilters(facts, byPage)],
  };
  const lookBytes = (knobs.bytesPerSecond * LOOK_QUOTAS * resetIntervalMs) / 1000;
  const schemes = byPage ? [lookScheme(pageOut, age, lookBytes), pageOut] : [pageOut];
  return { params: { ...params, schemes }, notes: [...notes, ...notesOf(facts, params)] };
}

const YOUNG: Filter = { type: 'young', matching: true, allow: false };

/**
 * Clears the accessed bits of the pages that may be taken later, so that the filter of the scheme
 * that takes them knows which were accessed in between. Without it, pages that were touched once,
 * long ago, would pass for young when they are looked at for the first time.
 */
function lookScheme(pageOut: Scheme, age: number, sizeBytes: number): Scheme {
  const first = Math.max(1, Math.floor(age / LOOK_PART));
  return {
    ...pageOut,
    action: 'stat',
    pattern: { ...pageOut.pattern, age: { min: first, max: first + 1 } },
    quota: { ...pageOut.quota, sizeBytes: Math.floor(sizeBytes) },
  };
}

/** Sampling that fits the cold age: an idle page is looked at often, and long enough each time. */
function attrsFor({ coldAgeUs }: ReclaimKnobs, facts: PolicyFacts): AttrsSpec {
  const fittingUs = Math.round(coldAgeUs / WINDOWS / SAMPLES);
  const longestUs = Math.min(Math.max(fittingUs, 5_000), 10_000_000);
  const sampleIntervalUs = facts.intervals?.sampleIntervalUs ?? longestUs;
  const bytes = physicalRanges(facts).reduce((sum, { start, end }) => sum + end - start, 0);
  return {
    ...DEFAULT_ATTRS,
    sampleIntervalUs,
    aggregationIntervalUs: sampleIntervalUs * SAMPLES,
    operationsUpdateIntervalUs: Math.max(1_000_000, sampleIntervalUs * SAMPLES),
    intervalsGoal: {
      accessBp: 400,
      aggregations: 3,
      minSampleIntervalUs: Math.min(Math.ceil(longestUs / SHORTEST_PART), sampleIntervalUs),
      maxSampleIntervalUs: Math.max(longestUs, sampleIntervalUs),
    },
    minNrRegions: Math.min(Math.max(MIN_NR_REGIONS, Math.ceil(bytes / 2 ** 29)), 500),
  };
}

/** The kernel's DAMON looks at single pages of physical memory only, smaps at whole mappings. */
function pageFilters(facts: PolicyFacts, byPage: boolean): Filter[] {
  if (byPage) return [...pageTypes(facts), YOUNG];
  return facts.watcher === 'smaps' ? pageTypes(facts) : [];
}

/** Anonymous memory has nowhere to go without swap, and is left alone then. */
function pageTypes({ host }: PolicyFacts): Filter[] {
  return host.memory.swapTotalBytes > 0 ? [] : [{ type: 'anon', matching: true, allow: false }];
}

function notesOf({ host, watcher }: PolicyFacts, { operations }: Params): string[] {
  return [
    ...(host.memory.swapTotalBytes === 0
      ? ['There is no swap, so only memory with a file behind it is taken.']
      : []),
    ...(swapIsCompressed(host)
      ? ['Swap is compressed and stays in memory: what is saved is less than what is taken.']
      : []),
    ...(operations === 'vaddr' && watcher !== 'smaps'
      ? ['Regions of a process are taken as they are; single pages are not looked at again.']
      : []),
  ];
}

/**
 * A window of the quota ends where one of DAMON's does: schemes are applied then, and a second that
 * ends in between would let every other chance pass. A little shorter, as timers are never exact.
 */
function resetInterval(aggregationMs: number): number {
  return Math.floor(aggregationMs * Math.ceil(1000 / aggregationMs) * 0.98);
}

/** Two digits are enough: a rate that wavers is not worth a commit. */
function roughly(bytes: number): number {
  if (bytes < 100) return Math.floor(bytes);
  const unit = 10 ** (Math.floor(Math.log10(bytes)) - 1);
  return Math.floor(bytes / unit) * unit;
}
