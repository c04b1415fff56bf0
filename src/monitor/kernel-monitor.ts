import { isDeepStrictEqual } from 'node:util';
import { ThermoclineError } from '../base/errors.ts';
import type { LeverStep, Roots } from '../host/host.ts';
import { ownIdentity } from '../host/linux/process-identity.ts';
import { hasFeature } from '../kernel/features.ts';
import { refuseWhileModulesRun } from '../kernel/modules.ts';
import { SlotPool } from '../kernel/slot-pool.ts';
import { ProcessTree } from '../ops/smaps/process-tree.ts';
import type { Snapshot } from '../params/snapshot.ts';
import type { Attrs, OperationsFilter, Params } from '../params/types.ts';
import { CostCeiling, shortestSampleIntervalUs, stretchAttrs } from './cost-ceiling.ts';
import { type KernelMachine, realKernelMachine } from './kernel-machine.ts';
import { KernelRun } from './kernel-run.ts';
import { nextTargets } from './kernel-targets.ts';
import { openTrace } from './kernel-trace.ts';
import { tunedBySnapshot } from './kernel-tuning.ts';
import type { Monitor, MonitorDescription, MonitorEnd, MonitorStats } from './monitor.ts';
import {
  alreadyEnded,
  END_BY_REQUEST,
  END_BY_TARGETS,
  errorData,
  notStarted,
  startedBefore,
} from './monitor-error.ts';
import { SnapshotStream } from './snapshot-stream.ts';

/** How often it is looked whether the kdamond still runs, and what it costs. */
const TEND_MS = 250;
/** Processes that come and go are looked for no less often. */
const LONGEST_FOLLOW_US = 5_000_000;
/** Schemes that wait for their limit to be in force are looked at no more rarely. */
const LONGEST_LET_ACT_US = 5_000_000;
/** Of the ceiling, what reading snapshots for the stream may take. */
const STREAM_SHARE = 0.5;

/** The kernel's DAMON in a slot of ours, as plain data. */
export interface KernelSpec {
  readonly set: 'kernel';
  readonly roots: Roots;
  /** Where the records of slots are; the folder of the journal, too. */
  readonly stateDir: string;
  /** What for, as other users of the slots shall read it. */
  readonly purpose: string;
  /** Watch the processes that those of the parameters start, too. */
  readonly followChildren: boolean;
  /** Snapshots tell how much of each region passes these. */
  readonly pageFilters: readonly OperationsFilter[];
  /** Switch DAMON_STAT off for as long as slots are used. */
  readonly handOverStat: boolean;
}

/** What a kernel monitor needs besides. */
export interface KernelMonitorOptions {
  readonly params: Params;
  /** Share of one CPU that the kdamond and reading it may use; 1 % by default. */
  readonly cpuCeiling?: number;
  /**
   * Writes a step down before it is taken, so that a guard can take it back: the `record` of an
   * `ActingSession`.
   */
  readonly record: (step: LeverStep) => void;
  /** The machine; tests pass one of their own. */
  readonly machine?: KernelMachine;
}

/**
 * Watches and acts with the kernel's DAMON, in a slot of ours. What it starts ends with it: with
 * `stop`, with its targets, or by the guard of whoever keeps the journal.
 */
export class KernelMonitor implements Monitor {
  readonly ended: Promise<MonitorEnd>;
  readonly #spec: KernelSpec;
  readonly #options: KernelMonitorOptions;
  readonly #machine: KernelMachine;
  readonly #pool: SlotPool;
  readonly #ceiling: CostCeiling;
  readonly #stream = new SnapshotStream();
  readonly #settleEnded: (end: MonitorEnd) => void;
  #asked: Params;
  #processes: ProcessTree | null = null;
  #isStarted = false;
  #slotNumber: number | null = null;
  #run: KernelRun | null = null;
  #end: MonitorEnd | null = null;
  /** One command at a time: the kernel refuses a second. */
  #turn: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | null = null;
  #isStreaming = false;
  #isTending = false;
  #isPaused = false;
  #last: Snapshot | null = null;
  #nextFollowUs = 0;
  #nextTuneUs = 0;
  #heldSinceUs = 0;
  #nextLetActUs = 0;

  constructor(spec: KernelSpec, options: KernelMonitorOptions) {
    this.#spec = spec;
    this.#options = options;
    this.#asked = options.params;
    this.#machine = options.machine ?? realKernelMachine(spec.roots);
    const { files, boot } = this.#machine;
    const { stateDir } = spec;
    this.#pool = new SlotPool({ files, boot, stateDir, owner: ownIdentity() });
    this.#ceiling = new CostCeiling(options.cpuCeiling);
    const { promise, resolve } = Promise.withResolvers<MonitorEnd>();
    this.ended = promise;
    this.#settleEnded = resolve;
  }

  get description(): MonitorDescription {
    return {
      kind: 'kernel',
      operationsSet: this.#asked.operations,
      resolution: 'location',
      caveats: this.#run?.plan.notes ?? [],
      capabilities: [],
    };
  }

  /** The slot and the kernel thread in it; null before the start. */
  get slot(): { readonly number: number; readonly kdamondPid: number | null } | null {
    if (this.#slotNumber === null) return null;
    const kdamondPid = this.#run?.slot.claim.kdamond?.pid ?? null;
    return { number: this.#slotNumber, kdamondPid };
  }

  async start(): Promise<void> {
    if (this.#end !== null) throw alreadyEnded(this.#end);
    if (this.#isStarted) throw startedBefore();
    this.#isStarted = true;
    try {
      await this.#inTurn(() => this.#begin());
    } catch (error) {
      await this.#release().catch(() => {});
      this.#finish({ reason: 'failed', message: errorData(error).message });
      throw error;
    }
    // Keeps the process alive: with it, what it has started in the kernel would end, too.
    this.#timer = setInterval(() => void this.#tend(), TEND_MS);
  }

  commit(params: Params): Promise<void> {
    return this.#inTurn(async () => {
      const run = this.#running();
      const before = this.#asked;
      this.#asked = params;
      try {
        if (namesOthers(before, params)) this.#processes = this.#openProcesses();
        const { leastIntervalUs } = this.#ceiling;
        const attrs = isDeepStrictEqual(before.attrs, params.attrs)
          ? run.params.attrs
          : stretchAttrs(params.attrs, leastIntervalUs);
        await run.commit({ ...params, attrs }, this.#followed(run) ?? undefined);
        this.#scheduleTuning(attrs);
        this.#scheduleLetAct();
        this.#isPaused = params.paused;
      } catch (error) {
        this.#asked = before;
        throw error;
      }
    });
  }

  setGoalValue(schemeIndex: number, goalIndex: number, value: number): Promise<void> {
    return this.#inTurn(async () => {
      const run = this.#running();
      const goal = this.#asked.schemes[schemeIndex]?.quota.goals[goalIndex];
      if (goal?.metric !== 'user_input') {
        throw new ThermoclineError(
          'TC_INVALID',
          `schemes[${schemeIndex}].quota.goals[${goalIndex}] is no goal that takes a value ` +
            '(user_input); name one that is.',
        );
      }
      const fed = withGoalValue(this.#asked, schemeIndex, goalIndex, value);
      await run.commit({ ...fed, attrs: run.params.attrs });
      this.#asked = fed;
    });
  }

  snapshot(): Promise<Snapshot> {
    return this.#inTurn(() => this.#look());
  }

  stats(): Promise<MonitorStats> {
    return this.#inTurn(async () => {
      const run = this.#running();
      const schemes = await run.schemeStates();
      return {
        tick: this.#last?.tick ?? 0,
        schemes,
        cost: this.#cost(run),
        mappings: [],
        warnings: [
          ...(this.#isPaused ? ['Monitoring is paused; what is shown is from before.'] : []),
          ...[...run.held].map(
            (index) => `schemes[${index}] does nothing until the kernel has its limit in force.`,
          ),
          ...this.#ceiling.warnings(),
        ],
      };
    });
  }

  snapshots(): AsyncIterable<Snapshot> {
    return this.#stream.read(() => void this.#feedStream());
  }

  pause(): Promise<void> {
    return this.#setPaused(true);
  }

  resume(): Promise<void> {
    return this.#setPaused(false);
  }

  async stop(): Promise<void> {
    if (this.#end !== null) return;
    await this.#inTurn(async () => {
      if (this.#end !== null) return;
      try {
        await this.#release();
      } finally {
        this.#finish(END_BY_REQUEST);
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #begin(): Promise<void> {
    const { spec, files, clock } = { spec: this.#spec, ...this.#machine };
    // Before anything is written, so that a refusal leaves no trace at all.
    refuseWhileModulesRun(files, spec.handOverStat ? 'damon_stat' : undefined);
    this.#processes = this.#openProcesses();
    const slot = await this.#pool.take(spec.purpose, (number) => {
      const text = `DAMON slot ${number}: ${spec.purpose}`;
      this.#options.record({ text, undo: { kernelSlot: number } });
      this.#slotNumber = number;
    });
    if (spec.handOverStat) await this.#pool.handOverStat();
    const features = await this.#pool.featuresBy(slot);
    const { pageFilters } = spec;
    const wallTimeUs = () => Date.now() * 1000;
    const trace = (kdamondPid: number) =>
      openTrace(this.#machine, kdamondPid, ['damon_aggregated'], this.#options.record);
    const options = { files, slot, features, pageFilters, clock, wallTimeUs, trace };
    this.#run = await KernelRun.start(options, this.#asked);
    this.#isPaused = this.#asked.paused;
    this.#ceiling.begin(clock.nowUs(), this.#cpuUs());
    this.#nextFollowUs = clock.nowUs() + this.#followEveryUs;
    this.#scheduleTuning(this.#asked.attrs);
    this.#scheduleLetAct();
  }

  /** Looks after what runs, now and then. */
  async #tend(): Promise<void> {
    const run = this.#run;
    if (run === null || this.#end !== null || this.#isTending) return;
    this.#isTending = true;
    try {
      const nowUs = this.#machine.clock.nowUs();
      if (!this.#lives(run)) await this.#inTurn(() => this.#endByItself());
      if (nowUs >= this.#nextLetActUs) await this.#inTurn(() => this.#letAct(nowUs));
      if (nowUs >= this.#nextTuneUs) await this.#inTurn(() => this.#tune());
      await this.#inTurn(() => this.#adapt(nowUs));
    } catch (error) {
      // Processes come and go while it is written; the next look tells more.
      if (!(error instanceof ThermoclineError)) throw error;
    } finally {
      this.#isTending = false;
    }
  }

  /** Slows down or recovers by what it costs, and follows processes. */
  async #adapt(nowUs: number): Promise<void> {
    const run = this.#run;
    if (run === null || this.#end !== null || !this.#lives(run)) return;
    const { sampleIntervalUs } = run.params.attrs;
    const mustChange = this.#ceiling.update({
      nowUs,
      cpuUs: this.#cpuUs(),
      sampleIntervalUs: this.#last?.sampleIntervalUs ?? sampleIntervalUs,
      askedIntervalUs: shortestSampleIntervalUs(this.#asked.attrs),
    });
    const mustFollow = nowUs >= this.#nextFollowUs;
    if (mustFollow) this.#nextFollowUs = nowUs + this.#followEveryUs;
    const targets = mustChange || mustFollow ? this.#followed(run) : null;
    if (!mustChange && targets === null) return;
    const currentUs = this.#last?.sampleIntervalUs ?? sampleIntervalUs;
    const attrs = mustChange
      ? stretchAttrs(this.#asked.attrs, this.#ceiling.leastIntervalUs, currentUs)
      : run.params.attrs;
    await run.commit({ ...this.#asked, attrs }, targets ?? undefined);
  }

  /** Does what the kernel can't: see `kernel-tuning.ts`. */
  async #tune(): Promise<void> {
    const run = this.#run;
    if (run === null || this.#end !== null || this.#isPaused) return;
    const snapshot = await this.#look();
    const tuned = tunedBySnapshot(run.params.attrs, snapshot);
    if (tuned !== null) await run.commit({ ...this.#asked, attrs: tuned });
    this.#scheduleTuning(tuned ?? run.params.attrs);
  }

  /** Lets schemes act as limits come into force; asks the more rarely, the longer it lasts. */
  async #letAct(nowUs: number): Promise<void> {
    const run = this.#run;
    if (run === null || this.#end !== null || this.#isPaused || run.held.size === 0) return;
    this.#nextLetActUs = nowUs + Math.min(nowUs - this.#heldSinceUs, LONGEST_LET_ACT_US);
    await run.letAct();
  }

  #scheduleLetAct(): void {
    this.#heldSinceUs = this.#machine.clock.nowUs();
    this.#nextLetActUs = this.#heldSinceUs;
  }

  #scheduleTuning({ aggregationIntervalUs, intervalsGoal }: Attrs): void {
    this.#nextTuneUs = this.#run?.plan.tunesHere
      ? this.#machine.clock.nowUs() + aggregationIntervalUs * intervalsGoal.aggregations
      : Number.POSITIVE_INFINITY;
  }

  async #look(): Promise<Snapshot> {
    const run = this.#running();
    if (this.#isPaused && this.#last !== null) return this.#last;
    try {
      this.#last = await run.snapshot();
    } catch (error) {
      if (!this.#lives(run)) await this.#endByItself();
      throw this.#end === null ? error : alreadyEnded(this.#end);
    }
    return this.#last;
  }

  /** Reads on as long as anybody listens, as often as aggregations end and the ceiling allows. */
  async #feedStream(): Promise<void> {
    if (this.#isStreaming) return;
    this.#isStreaming = true;
    const { clock } = this.#machine;
    while (this.#end === null && this.#stream.hasReaders) {
      const startUs = clock.nowUs();
      const spentBefore = this.#run?.readingUs ?? 0;
      let pauseUs = TEND_MS * 1000;
      try {
        const snapshot = await this.snapshot();
        if (!this.#isPaused) this.#stream.publish(snapshot);
        const tookUs = clock.nowUs() - startUs;
        const spentUs = (this.#run?.readingUs ?? 0) - spentBefore;
        pauseUs = Math.max(
          snapshot.aggregationIntervalUs - tookUs,
          spentUs / (this.#ceiling.ceiling * STREAM_SHARE) - tookUs,
        );
      } catch {
        // It has ended, which the loop sees, or it is tried again.
      }
      // Not what keeps the process alive: it may outlast the monitor by minutes.
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, pauseUs) / 1000).unref());
    }
    this.#isStreaming = false;
  }

  #setPaused(paused: boolean): Promise<void> {
    return this.#inTurn(async () => {
      const run = this.#running();
      if (hasFeature(run.features, 'pause') === false) {
        throw new ThermoclineError(
          'TC_UNSUPPORTED',
          "DAMON in this kernel can't pause (it has no file pause); stop the monitor, and start a " +
            'new one later.',
        );
      }
      if (paused && this.#last === null) await this.#look();
      await run.commit({ ...this.#asked, attrs: run.params.attrs, paused });
      this.#asked = { ...this.#asked, paused };
      this.#isPaused = paused;
    });
  }

  #followed(run: KernelRun): ReturnType<typeof nextTargets> {
    if (this.#processes === null) return null;
    const removes = hasFeature(run.features, 'obsolete_target') !== false;
    return nextTargets(run.params.targets, this.#processes.currentPids(), removes);
  }

  #openProcesses(): ProcessTree | null {
    const { operations, targets } = this.#asked;
    if (operations === 'paddr') return null;
    const pids = targets.flatMap(({ pid }) => pid ?? []);
    return new ProcessTree(this.#spec.roots, pids, this.#spec.followChildren);
  }

  get #followEveryUs(): number {
    return Math.min(this.#asked.attrs.operationsUpdateIntervalUs, LONGEST_FOLLOW_US);
  }

  #lives(run: KernelRun): boolean {
    const { kdamond } = run.slot.claim;
    const { boot } = this.#machine;
    return kdamond !== null && boot.startTicksOf(kdamond.pid) === kdamond.startTicks;
  }

  async #endByItself(): Promise<void> {
    if (this.#end !== null) return;
    const gone = this.#processes !== null && this.#processes.currentPids().length === 0;
    const end: MonitorEnd = gone
      ? END_BY_TARGETS
      : { reason: 'failed', message: 'The kdamond has ended: somebody else has stopped it.' };
    try {
      await this.#release();
    } finally {
      this.#finish(end);
    }
  }

  async #release(): Promise<void> {
    this.#run?.[Symbol.dispose]();
    if (this.#slotNumber !== null) await this.#pool.release(this.#slotNumber);
  }

  #cpuUs(): number {
    const pid = this.#run?.slot.claim.kdamond?.pid;
    return (this.#run?.readingUs ?? 0) + (pid === undefined ? 0 : this.#machine.cpuUsOf(pid));
  }

  #cost(run: KernelRun): MonitorStats['cost'] {
    const cpuUs = this.#cpuUs();
    const inForce = shortestSampleIntervalUs(run.params.attrs);
    return {
      cpuUs,
      cpuShare: this.#ceiling.cpuShare(this.#machine.clock.nowUs(), cpuUs),
      ceiling: this.#ceiling.ceiling,
      stretch: inForce / shortestSampleIntervalUs(this.#asked.attrs),
      lateTicks: 0,
      lastClearUs: null,
    };
  }

  #running(): KernelRun {
    if (this.#end !== null) throw alreadyEnded(this.#end);
    if (this.#run === null) throw notStarted();
    return this.#run;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }

  #finish(end: MonitorEnd): void {
    if (this.#end !== null) return;
    this.#end = end;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#stream.end();
    this.#settleEnded(end);
  }
}

/** Whether other processes are to be watched than before. */
function namesOthers(before: Params, after: Params): boolean {
  const pids = ({ targets }: Params) => targets.map(({ pid }) => pid).join();
  return after.targets.length > 0 && pids(before) !== pids(after);
}

function withGoalValue(params: Params, scheme: number, goal: number, value: number): Params {
  const one = params.schemes[scheme]!;
  const goals = one.quota.goals.with(goal, { ...one.quota.goals[goal]!, currentValue: value });
  return {
    ...params,
    schemes: params.schemes.with(scheme, { ...one, quota: { ...one.quota, goals } }),
  };
}
