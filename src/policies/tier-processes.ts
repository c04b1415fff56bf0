/**
 * Tiered memory of processes where no kernel moves it: whole mappings go up and down by how much of
 * them `/proc/PID/smaps` finds touched, by the same aims and rates, one scheme for each pair of
 * neighbours.
 */

import type { TierFacts } from '../host/host.ts';
import { DEFAULT_SCHEME, SMAPS_DEFAULT_ATTRS } from '../params/defaults.ts';
import { resolveParams } from '../params/resolve.ts';
import type { Params, Scheme } from '../params/types.ts';
import { type TierKnobs, tierPlan } from './tier.ts';

/** What the policy makes of processes. */
export interface TierProcessPlan {
  readonly params: Params;
  /** By scheme: the node whose pages it moves, and no others. */
  readonly fromNids: readonly number[];
  readonly notes: readonly string[];
}

const { sampleIntervalUs, aggregationIntervalUs } = SMAPS_DEFAULT_ATTRS;

/** A mapping goes up as a whole, so half of it must be touched in every sample. */
const HOT_SHARE = 0.5;
const HOT_ACCESSES = (aggregationIntervalUs / sampleIntervalUs) * HOT_SHARE;

/**
 * It goes down once nothing of it was touched through a whole window, the longest untouched first.
 * Not a time: windows get longer where watching is slowed down to keep its ceiling.
 */
const COLD_WINDOWS = 1;

/** Plans one context for all of the processes. Throws what `tierPlan` throws. */
export function tierProcessPlan(
  knobs: TierKnobs,
  facts: TierFacts,
  pids: readonly number[],
): TierProcessPlan {
  const { contexts, notes } = tierPlan(knobs, facts);
  const links = contexts.flatMap(({ nid, params }) =>
    params.schemes.map((scheme) => ({ nid, scheme: ofMappings(scheme) })),
  );
  const params = resolveParams(
    {
      ...{ operations: 'vaddr', addrUnit: 1, minRegionSize: 4096, attrs: SMAPS_DEFAULT_ATTRS },
      targets: pids.map((pid) => ({ pid, regions: [], obsolete: false })),
      ...{ probes: [], schemes: links.map(({ scheme }) => scheme), paused: false },
    },
    0,
  );
  return {
    params,
    fromNids: links.map(({ nid }) => nid),
    notes: [
      ...notes,
      'Watched by /proc/PID/smaps: how much of each mapping is touched is known, not where in it, so ' +
        'mappings move as a whole, up when half of one is in use, down when nothing of it is.',
    ],
  };
}

/** Of single pages nothing is known, so filters are left out. */
function ofMappings(scheme: Scheme): Scheme {
  const isHot = scheme.action === 'migrate_hot';
  return {
    ...scheme,
    pattern: {
      ...DEFAULT_SCHEME.pattern,
      nrAccesses: isHot ? { min: HOT_ACCESSES, max: 'max' } : { min: 0, max: 0 },
      age: { min: isHot ? 0 : COLD_WINDOWS, max: 'max' },
    },
    applyIntervalUs: sampleIntervalUs,
    filters: [],
  };
}
