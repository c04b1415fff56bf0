import { multFrac, UINT_MAX } from '../base/arithmetic.ts';
import type { Attrs } from '../params/types.ts';
import { ticksIn } from './moving-sum.ts';
import type { RegionTable } from './region-table.ts';

/** Fewest regions that may be asked for: two neighbours on either side of a change need three. */
const MIN_NR_REGIONS = 3;

/** Most times that one region can be found accessed in one aggregation interval. */
export function samplesPerAggregation(attrs: Attrs): number {
  const samples = ticksIn(attrs.aggregationIntervalUs, attrs.sampleIntervalUs);
  return Math.max(1, Math.min(samples, UINT_MAX));
}

/** Why attributes can't be taken (spec 7.1), as a sentence; null when they can. */
export function attrsProblem(attrs: Attrs): string | null {
  const { sampleIntervalUs, aggregationIntervalUs, minNrRegions, maxNrRegions } = attrs;
  const goal = attrs.intervalsGoal;
  if (goal.aggregations !== 0) {
    if (goal.minSampleIntervalUs > goal.maxSampleIntervalUs) {
      return (
        `attrs.intervalsGoal.minSampleIntervalUs is ${goal.minSampleIntervalUs}, above ` +
        `maxSampleIntervalUs, which is ${goal.maxSampleIntervalUs}; swap them.`
      );
    }
    if (
      sampleIntervalUs < goal.minSampleIntervalUs ||
      sampleIntervalUs > goal.maxSampleIntervalUs
    ) {
      return (
        `attrs.sampleIntervalUs is ${sampleIntervalUs}, outside attrs.intervalsGoal, which goes from ` +
        `${goal.minSampleIntervalUs} to ${goal.maxSampleIntervalUs}; start with one inside.`
      );
    }
  }
  if (minNrRegions < MIN_NR_REGIONS) {
    return `attrs.minNrRegions is ${minNrRegions}; it must be at least ${MIN_NR_REGIONS}.`;
  }
  if (minNrRegions > maxNrRegions) {
    return (
      `attrs.minNrRegions is ${minNrRegions}, above attrs.maxNrRegions, which is ${maxNrRegions}; ` +
      'lower the one or raise the other.'
    );
  }
  if (sampleIntervalUs > aggregationIntervalUs) {
    return (
      `attrs.sampleIntervalUs is ${sampleIntervalUs}, above attrs.aggregationIntervalUs, which is ` +
      `${aggregationIntervalUs}; an aggregation interval must hold at least one sample.`
    );
  }
  return null;
}

/** Whether a commit of `b` over `a` changes attributes, which restarts the window (spec 7.2). */
export function attrsDiffer(a: Attrs, b: Attrs): boolean {
  const goalA = a.intervalsGoal;
  const goalB = b.intervalsGoal;
  return (
    a.sampleIntervalUs !== b.sampleIntervalUs ||
    a.aggregationIntervalUs !== b.aggregationIntervalUs ||
    a.operationsUpdateIntervalUs !== b.operationsUpdateIntervalUs ||
    a.minNrRegions !== b.minNrRegions ||
    a.maxNrRegions !== b.maxNrRegions ||
    goalA.accessBp !== goalB.accessBp ||
    goalA.aggregations !== goalB.aggregations ||
    goalA.minSampleIntervalUs !== goalB.minSampleIntervalUs ||
    goalA.maxSampleIntervalUs !== goalB.maxSampleIntervalUs
  );
}

/** A count out of `oldSamples` as one out of `newSamples`, by way of 1/10,000 (spec 7.1). */
function rescaleCount(count: number, oldSamples: number, newSamples: number): number {
  const shareBp = multFrac(count, 10_000, oldSamples);
  return Math.floor((Math.imul(shareBp, newSamples) >>> 0) / 10_000);
}

/** `age` intervals of `oldUs` as intervals of `newUs`. */
function rescaleAge(age: number, oldUs: number, newUs: number): number {
  const product = age * oldUs;
  if (product <= Number.MAX_SAFE_INTEGER) return Math.floor(product / newUs);
  return Number(BigInt.asUintN(32, (BigInt(age) * BigInt(oldUs)) / BigInt(newUs)));
}

/**
 * Translates what regions have counted into new intervals (spec 7.1). A window that is still
 * running starts again: its counts become 0.
 * @param nrProbes how many probes are installed
 */
export function rescaleRegions(
  regions: RegionTable,
  from: Attrs,
  to: Attrs,
  windowRunning: boolean,
  nrProbes: number,
): void {
  const oldSamples = samplesPerAggregation(from);
  const newSamples = samplesPerAggregation(to);
  const { nr, nrAccesses, lastNrAccesses, age } = regions;
  for (let row = 0; row < nr; row++) {
    lastNrAccesses[row] = rescaleCount(lastNrAccesses[row]!, oldSamples, newSamples);
    nrAccesses[row] = windowRunning ? 0 : rescaleCount(nrAccesses[row]!, oldSamples, newSamples);
    age[row] = rescaleAge(age[row]!, from.aggregationIntervalUs, to.aggregationIntervalUs);
    for (let probe = 0; probe < nrProbes; probe++) {
      const hit = regions.probeIndex(row, probe);
      regions.lastProbeHits[hit] = rescaleCount(
        regions.lastProbeHits[hit]!,
        oldSamples,
        newSamples,
      );
      regions.probeHits[hit] = windowRunning
        ? 0
        : rescaleCount(regions.probeHits[hit]!, oldSamples, newSamples);
    }
  }
}
