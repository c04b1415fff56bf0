import { multFrac64 } from '../base/arithmetic.ts';
import type { Attrs } from '../params/types.ts';
import type { Context } from './context.ts';
import { feedbackLoop } from './feedback-loop.ts';

const UNCHANGED_BP = 10_000;

/** How much of its aim the finished window has seen, in 1/10,000 (spec section 6, "score"). */
export function accessEventsScore(context: Context): bigint {
  let maxEvents = 0n;
  let events = 0n;
  for (const { regions } of context.targets) {
    for (let row = 0; row < regions.nr; row++) {
      const size = BigInt(regions.size(row));
      maxEvents += size * BigInt(context.aggregationSamples);
      events += size * BigInt(regions.nrAccesses[row]!);
    }
  }
  return accessScore(events, maxEvents, context.attrs.intervalsGoal.accessBp);
}

/**
 * The same from sums over all regions: of size times accesses, and of size times the most accesses
 * that there can be.
 */
export function accessScore(events: bigint, maxEvents: bigint, accessBp: number): bigint {
  const wrapped = BigInt.asUintN(64, maxEvents);
  const target = BigInt.asUintN(64, wrapped * BigInt(accessBp)) / 10_000n;
  return multFrac64(BigInt.asUintN(64, events), 10_000n, target > 0n ? target : 1n);
}

/** What a score asks the sampling interval to be multiplied with: 0.5 to 2, in 1/10,000. */
export function intervalAdaptationBp(score: bigint): number {
  const adaptation = Number(feedbackLoop(100_000_000n, score) / 10_000n);
  return adaptation <= UNCHANGED_BP ? 5_000 + Math.floor(adaptation / 2) : adaptation;
}

/**
 * Moves the sampling interval towards the one that sees as many accesses as the goal wants (spec
 * section 6). The aggregation interval follows in proportion.
 */
export function tuneIntervals(context: Context): void {
  const { attrs, aggregationSamples } = context;
  const tuned = tunedAttrs(attrs, accessEventsScore(context), aggregationSamples);
  if (tuned === null) return;
  context.observer.intervalsTuned?.(tuned.sampleIntervalUs);
  context.setAttrs(tuned, aggregationSamples);
}

/**
 * Attributes that a score asks for.
 * @param aggregationSamples in an aggregation interval, before and after
 * @returns null when it asks for no change
 */
export function tunedAttrs(attrs: Attrs, score: bigint, aggregationSamples: number): Attrs | null {
  const adaptationBp = intervalAdaptationBp(score);
  if (adaptationBp === UNCHANGED_BP) return null;
  const { minSampleIntervalUs, maxSampleIntervalUs } = attrs.intervalsGoal;
  const wanted = Math.floor((attrs.sampleIntervalUs * adaptationBp) / 10_000);
  const sampleIntervalUs = Math.max(Math.min(wanted, maxSampleIntervalUs), minSampleIntervalUs);
  const aggregationIntervalUs = sampleIntervalUs * aggregationSamples;
  return { ...attrs, sampleIntervalUs, aggregationIntervalUs };
}
