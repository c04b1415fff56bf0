import { ThermoclineError } from '../base/errors.ts';
import type { SchemeState, Snapshot } from '../params/snapshot.ts';
import type { Attrs, Params, Target } from '../params/types.ts';
import { attrsProblem } from './attrs.ts';
import { commitParams, commitTargets, paramsProblem } from './commit.ts';
import { Context, type ContextObserver, type Surroundings } from './context.ts';
import { tuneIntervals } from './interval-tuning.ts';
import { type MergeRules, mergeRegions } from './merge.ts';
import type { MonitoredTarget } from './operations.ts';
import { maxWeightedHits, probesProblem } from './probes.ts';
import { SchemesPass } from './schemes/apply.ts';
import { type Walk, WalkSlot } from './schemes/walk.ts';
import { activeByWatermarks } from './schemes/watermarks.ts';
import { enforceMinNrRegions, splitRegions } from './split.ts';
import { takeSnapshot } from './take-snapshot.ts';

/** Told of what happens in a worker; every method is optional. */
export interface KdamondObserver extends ContextObserver {
  /**
   * A window has ended; its counts are not reset yet, so `snapshot()` gives the complete window.
   */
  aggregated?(kdamond: Kdamond): void;
  /** A tick is over, and nothing of the next one has begun. */
  tickEnded?(kdamond: Kdamond): void;
}

/** What to watch and how, with everything that a worker needs of the world. */
export interface KdamondOptions extends Surroundings {
  readonly params: Params;
  readonly observer?: KdamondObserver;
}

/** Where `step` goes on. */
type Phase = 'new' | 'head' | 'watermarks' | 'waited' | 'sampled' | 'paused' | 'resumed' | 'ended';

/**
 * The worker of one context (spec section 2): DAMON's main loop, with each sleep handed to the
 * caller.
 *
 *     for (let us; (us = kdamond.step()) >= 0; ) clock.advance(us);
 *
 * It reads time, randomness and the system only through what it is given, so the same inputs make
 * the same run. Nothing is allocated in a sampling interval in which no scheme is due.
 */
export class Kdamond {
  readonly #context: Context;
  readonly #observer: KdamondObserver;
  readonly #walks: WalkSlot = new WalkSlot();
  readonly #schemesPass: SchemesPass;
  #params: Params;
  #phase: Phase = 'new';
  #stopRequested = false;
  #calls: (() => void)[] = [];
  /** Largest region that a merge may make; from the aggregation before (spec 4.5). */
  #sizeLimit = 0;
  #windowComplete = false;
  // What holds for the whole running tick, whatever a commit in it changes.
  #nextAggregation = 0;
  #nextOperationsUpdate = 0;
  #sampleIntervalUs = 0;
  #attributesOnly = false;

  /** Throws `TC_INVALID` when the parameters contradict themselves. */
  constructor(options: KdamondOptions) {
    const problem = paramsProblem(options.params);
    if (problem !== null) throw new ThermoclineError('TC_INVALID', problem);
    this.#observer = options.observer ?? {};
    this.#params = options.params;
    this.#context = new Context(options.params, options, this.#observer);
    this.#schemesPass = new SchemesPass(this.#context, this.#walks);
  }

  /**
   * Runs until it has to sleep and returns for how many microseconds, or -1 once it has ended. Call
   * it again when that time is over.
   */
  step(): number {
    for (;;) {
      switch (this.#phase) {
        case 'new':
          this.#start();
          this.#phase = 'head';
          break;
        case 'head':
          if (this.#mustStop()) return this.#end();
          this.#latch();
          this.#phase = 'watermarks';
          break;
        case 'watermarks': {
          const waitUs = this.#watermarkWaitUs();
          if (waitUs > 0) {
            this.#phase = 'waited';
            return waitUs;
          }
          this.#prepare();
          this.#phase = 'sampled';
          return this.#sampleIntervalUs;
        }
        case 'waited':
          this.#runCalls();
          this.#walks.end(false);
          if (this.#mustStop()) return this.#end();
          this.#phase = 'watermarks';
          break;
        case 'sampled':
          this.#check();
          this.#runCalls();
          this.#phase = 'paused';
          break;
        case 'paused':
          if (this.#context.paused) {
            this.#walks.end(false);
            this.#phase = 'resumed';
            return this.#context.attrs.sampleIntervalUs;
          }
          this.#finishTick();
          this.#phase = 'head';
          break;
        case 'resumed':
          this.#runCalls();
          if (this.#mustStop()) return this.#end();
          this.#phase = 'paused';
          break;
        case 'ended':
          return -1;
      }
    }
  }

  /** Has `work` done in the call step of the running tick, also while paused or inactive. */
  call(work: () => void): void {
    this.#calls.push(work);
  }

  /** Ends the loop at its head. */
  requestStop(): void {
    this.#stopRequested = true;
  }

  /**
   * Watches the next apply pass of each scheme (spec 5.10). Throws `TC_BUSY` while another walk is
   * under way, or when nothing runs any more.
   */
  startWalk(walk: Walk): void {
    if (this.#walks.busy || this.#phase === 'ended') {
      const why = this.#walks.busy ? 'another walk is under way' : 'monitoring has ended';
      throw new ThermoclineError('TC_BUSY', `The regions can't be walked: ${why}.`);
    }
    this.#walks.begin(walk);
  }

  // --- inside a call, or between two steps ---

  /**
   * Goes on with new parameters and keeps what was learnt (spec 7.2). Throws `TC_INVALID` with
   * nothing changed when they can't be taken.
   */
  commit(params: Params): void {
    commitParams(this.#context, params);
    this.#params = { ...params, targets: remaining(params.targets) };
  }

  /**
   * Changes nothing but the attributes (spec 7.1), so that schemes keep their state. Throws
   * `TC_INVALID` with nothing changed when they can't be taken.
   */
  setAttrs(attrs: Attrs): void {
    const problem = attrsProblem(attrs) ?? probesProblem(this.#context.probes, attrs);
    if (problem !== null) throw new ThermoclineError('TC_INVALID', problem);
    this.#context.setAttrs(attrs);
  }

  /** Changes nothing but the targets, by index as a commit does (spec 7.2, step 3). */
  setTargets(targets: readonly Target[]): void {
    commitTargets(this.#context, targets, this.#context.minRegionSize);
    this.#params = { ...this.#params, targets: remaining(targets) };
  }

  /**
   * Feeds the value of a `user_input` goal. Throws `TC_INVALID` when there is no such goal, or for
   * what is not a whole number of at least 0.
   */
  setGoalValue(schemeIndex: number, goalIndex: number, value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new ThermoclineError(
        'TC_INVALID',
        `The value of a goal is ${value}; it must be a whole number of at least 0.`,
      );
    }
    const goal = this.#context.schemes[schemeIndex]?.goals[goalIndex];
    if (goal === undefined) {
      throw new ThermoclineError(
        'TC_INVALID',
        `There is no goal ${goalIndex} in scheme ${schemeIndex}; both are counted from 0.`,
      );
    }
    goal.currentValue = BigInt(value);
  }

  pause(): void {
    this.#context.paused = true;
  }

  resume(): void {
    this.#context.paused = false;
  }

  /** The picture at this moment. */
  snapshot(): Snapshot {
    return takeSnapshot(this.#context, this.#windowComplete);
  }

  schemeState(schemeIndex: number): SchemeState {
    return this.#context.schemes[schemeIndex]!.state(this.#context.addrUnit);
  }

  /** Parameters in force: as committed, with the intervals that tuning has come to. */
  get params(): Params {
    return { ...this.#params, attrs: this.#context.attrs, paused: this.#context.paused };
  }

  get tick(): number {
    return this.#context.tick;
  }

  /** Every scheme is off by its watermarks, so nothing is sampled (spec 5.8). */
  get waitsForWatermarks(): boolean {
    return this.#phase === 'waited';
  }

  get targets(): readonly MonitoredTarget[] {
    return this.#context.targets;
  }

  /** All of the running state, for conformance tests; read only. */
  get context(): Context {
    return this.#context;
  }

  // --- the parts of a tick, in their order (spec 2.3) ---

  #start(): void {
    const context = this.#context;
    context.schedule();
    context.operations.init?.(context);
    this.#sizeLimit = this.#enforceMinNrRegions();
  }

  #mustStop(): boolean {
    if (this.#stopRequested) return true;
    const { operations, targets } = this.#context;
    if (!operations.targetValid) return false;
    for (let index = 0; index < targets.length; index++) {
      if (operations.targetValid(targets[index]!)) return false;
    }
    return true;
  }

  #end(): -1 {
    const context = this.#context;
    this.#phase = 'ended';
    this.#calls = [];
    this.#walks.end(false);
    for (const target of context.targets) context.cleanup(target);
    context.targets.length = 0;
    return -1;
  }

  #latch(): void {
    const context = this.#context;
    this.#nextAggregation = context.nextAggregation;
    this.#nextOperationsUpdate = context.nextOperationsUpdate;
    this.#sampleIntervalUs = context.attrs.sampleIntervalUs;
    this.#attributesOnly = context.attributesOnly;
  }

  /** How long to wait because every scheme is off by its watermarks (spec 5.8); 0: go on. */
  #watermarkWaitUs(): number {
    const { schemes, metrics } = this.#context;
    let shortestUs = Infinity;
    for (let index = 0; index < schemes.length; index++) {
      const scheme = schemes[index]!;
      const { watermarks } = scheme.scheme;
      let waitUs = 0;
      if (watermarks.metric !== 'none') {
        scheme.active = activeByWatermarks(watermarks, metrics.freeMemoryPermil(), scheme.active);
        if (!scheme.active) waitUs = watermarks.intervalUs;
      }
      if (waitUs < shortestUs) shortestUs = waitUs;
    }
    return shortestUs === Infinity ? 0 : shortestUs;
  }

  #prepare(): void {
    const context = this.#context;
    if (this.#attributesOnly || !context.operations.prepare) return;
    for (let index = 0; index < context.targets.length; index++) {
      context.operations.prepare(context, context.targets[index]!);
    }
  }

  #check(): void {
    const context = this.#context;
    const { operations, targets } = context;
    context.tick += 1;
    let maxScore = 0;
    if (!this.#attributesOnly && operations.check) {
      for (let index = 0; index < targets.length; index++) {
        const max = operations.check(context, targets[index]!);
        if (max > maxScore) maxScore = max;
      }
    }
    if (operations.probe && context.probes.length > 0) {
      for (let index = 0; index < targets.length; index++) {
        operations.probe(context, targets[index]!);
      }
    }
    if (context.tick < this.#nextAggregation) return;
    if (this.#attributesOnly) maxScore = this.#maxWeightedHits();
    mergeRegions(this.#tables(), Math.floor(maxScore / 10), this.#mergeRules());
    this.#sizeLimit = this.#enforceMinNrRegions();
  }

  #finishTick(): void {
    const context = this.#context;
    if (context.schemes.length > 0) this.#schemesPass.run();
    else this.#walks.end(false);
    if (context.tick >= this.#nextAggregation) this.#aggregate();
    if (context.tick >= this.#nextOperationsUpdate) {
      const { operationsUpdateIntervalUs } = context.attrs;
      context.nextOperationsUpdate =
        this.#nextOperationsUpdate + context.ticksIn(operationsUpdateIntervalUs);
      context.operations.update?.(context);
    }
    this.#observer.tickEnded?.(this);
  }

  /** The end of a window: tune, report, reset, split. */
  #aggregate(): void {
    const context = this.#context;
    const { intervalsGoal } = context.attrs;
    if (intervalsGoal.aggregations !== 0 && context.tick >= context.nextTune) {
      context.nextAggregation = this.#nextAggregation;
      context.nextTune += context.aggregationSamples * intervalsGoal.aggregations;
      tuneIntervals(context);
    }
    context.nextAggregation =
      this.#nextAggregation + context.ticksIn(context.attrs.aggregationIntervalUs);
    this.#windowComplete = true;
    this.#observer.aggregated?.(this);
    this.#windowComplete = false;
    const tables = this.#tables();
    for (const regions of tables) regions.rotateWindow();
    const { random, splitHistory, minRegionSize } = context;
    splitRegions(tables, context.attrs.maxNrRegions, minRegionSize, random, splitHistory);
  }

  #runCalls(): void {
    while (this.#calls.length > 0) this.#calls.shift()!();
  }

  #tables() {
    return this.#context.targets.map((target) => target.regions);
  }

  #mergeRules(): MergeRules {
    const { attrs, weights } = this.#context;
    return {
      sizeLimit: this.#sizeLimit,
      maxNrRegions: attrs.maxNrRegions,
      maxThreshold: this.#context.ticksIn(attrs.aggregationIntervalUs),
      weights,
    };
  }

  #maxWeightedHits(): number {
    const { targets, weights } = this.#context;
    let max = 0;
    for (const { regions } of targets) max = Math.max(max, maxWeightedHits(regions, weights ?? []));
    return max;
  }

  #enforceMinNrRegions(): number {
    const { attrs, minRegionSize } = this.#context;
    return enforceMinNrRegions(this.#tables(), attrs.minNrRegions, minRegionSize);
  }
}

const remaining = (targets: readonly Target[]): Target[] =>
  targets.filter(({ obsolete }) => !obsolete);
