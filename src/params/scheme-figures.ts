import type { SchemeState } from './snapshot.ts';

/** A scheme's counters, since the start, and its state at one moment, as plain numbers. */
export interface SchemeFigures {
  readonly nrTried: number;
  readonly triedBytes: number;
  readonly nrApplied: number;
  readonly appliedBytes: number;
  readonly filterPassedBytes: number;
  readonly nrQuotaExceeds: number;
  readonly nrSnapshots: number;
  /** What the quota allows in one of its windows; null without a quota. */
  readonly effectiveQuotaBytes: number | null;
  /** False while watermarks keep it off. */
  readonly active: boolean;
  /** Last measured value of each goal. */
  readonly goalValues: readonly number[];
}

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
