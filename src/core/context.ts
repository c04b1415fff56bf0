import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import type { AddressRange, Attrs, Params, Probe } from '../params/types.ts';
import { rescaleRegions } from './attrs.ts';
import type { Metrics } from './metrics.ts';
import { lastWindowShareBp, ticksIn } from './moving-sum.ts';
import type {
  ChosenRegion,
  MonitoredTarget,
  Operations,
  OperationsContext,
  Outcome,
} from './operations.ts';
import { probeWeights } from './probes.ts';
import { RegionTable } from './region-table.ts';
import { RunningScheme } from './schemes/running-scheme.ts';
import { setRegions } from './set-regions.ts';
import type { SplitHistory } from './split.ts';

/** Told of what happens inside; every method is optional. */
export interface ContextObserver {
  /** Before a region is handed to the operations set for a scheme; age is not reset yet. */
  applied?(region: ChosenRegion, outcome: Outcome, nrAccesses: number, age: number): void;
  intervalsTuned?(sampleIntervalUs: number): void;
}

/** The world as a context sees it: all of it is passed in. */
export interface Surroundings {
  readonly operations: Operations;
  readonly clock: Clock;
  /**
   * Times how long applying a scheme takes, for time quotas. By default `clock`; a simulated
   * machine, whose time stands still meanwhile, passes one that counts modelled work.
   */
  readonly workClock?: Clock;
  readonly random: Random;
  readonly metrics: Metrics;
  /** By default one of this context's own. */
  readonly splitHistory?: SplitHistory;
}

/** A target with the regions that it has come to. */
export class RunningTarget implements MonitoredTarget {
  index: number;
  pid?: number;
  readonly regions: RegionTable = new RegionTable();

  constructor(index: number, pid: number | undefined) {
    this.index = index;
    if (pid !== undefined) this.pid = pid;
  }
}

/** All state of one DAMON context (spec section 1): what is watched, how, and when what is due. */
export class Context implements OperationsContext {
  readonly operations: Operations;
  readonly clock: Clock;
  readonly workClock: Clock;
  readonly random: Random;
  readonly metrics: Metrics;
  readonly splitHistory: SplitHistory;
  readonly observer: ContextObserver;

  addrUnit: number;
  minRegionSize: number;
  attrs: Attrs;
  /** Samples in an aggregation as the user asked for it; interval tuning keeps this ratio. */
  aggregationSamples: number;
  probes: readonly Probe[] = [];
  /** Of the probes, when attributes are what is watched; null for accesses. */
  weights: readonly number[] | null = null;
  paused: boolean;
  readonly targets: RunningTarget[] = [];
  readonly schemes: RunningScheme[] = [];

  /** Sampling intervals since the start ("passed sample intervals"). */
  tick = 0;
  nextAggregation = 0;
  nextOperationsUpdate = 0;
  nextTune = 0;

  constructor(params: Params, surroundings: Surroundings, observer: ContextObserver) {
    this.operations = surroundings.operations;
    this.clock = surroundings.clock;
    this.workClock = surroundings.workClock ?? surroundings.clock;
    this.random = surroundings.random;
    this.metrics = surroundings.metrics;
    this.splitHistory = surroundings.splitHistory ?? { lastNrRegions: 0, rotation: 0 };
    this.observer = observer;

    this.addrUnit = params.addrUnit;
    this.minRegionSize = params.minRegionSize;
    this.attrs = params.attrs;
    this.aggregationSamples = this.ticksIn(params.attrs.aggregationIntervalUs);
    this.paused = params.paused;
    for (const target of params.targets) {
      const running = new RunningTarget(this.targets.length, target.pid);
      for (const { start, end } of target.regions) running.regions.append(start, end);
      this.targets.push(running);
    }
    for (const scheme of params.schemes) this.schemes.push(new RunningScheme(scheme));
    this.setProbes(params.probes);
  }

  setProbes(probes: readonly Probe[]): void {
    this.probes = probes;
    this.weights = probeWeights(probes);
    if (probes.length === 0) return;
    for (const { regions } of this.targets) regions.countProbes();
  }

  get attributesOnly(): boolean {
    return this.weights !== null;
  }

  get nrRegions(): number {
    let nr = 0;
    for (const target of this.targets) nr += target.regions.nr;
    return nr;
  }

  get totalSize(): number {
    let size = 0;
    for (const target of this.targets) size += target.regions.totalSize();
    return size;
  }

  ticksIn(intervalUs: number): number {
    return ticksIn(intervalUs, this.attrs.sampleIntervalUs);
  }

  /** See `lastWindowShareBp`. */
  lastWindowShareBp(): number {
    const window = this.ticksIn(this.attrs.aggregationIntervalUs);
    return lastWindowShareBp(window, this.tick, this.nextAggregation);
  }

  setRegions(target: MonitoredTarget, ranges: readonly AddressRange[]): boolean {
    return setRegions(target.regions, ranges, this.minRegionSize);
  }

  targetValid(target: MonitoredTarget): boolean {
    return this.operations.targetValid?.(target) ?? true;
  }

  /** Starts the schedule anew (spec 2.1). */
  schedule(): void {
    const { attrs } = this;
    this.nextAggregation = this.ticksIn(attrs.aggregationIntervalUs);
    this.nextOperationsUpdate = this.ticksIn(attrs.operationsUpdateIntervalUs);
    this.nextTune = this.nextAggregation * attrs.intervalsGoal.aggregations;
    for (const scheme of this.schemes) this.scheduleScheme(scheme);
  }

  scheduleScheme(scheme: RunningScheme): void {
    const intervalUs = scheme.scheme.applyIntervalUs || this.attrs.aggregationIntervalUs;
    scheme.nextApply = this.tick + this.ticksIn(intervalUs);
  }

  /**
   * Takes new, valid attributes (spec 7.1): counters are translated, a window that is still running
   * starts again, and every schedule but that of interval tuning counts from now.
   * @param aggregationSamples kept by interval tuning; by default what the attributes give
   */
  setAttrs(attrs: Attrs, aggregationSamples?: number): void {
    const old = this.attrs;
    const windowRunning = this.tick < this.nextAggregation;
    this.attrs = attrs;
    this.aggregationSamples = aggregationSamples ?? this.ticksIn(attrs.aggregationIntervalUs);
    this.nextAggregation = this.tick + this.ticksIn(attrs.aggregationIntervalUs);
    this.nextOperationsUpdate = this.tick + this.ticksIn(attrs.operationsUpdateIntervalUs);
    const allSet = [old, attrs].every((a) => a.sampleIntervalUs && a.aggregationIntervalUs);
    if (allSet) {
      for (const { regions } of this.targets) {
        rescaleRegions(regions, old, attrs, windowRunning, this.probes.length);
      }
    }
    for (const scheme of this.schemes) this.scheduleScheme(scheme);
  }

  /** Releases a target that is about to go. */
  cleanup(target: RunningTarget): void {
    this.clearCursorsTo(target);
    this.operations.cleanup?.(target);
  }

  /** Has schemes that would go on within the target start anew (spec 5.4, "charge cursor"). */
  clearCursorsTo(target: RunningTarget): void {
    for (const { quota } of this.schemes) {
      if (quota.cursorTarget === target) quota.clearCursor();
    }
  }
}
