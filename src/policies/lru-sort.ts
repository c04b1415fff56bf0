/**
 * Tells the kernel's LRU lists what is hot and what is cold, so that its own reclaim, whenever it
 * comes, takes the right pages. Moves nothing by itself.
 */
import { ThermoclineError } from '../base/errors.ts';
import { formatShare } from '../base/units.ts';
import { DEFAULT_SCHEME, NO_QUOTA } from '../params/defaults.ts';
import { exactBytes } from '../params/format.ts';
import type { Attrs, Filter, Goal, Params, Quota, Scheme } from '../params/types.ts';
import type { Comparison, Policy, PolicyFacts, PolicyPlan } from './policy.ts';
import { watchedMemory } from './watched-memory.ts';

export type LruSortKnobs = {
  /** Share of the LRU lists that is to be active, 0 to 1. */
  readonly activeShare: number;
  readonly bytesPerSecond: number;
};

/** The aims of both schemes overlap by this much, so that pages keep trading places slowly. */
const OVERLAP_BP = 2;
/** Accessed in half of the samples, as the kernel's module has it. */
const HOT_SHARE = 0.5;
const COLD_AGE_US = 120_000_000;

export const lruSort: Policy<LruSortKnobs> = {
  name: 'lru-sort',
  summary: 'sort the LRU lists of the kernel by what is accessed, so that reclaim takes cold pages',
  stage: 'experimental',
  evidence: [
    'On the simulated machine only: thermocline lru-sort simulate.',
    'To be a candidate it lacks a run on a real kernel.',
  ],
  knobs: {
    activeShare: {
      flag: 'active-share',
      kind: 'share',
      meaning: 'share of the LRU lists that is to be active',
      preset: 0.5,
      min: 0.01,
      max: 0.99,
    },
    bytesPerSecond: {
      flag: 'bytes-per-second',
      kind: 'byte-rate',
      meaning: 'most that is moved between the lists in a second, both ways together',
      preset: 256 * 2 ** 20,
      min: 2 ** 20,
      max: 2 ** 40,
    },
  },
  plan: planOf,
  adaptation: null,
  twin: { name: 'damon_lru_sort', compare: ({ params }) => compareLruSort(params) },
};

function planOf(knobs: LruSortKnobs, facts: PolicyFacts): PolicyPlan {
  if (facts.subject.kind === 'processes' || facts.watcher === 'smaps') {
    throw new ThermoclineError(
      'TC_UNSUPPORTED',
      "The LRU lists are sorted by physical address only, which takes the kernel's DAMON over the " +
        'machine or a cgroup; write --kernel, without --pid.',
    );
  }
  const { params, filters, notes } = watchedMemory(facts);
  const { attrs } = params;
  const activeBp = Math.round(knobs.activeShare * 10_000);
  const half = Math.floor(knobs.bytesPerSecond / 2);
  const schemes: Scheme[] = [
    {
      ...DEFAULT_SCHEME,
      action: 'lru_prio',
      pattern: { ...DEFAULT_SCHEME.pattern, nrAccesses: { min: hotSamples(attrs), max: 'max' } },
      quota: quotaFor(half, { metric: 'active_mem_bp', targetValue: activeBp, currentValue: 0 }),
      filters: [...filters, young(false)],
    },
    {
      ...DEFAULT_SCHEME,
      action: 'lru_deprio',
      pattern: {
        ...DEFAULT_SCHEME.pattern,
        nrAccesses: { min: 0, max: 0 },
        age: { min: Math.ceil(COLD_AGE_US / attrs.aggregationIntervalUs), max: 'max' },
      },
      quota: quotaFor(half, {
        metric: 'inactive_mem_bp',
        targetValue: 10_000 - activeBp + OVERLAP_BP,
        currentValue: 0,
      }),
      filters: [...filters, young(true)],
    },
  ];
  return { params: { ...params, schemes }, notes };
}

function quotaFor(sizeBytes: number, goal: Goal): Quota {
  return {
    ...NO_QUOTA,
    sizeBytes,
    weights: { sizePermil: 0, nrAccessesPermil: 1, agePermil: 1 },
    goals: [goal],
  };
}

/** Keeps out pages that were (true) or were not (false) accessed since the last look. */
function young(matching: boolean): Filter {
  return { type: 'young', matching, allow: false };
}

function hotSamples({ aggregationIntervalUs, sampleIntervalUs }: Attrs): number {
  return Math.max(1, Math.floor((aggregationIntervalUs / sampleIntervalUs) * HOT_SHARE));
}

function compareLruSort({ schemes, attrs }: Params): Comparison[] {
  const [hot] = schemes;
  const share = formatShare((hot!.quota.goals[0]?.targetValue ?? 0) / 10_000);
  const { sizeBytes } = hot!.quota;
  return [
    {
      setting: 'aim',
      module: 'none (active_mem_bp 0)',
      ours: `${share} of the lists active`,
      why: 'without an aim the lists are sorted at full quota for ever',
    },
    {
      setting: 'quota of each scheme',
      module: '5 ms of work a second',
      ours: `${sizeBytes === 'max' ? 'none' : exactBytes(sizeBytes)} a second`,
      why: 'bytes can be foreseen, and bound the harm on any machine',
    },
    {
      setting: 'pages that were accessed again, or were not',
      module: 'moved all the same (filter_young_pages N)',
      ours: 'left alone',
      why: 'a region is hot or cold as a whole, its pages need not be',
    },
    {
      setting: 'watermarks',
      module: 'only from 15 % free memory down to 5 %',
      ours: 'none',
      why: 'lists that are sorted only under pressure are sorted too late',
    },
    {
      setting: 'monitoring intervals',
      module: '5 ms and 100 ms',
      ours: attrs.intervalsGoal.aggregations > 0 ? 'tuned, 5 ms to 10 s' : 'fixed',
      why: 'light loads look all cold in 100 ms',
    },
  ];
}
