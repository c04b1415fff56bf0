/**
 * Tiered memory: each node sends its cold pages down so that some of it stays free, and its hot
 * pages up as long as the node above has room. The two aims overlap a little, so that the coldest
 * of the fast and the hottest of the slow keep trading places slowly, over any number of tiers.
 */
import { ThermoclineError } from '../base/errors.ts';
import { formatShare } from '../base/units.ts';
import type { TierFacts, TierNode } from '../host/host.ts';
import {
  AUTO_INTERVALS_GOAL,
  DEFAULT_ATTRS,
  DEFAULT_SCHEME,
  NO_QUOTA,
} from '../params/defaults.ts';
import { resolveParams } from '../params/resolve.ts';
import type { AttrsSpec, Goal, Params, Quota, Scheme } from '../params/types.ts';
import type { KnobSpec } from './policy.ts';
import { lowerNeighbour, tiersOf, upperNeighbour } from './tiers.ts';

export type TierKnobs = {
  /** Share of each node but the slowest that is to stay free, 0 to 1. */
  readonly freeShare: number;
  /** Share of each node but the slowest that hot pages may fill, 0 to 1. */
  readonly useShare: number;
  /** Most that all schemes together move in any second. */
  readonly bytesPerSecond: number;
};

/** The policy's knobs, as people turn them. */
export const TIER_KNOBS: { readonly [Name in keyof TierKnobs]: KnobSpec } = {
  freeShare: {
    flag: 'free-share',
    kind: 'share',
    meaning: 'share of each faster node that is kept free by moving cold pages down',
    preset: 0.015,
    min: 0.001,
    max: 0.9,
  },
  useShare: {
    flag: 'use-share',
    kind: 'share',
    meaning: 'share of each faster node up to which hot pages move up to it',
    preset: 0.99,
    min: 0.01,
    max: 0.999,
  },
  bytesPerSecond: {
    flag: 'bytes-per-second',
    kind: 'byte-rate',
    meaning: 'most that is moved in any second, all nodes and both ways together',
    preset: 400 * 2 ** 20,
    min: 2 ** 20,
    max: 2 ** 40,
  },
};

/** The knobs as they are when nobody turns them. */
export const TIER_PRESETS: TierKnobs = {
  freeShare: TIER_KNOBS.freeShare.preset,
  useShare: TIER_KNOBS.useShare.preset,
  bytesPerSecond: TIER_KNOBS.bytesPerSecond.preset,
};

/** What watches one node, and what it does. */
export interface TierContext {
  readonly nid: number;
  readonly params: Params;
}

/** What the policy makes of its knobs and a machine's tiers. */
export interface TierPlan {
  /** One for each node that has a neighbour, fastest tier first. */
  readonly contexts: readonly TierContext[];
  /** What this machine made different, and what it should be warned of, as sentences. */
  readonly notes: readonly string[];
}

/** The free aim must be above what the kernel keeps free by itself, by this share of the node. */
const ABOVE_WATERMARK = 0.01;

/** Quota windows of this length: any second meets eleven of them at most. */
const WINDOW_MS = 100;
const WINDOWS_IN_A_SECOND = 11;

/**
 * Sampled rarely, over windows of many samples: what tells warm from hot is how many accesses are
 * counted, and after 20 samples two chance hits look like a hot page. Tuning starts and stays near
 * here, so that nodes count in about the same unit, and what one calls cold is not another's hot.
 */
const SAMPLE_INTERVAL_US = 20_000;
const LONGEST_SAMPLE_INTERVAL_US = 100_000;
const SAMPLES = 100;

/** Hot: seen accessed in this share of the samples, 2.5 times what tuning aims at. */
const HOT_SHARE = 0.1;

/** One chance access does not make a region warm; the pages themselves are looked at once more. */
const COLD_SHARE = 0.01;

/**
 * A region that was tried has age 0, and so is not tried again within a window: the pages that were
 * kept back for being young have that long to be accessed again.
 */
const COLD_WINDOWS = 1;

/** Pages that a filter keeps back, or that are not there, count for this part of the quota. */
const FAIL_CHARGE = { failChargeNumerator: 1, failChargeDenominator: 64 };

/**
 * Regions of a node at least: small hot areas hide in few of them. Not more on larger nodes: on
 * the suite's node of 250 GiB, 500 of them found nothing to demote.
 */
const MIN_NR_REGIONS = 100;

const ATTRS: AttrsSpec = {
  ...DEFAULT_ATTRS,
  sampleIntervalUs: SAMPLE_INTERVAL_US,
  aggregationIntervalUs: SAMPLE_INTERVAL_US * SAMPLES,
  intervalsGoal: {
    ...AUTO_INTERVALS_GOAL,
    minSampleIntervalUs: SAMPLE_INTERVAL_US,
    maxSampleIntervalUs: LONGEST_SAMPLE_INTERVAL_US,
  },
  minNrRegions: MIN_NR_REGIONS,
};

/**
 * Plans one context for each node. Throws one sentence for a machine with a single tier, or whose
 * addresses can't be known.
 */
export function tierPlan(knobs: TierKnobs, facts: TierFacts): TierPlan {
  const tiers = tiersOf(facts);
  if (tiers.length < 2) {
    throw new ThermoclineError(
      'TC_UNSUPPORTED',
      'This machine has a single tier of memory, so nothing can move up or down; ' +
        'thermocline doctor shows its nodes, and thermocline tier simulate runs on others.',
    );
  }
  const notes: string[] = [];
  const nodes = tiers.flatMap((tier) => tier.nodes);
  const links = nodes.map((node) => ({
    node,
    below: lowerNeighbour(tiers, node),
    above: upperNeighbour(tiers, node),
  }));
  const nrSchemes = links.flatMap(({ below, above }) => [below, above]).filter(Boolean).length;
  const windowBytes = windowBytesOf(knobs.bytesPerSecond, nrSchemes);
  const contexts = links.map(({ node, below, above }) => {
    const schemes: Scheme[] = [];
    if (below !== null) schemes.push(demotion(below, freeGoal(node, knobs, notes), windowBytes));
    if (above !== null) schemes.push(promotion(above, knobs, windowBytes));
    return { nid: node.nid, params: contextOf(node, schemes) };
  });
  return { contexts, notes: [...notes, ...warnings(facts)] };
}

/** What each scheme may move in a window, so that no second sees more than the knob. */
function windowBytesOf(bytesPerSecond: number, nrSchemes: number): number {
  const bytes = Math.floor(bytesPerSecond / nrSchemes / WINDOWS_IN_A_SECOND);
  return bytes - (bytes % 4096);
}

function demotion(below: TierNode, goal: Goal, windowBytes: number): Scheme {
  return {
    ...DEFAULT_SCHEME,
    action: 'migrate_cold',
    targetNid: below.nid,
    pattern: {
      ...DEFAULT_SCHEME.pattern,
      nrAccesses: { min: 0, max: SAMPLES * COLD_SHARE },
      age: { min: COLD_WINDOWS, max: 'max' },
    },
    ...pacing(goal, windowBytes, COLDEST_FIRST),
    filters: [{ type: 'young', matching: true, allow: false }],
  };
}

function promotion(above: TierNode, { useShare }: TierKnobs, windowBytes: number): Scheme {
  return {
    ...DEFAULT_SCHEME,
    action: 'migrate_hot',
    targetNid: above.nid,
    pattern: {
      ...DEFAULT_SCHEME.pattern,
      nrAccesses: { min: SAMPLES * HOT_SHARE, max: 'max' },
    },
    ...pacing(goalOf('node_mem_used_bp', above.nid, useShare), windowBytes, HOTTEST_FIRST),
    filters: [{ type: 'young', matching: false, allow: false }],
  };
}

const HOTTEST_FIRST: Quota['weights'] = { sizePermil: 0, nrAccessesPermil: 1, agePermil: 0 };
const COLDEST_FIRST: Quota['weights'] = { sizePermil: 0, nrAccessesPermil: 1, agePermil: 1 };

/**
 * Full quota until the aim is met: the other tuner begins with one byte a window. Applied with each
 * sample, since a window that ends between two chances to apply would let the second one pass. It
 * also must be well below three aggregation intervals: each change of the intervals puts the next
 * chance off by a whole one.
 */
function pacing(
  goal: Goal,
  windowBytes: number,
  weights: Quota['weights'],
): Pick<Scheme, 'applyIntervalUs' | 'quota'> {
  return {
    applyIntervalUs: SAMPLE_INTERVAL_US,
    quota: {
      ...NO_QUOTA,
      sizeBytes: windowBytes,
      resetIntervalMs: WINDOW_MS,
      weights,
      goalTuner: 'temporal',
      goals: [goal],
      ...FAIL_CHARGE,
    },
  };
}

function freeGoal(node: TierNode, { freeShare, useShare }: TierKnobs, notes: string[]): Goal {
  const least = node.highWatermarkBytes / node.totalBytes + ABOVE_WATERMARK;
  const share = Math.max(freeShare, least);
  if (share > freeShare) {
    notes.push(
      `Node ${node.nid}: the kernel keeps ${formatShare(least - ABOVE_WATERMARK)} free by itself, so ` +
        `the aim of ${formatShare(freeShare)} free is raised to ${formatShare(share)}.`,
    );
  }
  if (share + useShare <= 1) {
    notes.push(
      `Node ${node.nid}: ${formatShare(share)} free and ${formatShare(useShare)} used leave a gap, so ` +
        'its pages stop trading places when both are met; let the two add up to a little over 100 %.',
    );
  }
  return goalOf('node_mem_free_bp', node.nid, share);
}

function goalOf(metric: Goal['metric'], nid: number, share: number): Goal {
  return { metric, nid, targetValue: Math.ceil(share * 10_000), currentValue: 0 };
}

function contextOf(node: TierNode, schemes: readonly Scheme[]): Params {
  if (node.ranges.length === 0) {
    throw new ThermoclineError(
      'TC_DENIED',
      `Where the memory of node ${node.nid} lies is shown to root only (/proc/iomem, ` +
        '/proc/zoneinfo); run it as root.',
    );
  }
  const bytes = node.ranges.reduce((sum, { start, end }) => sum + end - start, 0);
  return resolveParams(
    {
      operations: 'paddr',
      addrUnit: 1,
      minRegionSize: 4096,
      attrs: ATTRS,
      targets: [{ regions: node.ranges, obsolete: false }],
      probes: [],
      schemes,
      paused: false,
    },
    bytes,
  );
}

function warnings({ nodes, demotionEnabled, numaBalancing, swapBytes }: TierFacts): string[] {
  const notes: string[] = [];
  if (demotionEnabled !== true) {
    notes.push(
      "The kernel's own demotion is off. It is the fast back-up for bursts of new memory: without it, " +
        'promotion alone has filled fast nodes until the kernel killed processes. Switch it on: ' +
        'echo 1 > /sys/kernel/mm/numa/demotion_enabled',
    );
  }
  // Without its tiering mode, it does so too where the slow nodes have no processors.
  const hasFarMemory = nodes.some(({ hasCpu, totalBytes }) => !hasCpu && totalBytes > 0);
  if (numaBalancing === 'tiering' || (numaBalancing === 'nodes' && hasFarMemory)) {
    notes.push(
      'NUMA balancing promotes by hint faults as well, whatever the aims; two promoters undo each ' +
        'other. Switch it off: echo 0 > /proc/sys/kernel/numa_balancing',
    );
  }
  if (swapBytes === 0) {
    notes.push('There is no swap, so the slowest tier has nowhere to go when it is full.');
  }
  return notes;
}
