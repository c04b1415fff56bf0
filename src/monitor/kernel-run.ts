/** One kdamond of ours while it runs: what it was given, what is asked of it, what it says. */
import type { Clock } from '../base/clock.ts';
import { ThermoclineError } from '../base/errors.ts';
import { type Features, hasFeature } from '../kernel/features.ts';
import { type HeldBack, heldAtCommit, heldAtStart, withHeldBack } from '../kernel/first-window.ts';
import type { OwnedSlot } from '../kernel/owned-slot.ts';
import {
  readEffectiveQuotaBytes,
  readSchemeStats,
  readTriedRegions,
  type SnapshotFacts,
} from '../kernel/read-results.ts';
import { readValue, type SysfsReader, slotPath } from '../kernel/sysfs-files.ts';
import type { TraceInstance } from '../kernel/trace-instance.ts';
import { tracedSnapshot } from '../kernel/trace-windows.ts';
import type { SchemeState, Snapshot } from '../params/snapshot.ts';
import type { Attrs, OperationsFilter, Params, Target } from '../params/types.ts';
import { type KernelPlan, planKernel } from './kernel-plan.ts';
import { type NextTargets, targetsByOrder } from './kernel-targets.ts';
import { KernelTrace } from './kernel-trace.ts';

/** What a run works with. */
export interface KernelRunOptions {
  readonly files: SysfsReader;
  readonly slot: OwnedSlot;
  readonly features: Features;
  readonly pageFilters: readonly OperationsFilter[];
  readonly clock: Clock;
  /** Time of day in microseconds. */
  readonly wallTimeUs: () => number;
  /** Begins to trace a kdamond, for kernels that tell regions by no file. */
  readonly trace: (kdamondPid: number) => TraceInstance;
}

const INTERVALS = 'contexts/0/monitoring_attrs/intervals';

/** Calls must come one after another. */
export class KernelRun implements Disposable {
  readonly #options: KernelRunOptions;
  /** What the user wants, with the attributes in force and the targets that the kernel has. */
  #params: Params;
  #plan: KernelPlan;
  /** Schemes of the user whose limit is not in force yet, so that they find nothing. */
  #held: HeldBack;
  /** What the files hold. */
  #filed: Params;
  #tick = 0;
  #tickTimeUs: number;
  #readingUs = 0;
  #trace: KernelTrace | null = null;
  /** Why there is none, found out once. */
  #traceRefusal: ThermoclineError | null = null;

  private constructor(options: KernelRunOptions, params: Params, plan: KernelPlan) {
    this.#options = options;
    this.#params = params;
    this.#plan = plan;
    this.#held = heldAtStart(plan.params.schemes, options.features);
    this.#filed = withHeldBack(plan.params, this.#held);
    this.#tickTimeUs = options.clock.nowUs();
  }

  /** Starts a kdamond in a slot that is empty; leaves it empty when that fails. */
  static async start(options: KernelRunOptions, params: Params): Promise<KernelRun> {
    const { slot, features, pageFilters } = options;
    if (pageFilters.length > 0 && hasFeature(features, 'sz_ops_filter_passed') === false) {
      throw new ThermoclineError(
        'TC_UNSUPPORTED',
        "Page types can't be told apart: DAMON in this kernel does not say how much of a region " +
          'passes filters (sz_filter_passed); leave --pages out.',
      );
    }
    const run = new KernelRun(options, params, planKernel(params, features, pageFilters));
    await slot.start(run.#filed, features);
    return run;
  }

  get slot(): OwnedSlot {
    return this.#options.slot;
  }

  get params(): Params {
    return this.#params;
  }

  get plan(): KernelPlan {
    return this.#plan;
  }

  get features(): Features {
    return this.#options.features;
  }

  /** Indexes of the user's schemes that do nothing yet, since their limit is not in force. */
  get held(): HeldBack {
    return this.#held;
  }

  /** CPU time of this process for reading regions, which is done in one go. */
  get readingUs(): number {
    return this.#readingUs + (this.#trace?.readingUs ?? 0);
  }

  /**
   * Changes what runs: only what differs is written. Throws what `OwnedSlot.commit` throws, with
   * nothing changed.
   * @param next what the user wants by now, with the attributes to be in force; for processes, its
   * targets are left out
   * @param targets absent: as they are
   */
  async commit(next: Params, targets?: NextTargets): Promise<void> {
    const { slot, features, pageFilters } = this.#options;
    const kept = this.#targetsAsTheyRun(next);
    const after = targets?.after ?? kept;
    const params = { ...next, targets: after };
    const plan = planKernel(params, features, pageFilters);
    const nrBefore = this.#params.schemes.length;
    const held = heldAtCommit(
      this.#plan.params.schemes.slice(0, nrBefore),
      plan.params.schemes,
      this.#held,
      features,
    );
    if (next.schemes.length !== nrBefore) {
      // In a commit, a scheme takes over the state of the one that had its index (spec 7.2).
      const alone = { ...this.#filed, schemes: this.#filed.schemes.slice(0, nrBefore) };
      await slot.commit(this.#filed, alone, features);
      this.#filed = alone;
    }
    const filed = withHeldBack({ ...plan.params, targets: targets?.staged ?? kept }, held);
    await slot.commit(this.#filed, filed, features);
    this.#held = held;
    this.#filed = filed;
    this.#params = params;
    this.#plan = plan;
    if (this.#trace !== null) this.#trace.nrTargets = after.length;
  }

  /** Lets those of the held schemes act whose limit is in force by now. */
  async letAct(): Promise<void> {
    if (this.#held.size === 0) return;
    const { files, slot, features } = this.#options;
    await slot.query('update_schemes_effective_quotas');
    const { addrUnit } = this.#params;
    const allows = (index: number) =>
      readEffectiveQuotaBytes(files, slot.claim.slot, index, addrUnit) !== 0n;
    const held = new Set([...this.#held].filter((index) => !allows(index)));
    if (held.size === this.#held.size) return;
    const targets = this.#targetsAsTheyRun(this.#params);
    const filed = withHeldBack({ ...this.#plan.params, targets }, held);
    await slot.commit(this.#filed, filed, features);
    this.#held = held;
    this.#filed = filed;
  }

  /**
   * The picture of the next pass of our own schemes; where the kernel tells no regions in files, of
   * the next window that ends.
   */
  async snapshot(): Promise<Snapshot> {
    const attrs = await this.#attrsInForce();
    return this.#plan.watchers.length > 0 ? this.#tried(attrs) : this.#traced(attrs);
  }

  async #tried(attrs: Attrs): Promise<Snapshot> {
    const { files, slot, features, pageFilters } = this.#options;
    const { watchers } = this.#plan;
    await slot.query('update_schemes_tried_regions');
    const cpuBefore = process.cpuUsage();
    const facts = { ...this.#facts(attrs), windowSamples: windowSamples(attrs) };
    const snapshot = readTriedRegions(files, slot.claim.slot, watchers, facts);
    const { user, system } = process.cpuUsage(cpuBefore);
    this.#readingUs += user + system;
    const inOne = watchers.length === 1 && this.#params.targets.length > 1;
    const told = inOne ? { ...snapshot, targetIndex: targetsByOrder(snapshot) } : snapshot;
    const tellsPassed = pageFilters.length > 0;
    return hasFeature(features, 'sz_ops_filter_passed') !== false && tellsPassed
      ? told
      : { ...told, filterPassedBytes: null };
  }

  async #traced(attrs: Attrs): Promise<Snapshot> {
    this.#trace ??= this.#openTrace();
    const window = await this.#trace.next(attrs.aggregationIntervalUs);
    return tracedSnapshot(window, this.#facts(attrs));
  }

  #openTrace(): KernelTrace {
    if (this.#traceRefusal !== null) throw this.#traceRefusal;
    try {
      return new KernelTrace(
        this.#options.trace(this.slot.claim.kdamond!.pid),
        this.#params.targets.length,
      );
    } catch (error) {
      if (!(error instanceof ThermoclineError)) throw error;
      this.#traceRefusal = new ThermoclineError(
        error.code,
        'DAMON in this kernel has no tried_regions, so its regions could only be traced. ' +
          error.message,
        { cause: error },
      );
      throw this.#traceRefusal;
    }
  }

  /** What no file tells, of a picture that has just come. */
  #facts({ sampleIntervalUs, aggregationIntervalUs }: Attrs): Omit<SnapshotFacts, 'windowSamples'> {
    const { clock, wallTimeUs } = this.#options;
    const timeUs = clock.nowUs();
    this.#tick += Math.round((timeUs - this.#tickTimeUs) / Math.max(1, sampleIntervalUs));
    this.#tickTimeUs = timeUs;
    const { targets, addrUnit } = this.#params;
    return {
      ...{ timeUs, wallTimeUs: wallTimeUs(), tick: this.#tick },
      ...{ sampleIntervalUs, aggregationIntervalUs, addrUnit },
      targetPids: targets.map(({ pid }) => pid ?? null),
    };
  }

  /** State of the user's schemes. */
  async schemeStates(): Promise<SchemeState[]> {
    const { files, slot, features } = this.#options;
    const { schemes, addrUnit } = this.#params;
    if (schemes.length === 0) return [];
    await slot.query('update_schemes_stats');
    const tellsQuota = hasFeature(features, 'effective_bytes') !== false;
    if (tellsQuota) await slot.query('update_schemes_effective_quotas');
    const { slot: number } = slot.claim;
    return schemes.map(({ quota }, index) => ({
      stats: readSchemeStats(files, number, index, addrUnit),
      effectiveQuotaBytes: tellsQuota
        ? readEffectiveQuotaBytes(files, number, index, addrUnit)
        : null,
      // The kernel tells neither whether watermarks hold it back nor what it has measured itself.
      active: true,
      goalValues: quota.goals.map(({ currentValue }) => currentValue),
    }));
  }

  /** Ends tracing; the kdamond runs on. */
  [Symbol.dispose](): void {
    this.#trace?.[Symbol.dispose]();
    this.#trace = null;
  }

  /** For a commit that is about something else. */
  #targetsAsTheyRun({ operations, targets }: Params): readonly Target[] {
    return operations === 'paddr' ? targets : this.#params.targets.map(asItRuns);
  }

  /** Intervals in force; the kernel's own tuning tells them only when asked. */
  async #attrsInForce(): Promise<Attrs> {
    const { files, slot } = this.#options;
    const { attrs } = this.#filed;
    if (attrs.intervalsGoal.aggregations === 0) return attrs;
    await slot.query('update_tuned_intervals');
    const number = (file: string) =>
      Number(readValue(files, slotPath(slot.claim.slot, `${INTERVALS}/${file}`)));
    return {
      ...attrs,
      sampleIntervalUs: number('sample_us'),
      aggregationIntervalUs: number('aggr_us'),
    };
  }
}

function windowSamples({ sampleIntervalUs, aggregationIntervalUs }: Attrs): number {
  return Math.max(1, Math.floor(aggregationIntervalUs / (sampleIntervalUs || 1)));
}

/** A target without ranges keeps the regions that it has (spec 7.2). */
function asItRuns(target: Target): Target {
  return { ...target, regions: [], obsolete: false };
}
