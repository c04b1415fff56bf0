import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import { Kdamond } from '../core/kdamond.ts';
import type { Snapshot } from '../params/snapshot.ts';
import type { Attrs, Params, Target } from '../params/types.ts';
import { CostCeiling, shortestSampleIntervalUs, stretchAttrs } from './cost-ceiling.ts';
import { followTargets } from './follow-targets.ts';
import type { MonitorCost, MonitorEnd, MonitorStats } from './monitor.ts';
import { END_BY_REQUEST, END_BY_TARGETS, errorData } from './monitor-error.ts';
import type { MonitoringSet } from './monitoring-set.ts';

/** Lateness that counts, as a part of the interval that was to be slept. */
const LATE_FROM = 0.5;

const WAITS_FOR_WATERMARKS =
  'Nothing is sampled: every scheme is off by its watermarks. What is shown is from before.';

/** What a driver runs on, and whom it tells. */
export interface EngineDriverOptions {
  readonly set: MonitoringSet;
  readonly params: Params;
  readonly clock: Clock;
  readonly random: Random;
  /** CPU time that this thread has used. */
  readonly cpuUs: () => number;
  /** Share of one CPU that monitoring may use. */
  readonly cpuCeiling?: number;
  /** An aggregation interval has ended; its snapshot is complete until this returns. */
  readonly aggregated?: () => void;
}

/**
 * Runs a kdamond on behalf of whoever owns time: a worker that sleeps, or a simulation that moves a
 * virtual clock. Between two steps it answers at once; it measures what watching costs, and keeps
 * that below its ceiling.
 */
export class EngineDriver {
  readonly kdamond: Kdamond;
  readonly #set: MonitoringSet;
  readonly #clock: Clock;
  readonly #cpuUs: () => number;
  readonly #ceiling: CostCeiling;
  /** What the user asked for; the attributes in force are these with stretched intervals. */
  #askedAttrs: Attrs;
  #atBoundary = false;
  #stopRequested = false;
  #dueUs = Number.POSITIVE_INFINITY;
  #sleepUs = 0;
  #lateTicks = 0;
  #nextFollowUs = 0;
  #end: MonitorEnd | null = null;

  /** Throws TC_INVALID for parameters that can't be taken. */
  constructor(options: EngineDriverOptions) {
    const { set, params, clock, random, aggregated } = options;
    this.#set = set;
    this.#clock = clock;
    this.#cpuUs = options.cpuUs;
    this.#askedAttrs = params.attrs;
    this.#ceiling = new CostCeiling(options.cpuCeiling);
    this.kdamond = new Kdamond({
      params,
      operations: set.operations,
      clock,
      random,
      metrics: set.metrics,
      ...(set.workClock && { workClock: set.workClock }),
      observer: {
        aggregated: () => {
          this.#atBoundary = true;
          aggregated?.();
        },
      },
    });
    this.#ceiling.begin(clock.nowUs(), this.#cpuUs());
  }

  /** Why monitoring has ended; null while it runs. */
  get end(): MonitorEnd | null {
    return this.#end;
  }

  /** Whether the next step will be the last. */
  get stopping(): boolean {
    return this.#stopRequested;
  }

  /**
   * Does what is due now.
   * @returns microseconds to let pass before the next call, or -1 once monitoring has ended
   */
  step(): number {
    if (this.#end !== null) return -1;
    try {
      const nowUs = this.#clock.nowUs();
      if (nowUs - this.#dueUs > this.#sleepUs * LATE_FROM) this.#lateTicks += 1;
      this.#set.advanceTo?.(nowUs);
      do this.#sleepUs = this.kdamond.step();
      while (this.#stopRequested && this.#sleepUs >= 0);
      if (this.#sleepUs < 0) return this.#finish();
      this.#dueUs = nowUs + this.#sleepUs;
      if (this.#set.lastClearUs) this.#ceiling.addClearing(this.#set.lastClearUs());
      if (this.#atBoundary) this.#betweenWindows();
      return this.#sleepUs;
    } catch (thrown) {
      this.#end = { reason: 'failed', message: errorData(thrown).message };
      return -1;
    }
  }

  /**
   * Replaces the parameters (spec 7.2), save targets that follow processes by themselves. Throws
   * TC_INVALID with nothing changed.
   */
  commit(params: Params): void {
    const targets = this.#set.pids ? keptTargets(this.kdamond.params) : params.targets;
    const attrs = stretchAttrs(params.attrs, this.#ceiling.leastIntervalUs);
    this.kdamond.commit({ ...params, targets, attrs });
    this.#askedAttrs = params.attrs;
  }

  /**
   * Feeds the value of a `user_input` goal. Throws TC_INVALID for a goal or value that can't be.
   */
  setGoalValue(schemeIndex: number, goalIndex: number, value: number): void {
    this.kdamond.setGoalValue(schemeIndex, goalIndex, value);
  }

  pause(): void {
    this.kdamond.pause();
  }

  resume(): void {
    this.kdamond.resume();
  }

  /** Monitoring ends with the next step. */
  requestStop(): void {
    this.#stopRequested = true;
    this.kdamond.requestStop();
  }

  snapshot(): Snapshot {
    return this.kdamond.snapshot();
  }

  stats(): MonitorStats {
    return {
      tick: this.kdamond.tick,
      schemes: this.kdamond.params.schemes.map((_, index) => this.kdamond.schemeState(index)),
      cost: this.#cost(),
      mappings: this.#set.mappings?.() ?? [],
      warnings: [
        ...(this.kdamond.waitsForWatermarks ? [WAITS_FOR_WATERMARKS] : []),
        ...this.#ceiling.warnings(),
        ...(this.#set.warnings?.() ?? []),
      ],
      ...(this.#set.dryRunCalls && { dryRunCalls: this.#set.dryRunCalls() }),
    };
  }

  #cost(): MonitorCost {
    const cpuUs = this.#cpuUs();
    const asked = shortestSampleIntervalUs(this.#askedAttrs);
    const inForce = shortestSampleIntervalUs(this.kdamond.params.attrs);
    return {
      cpuUs,
      cpuShare: this.#ceiling.cpuShare(this.#clock.nowUs(), cpuUs),
      ceiling: this.#ceiling.ceiling,
      stretch: inForce / asked,
      lateTicks: this.#lateTicks,
      lastClearUs: this.#set.lastClearUs?.() ?? null,
    };
  }

  /**
   * The counts of the last window are reset and nothing of the next is counted yet, so new
   * intervals cost no information here.
   */
  #betweenWindows(): void {
    this.#atBoundary = false;
    const nowUs = this.#clock.nowUs();
    const { sampleIntervalUs } = this.kdamond.params.attrs;
    const mustChange = this.#ceiling.update({
      nowUs,
      cpuUs: this.#cpuUs(),
      sampleIntervalUs,
      askedIntervalUs: shortestSampleIntervalUs(this.#askedAttrs),
    });
    if (mustChange) {
      const { leastIntervalUs } = this.#ceiling;
      this.kdamond.setAttrs(stretchAttrs(this.#askedAttrs, leastIntervalUs, sampleIntervalUs));
    }
    const targets = this.#followed(nowUs);
    if (targets !== null) this.kdamond.setTargets(targets);
  }

  /** Targets to go on with once processes have come or gone; null while nothing changes. */
  #followed(nowUs: number): readonly Target[] | null {
    if (!this.#set.pids || nowUs < this.#nextFollowUs) return null;
    this.#nextFollowUs = nowUs + this.#askedAttrs.operationsUpdateIntervalUs;
    return followTargets(this.kdamond.params.targets, this.#set.pids());
  }

  #finish(): number {
    this.#end = this.#stopRequested ? END_BY_REQUEST : END_BY_TARGETS;
    return -1;
  }
}

/** In a commit, a target without ranges keeps the regions that it has (spec 7.2). */
function keptTargets({ targets }: Params): Target[] {
  return targets.map((target) => ({ ...target, regions: [] }));
}
