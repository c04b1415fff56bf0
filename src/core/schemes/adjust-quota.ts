import { samplesPerAggregation } from '../attrs.ts';
import type { Context } from '../context.ts';
import { movingSum } from '../moving-sum.ts';
import { matchesPattern } from './access-pattern.ts';
import { filterAtCursor } from './filters.ts';
import { type GoalSources, tuneByGoals } from './goals.ts';
import { boundToBigInt, effectiveSize, minScoreFor } from './quota.ts';
import type { RunningScheme } from './running-scheme.ts';
import { hotScore, MAX_SCORE } from './score.ts';

/**
 * Prepares a scheme's quota for a pass (spec 5.5, "adjust"): begins a new window when the last one
 * is over, and finds the score from which on regions get a share.
 */
export function adjustQuota(context: Context, scheme: RunningScheme, lastShareBp: number): void {
  const { quota } = scheme;
  const params = scheme.scheme.quota;
  if (!quota.isSet(params)) return;
  const nowMs = Math.floor(context.clock.nowUs() / 1000);
  if (quota.totalCharged.approximate === 0 && quota.chargedFromMs === null) {
    quota.chargedFromMs = nowMs;
    updateEffectiveSize(context, scheme, lastShareBp);
  }
  const resetMs = params.resetIntervalMs === 'max' ? Infinity : params.resetIntervalMs;
  if (nowMs - (quota.chargedFromMs ?? 0) >= resetMs) {
    if (quota.isFull(params, context.minRegionSize)) scheme.nrQuotaExceeds += 1;
    quota.totalCharged.add(quota.charged);
    quota.chargedFromMs = nowMs;
    quota.charged = 0;
    updateEffectiveSize(context, scheme, lastShareBp);
  }
  if (context.operations.priority) updateMinScore(context, scheme, lastShareBp);
}

function updateEffectiveSize(context: Context, scheme: RunningScheme, lastShareBp: number): void {
  const { quota } = scheme;
  const params = scheme.scheme.quota;
  // The usual case needs no wide arithmetic.
  if (params.goals.length === 0 && params.timeMs === 0) {
    quota.exactEffectiveSize = boundToBigInt(params.sizeBytes);
    return;
  }
  let goalSize: bigint | null = null;
  if (params.goals.length > 0) {
    const sources: GoalSources = {
      metrics: context.metrics,
      eligibleBytes: (nid) => eligibleBytes(context, scheme, nid, lastShareBp),
    };
    quota.effectiveSizeBp = tuneByGoals(
      params,
      scheme.goals,
      quota.effectiveSizeBp,
      quota.exactEffectiveSize,
      sources,
    );
    goalSize = quota.effectiveSizeBp / 10_000n;
  }
  quota.exactEffectiveSize = effectiveSize(
    params,
    goalSize,
    quota.totalCharged.toBigInt(),
    quota.totalChargedNs.toBigInt(),
    context.minRegionSize,
  );
}

/** Bytes on a node of the regions that match the scheme's pattern. */
function eligibleBytes(
  context: Context,
  scheme: RunningScheme,
  nid: number,
  lastShareBp: number,
): number | null {
  const { operations } = context;
  if (!operations.residentBytes) return null;
  let bytes = 0;
  for (const target of context.targets) {
    const { regions } = target;
    for (let row = 0; row < regions.nr; row++) {
      const sum = movingSum(regions.nrAccesses[row]!, regions.lastNrAccesses[row]!, lastShareBp);
      if (!matchesPattern(scheme.limits, regions.size(row), sum, regions.age[row]!)) continue;
      const start = regions.start[row]!;
      const end = regions.end[row]!;
      bytes += operations.residentBytes(context, target, start, end, nid);
    }
  }
  return bytes;
}

/** Address filters cut regions here already, before anything is applied. */
function updateMinScore(context: Context, scheme: RunningScheme, lastShareBp: number): void {
  const { histogram } = scheme.quota;
  histogram.fill(0);
  let highest = 0;
  for (const target of context.targets) {
    const { regions } = target;
    regions.beginWalk();
    for (; regions.walking(); regions.advance()) {
      const row = regions.cursor;
      const sum = movingSum(regions.nrAccesses[row]!, regions.lastNrAccesses[row]!, lastShareBp);
      const age = regions.age[row]!;
      if (!matchesPattern(scheme.limits, regions.size(row), sum, age)) continue;
      const verdict = filterAtCursor(scheme.layers, regions, target.index, context.minRegionSize);
      if (verdict === 'rejected') continue;
      const score = regionScore(context, scheme, sum, age);
      histogram[score]! += regions.size(regions.cursor);
      if (score > highest) highest = score;
    }
    regions.endWalk();
  }
  scheme.quota.minScore = minScoreFor(histogram, highest, scheme.quota.effectiveSize);
}

/** Score of a region for a scheme's action (spec 3.1, 3.3): hot, cold, or the same for all. */
export function regionScore(
  context: Context,
  scheme: RunningScheme,
  nrAccesses: number,
  age: number,
): number {
  const priority = context.operations.priority?.(scheme.scheme.action) ?? 'none';
  if (priority === 'none') return MAX_SCORE;
  const { attrs } = context;
  const { weights } = scheme.scheme.quota;
  const samples = samplesPerAggregation(attrs);
  const hot = hotScore(nrAccesses, age, samples, attrs.aggregationIntervalUs, weights);
  return priority === 'hot' ? hot : MAX_SCORE - hot;
}
