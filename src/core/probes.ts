import { UINT_MAX } from '../base/arithmetic.ts';
import type { Attrs, Probe } from '../params/types.ts';
import { samplesPerAggregation } from './attrs.ts';
import { MAX_NR_PROBES, type RegionTable } from './region-table.ts';

/** Hits are counted in bytes; without weights they may wrap, as in the kernel. */
const MAX_HITS = 255;

/**
 * The probes' weights, or null when none has one and accesses are what is watched (spec section 8).
 */
export function probeWeights(probes: readonly Probe[]): readonly number[] | null {
  return probes.some((probe) => probe.weight !== 0) ? probes.map((probe) => probe.weight) : null;
}

/** Sum of a region's hits, each times its probe's weight, in 32 bits. */
export function weightedHits(hits: Uint8Array, row: number, weights: readonly number[]): number {
  let sum = 0;
  for (let probe = 0; probe < weights.length; probe++) {
    sum += Math.imul(hits[row * MAX_NR_PROBES + probe]!, weights[probe]!);
  }
  return sum >>> 0;
}

/** The largest weighted sum of any region of a target. */
export function maxWeightedHits(regions: RegionTable, weights: readonly number[]): number {
  let max = 0;
  for (let row = 0; row < regions.nr; row++) {
    max = Math.max(max, weightedHits(regions.probeHits, row, weights));
  }
  return max;
}

/** Why probes can't be used with these attributes (spec section 8), or null. */
export function probesProblem(probes: readonly Probe[], attrs: Attrs): string | null {
  if (probes.length > MAX_NR_PROBES) {
    return `probes has ${probes.length} entries; there can be ${MAX_NR_PROBES} at most.`;
  }
  const weights = probeWeights(probes);
  if (weights === null) return null;
  const samples = samplesPerAggregation(attrs);
  if (samples > MAX_HITS) {
    return (
      `attrs gives ${samples} samples in an aggregation interval; with weighted probes there can be ` +
      `${MAX_HITS} at most, so lengthen sampleIntervalUs.`
    );
  }
  const largest = weights.reduce((sum, weight) => sum + weight * samples, 0);
  if (largest > UINT_MAX) {
    return `probes have weights whose sum times ${samples} samples is beyond 32 bits; lower them.`;
  }
  return null;
}
