import type { SchemeFigures } from '../../src/analysis/why-idle.ts';
import type { SchemeState } from '../../src/params/snapshot.ts';

/** A scheme's state in plain numbers; exact below 2^53. */
export function schemeFigures(state: SchemeState): SchemeFigures {
  const { stats, effectiveQuotaBytes, active, goalValues } = state;
  return {
    nrTried: Number(stats.nrTried),
    triedBytes: Number(stats.triedBytes),
    nrApplied: Number(stats.nrApplied),
    appliedBytes: Number(stats.appliedBytes),
    filterPassedBytes: Number(stats.filterPassedBytes),
    nrQuotaExceeds: Number(stats.nrQuotaExceeds),
    nrSnapshots: Number(stats.nrSnapshots),
    effectiveQuotaBytes: effectiveQuotaBytes === null ? null : Number(effectiveQuotaBytes),
    active,
    goalValues,
  };
}
