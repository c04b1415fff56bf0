import { WideCounter } from '../../base/wide-counter.ts';
import type { SchemeState, SchemeStats } from '../../params/snapshot.ts';
import type { Scheme } from '../../params/types.ts';
import { type PatternLimits, patternLimits } from './access-pattern.ts';
import { type FilterLayers, filterLayers } from './filters.ts';
import { type GoalState, newGoalState } from './goals.ts';
import { QuotaState } from './quota.ts';

/** A scheme with all that it has come to while running. */
export class RunningScheme {
  scheme: Scheme;
  limits: PatternLimits;
  layers: FilterLayers;
  goals: GoalState[];
  readonly quota: QuotaState = new QuotaState();
  /** Due when the context's tick reaches this. */
  nextApply = 0;
  /** By its watermarks. */
  active = true;
  /** Its pass of the walk that is under way has ended. */
  walkCompleted = false;

  nrTried = 0;
  readonly tried: WideCounter = new WideCounter();
  nrApplied = 0;
  readonly applied: WideCounter = new WideCounter();
  readonly filterPassed: WideCounter = new WideCounter();
  nrQuotaExceeds = 0;
  nrSnapshots = 0;

  constructor(scheme: Scheme) {
    this.scheme = scheme;
    this.limits = patternLimits(scheme.pattern);
    this.layers = filterLayers(scheme.filters);
    this.goals = scheme.quota.goals.map(newGoalState);
  }

  /** Takes new parameters and keeps what was learnt (spec 7.2, step 2). */
  commit(source: Scheme): void {
    this.scheme = source;
    this.limits = patternLimits(source.pattern);
    this.layers = filterLayers(source.filters);
    this.goals = source.quota.goals.map((goal, index) => ({
      currentValue:
        goal.metric === 'user_input'
          ? BigInt(goal.currentValue)
          : (this.goals[index]?.currentValue ?? 0n),
      lastPressureUs: null,
    }));
    // The kernel copies the flag of a freshly built scheme, which is on.
    this.active = true;
  }

  countTried(size: number, applied: number, filterPassed: number): void {
    this.nrTried += 1;
    this.tried.add(size);
    if (applied > 0) this.nrApplied += 1;
    this.applied.add(applied);
    this.filterPassed.add(filterPassed);
  }

  /** @param addrUnit bytes in one core unit */
  stats(addrUnit: number): SchemeStats {
    const unit = BigInt(addrUnit);
    return {
      nrTried: BigInt(this.nrTried),
      triedBytes: this.tried.toBigInt() * unit,
      nrApplied: BigInt(this.nrApplied),
      appliedBytes: this.applied.toBigInt() * unit,
      filterPassedBytes: this.filterPassed.toBigInt() * unit,
      nrQuotaExceeds: BigInt(this.nrQuotaExceeds),
      nrSnapshots: BigInt(this.nrSnapshots),
    };
  }

  /** @param addrUnit bytes in one core unit */
  state(addrUnit: number): SchemeState {
    const { quota } = this;
    return {
      stats: this.stats(addrUnit),
      effectiveQuotaBytes: quota.isSet(this.scheme.quota)
        ? quota.exactEffectiveSize * BigInt(addrUnit)
        : null,
      active: this.active,
      goalValues: this.goals.map((goal) => Number(goal.currentValue)),
    };
  }
}
