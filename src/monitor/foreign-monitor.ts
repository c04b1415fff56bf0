import { availableParallelism } from 'node:os';
import { ThermoclineError } from '../base/errors.ts';
import type { LeverStep, Roots } from '../host/host.ts';
import { currentBoot } from '../kernel/boot.ts';
import {
  type ForeignContext,
  type ForeignPlace,
  readForeignContext,
} from '../kernel/foreign-context.ts';
import { RealSysfsReader } from '../kernel/real-sysfs.ts';
import type { SysfsReader } from '../kernel/sysfs-files.ts';
import type { TraceEvent, TraceInstance } from '../kernel/trace-instance.ts';
import {
  type TracedScheme,
  type TracedWindow,
  TraceWindows,
  tracedSnapshot,
} from '../kernel/trace-windows.ts';
import type { SchemeState, Snapshot } from '../params/snapshot.ts';
import type { Params } from '../params/types.ts';
import { DEFAULT_CPU_CEILING } from './cost-ceiling.ts';
import { openTracefs } from './kernel-slots.ts';
import { openTrace, type TraceSource } from './kernel-trace.ts';
import type { Monitor, MonitorDescription, MonitorEnd, MonitorStats } from './monitor.ts';
import {
  alreadyEnded,
  END_BY_REQUEST,
  errorData,
  notStarted,
  startedBefore,
} from './monitor-error.ts';
import { SnapshotStream } from './snapshot-stream.ts';

/** How often the trace is read while reading costs next to nothing. */
const READ_MS = 100;
/** How long a snapshot waits for the first window. */
const LONGEST_WAIT_US = 1_000_000;

/** A kdamond of somebody else, as plain data. */
export interface ForeignSpec {
  readonly set: 'foreign';
  readonly roots: Roots;
  readonly place: ForeignPlace;
}

/** What a foreign monitor needs besides. */
export interface ForeignMonitorOptions {
  /** Share of one CPU that reading the trace may use; 1 % by default. */
  readonly cpuCeiling?: number;
  /** Writes a step down before it is taken: the `record` of an `ActingSession`. */
  readonly record: (step: LeverStep) => void;
  /** The machine; tests pass one of their own. */
  readonly machine?: ForeignMachine;
}

/** What a foreign monitor sees of a machine. */
export interface ForeignMachine extends TraceSource {
  /** Has no way to write. */
  readonly files: SysfsReader;
  /** Microseconds of the clock that the trace has, `mono`. */
  nowUs(): number;
  startTicksOf(pid: number): number | null;
}

/**
 * Watches what a kdamond of somebody else sees, and what its schemes do: its files are read, its
 * trace points are listened to, and nothing of it is changed.
 */
export class ForeignMonitor implements Monitor {
  readonly ended: Promise<MonitorEnd>;
  readonly #spec: ForeignSpec;
  readonly #options: ForeignMonitorOptions;
  readonly #machine: ForeignMachine;
  readonly #ceiling: number;
  readonly #stream = new SnapshotStream();
  readonly #settleEnded: (end: MonitorEnd) => void;
  #isStarted = false;
  #watched: Watched | null = null;
  #end: MonitorEnd | null = null;
  #timer: NodeJS.Timeout | null = null;
  #last: Snapshot | null = null;
  #lastWindowUs: number | null = null;
  #readingUs = 0;
  #startUs = 0;

  constructor(spec: ForeignSpec, options: ForeignMonitorOptions) {
    this.#spec = spec;
    this.#options = options;
    this.#machine = options.machine ?? realMachine(spec.roots);
    this.#ceiling = options.cpuCeiling ?? DEFAULT_CPU_CEILING;
    const { promise, resolve } = Promise.withResolvers<MonitorEnd>();
    this.ended = promise;
    this.#settleEnded = resolve;
  }

  get description(): MonitorDescription {
    const context = this.#watched?.context;
    return {
      kind: 'kernel',
      operationsSet: context?.params.operations ?? 'vaddr',
      resolution: 'location',
      caveats: [
        'A kdamond of somebody else is watched: what it sees comes once in each of its aggregation ' +
          'intervals.',
        ...(context?.params.schemes.length ? [SCHEMES_CAVEAT] : []),
      ],
      capabilities: [],
    };
  }

  async start(): Promise<void> {
    if (this.#end !== null) throw alreadyEnded(this.#end);
    if (this.#isStarted) throw startedBefore();
    this.#isStarted = true;
    try {
      this.#watched = this.#begin();
    } catch (error) {
      this.#finish({ reason: 'failed', message: errorData(error).message });
      throw error;
    }
    this.#startUs = this.#machine.nowUs();
    this.#readSoon(0);
  }

  async commit(): Promise<void> {
    throw notOurs();
  }

  async setGoalValue(): Promise<void> {
    throw notOurs();
  }

  async pause(): Promise<void> {
    throw notOurs();
  }

  async resume(): Promise<void> {
    throw notOurs();
  }

  /** The last complete window; before the first one ends, a picture without regions. */
  async snapshot(): Promise<Snapshot> {
    const limitUs = this.#machine.nowUs() + LONGEST_WAIT_US;
    for (;;) {
      const watched = this.#running();
      this.#read(watched);
      if (this.#last !== null) return this.#last;
      const now = this.#machine.nowUs();
      if (now >= limitUs) return this.#picture(watched, { timeUs: now, rows: [] });
      await new Promise((resolve) => setTimeout(resolve, READ_MS));
    }
  }

  async stats(): Promise<MonitorStats> {
    const { context, windows } = this.#running();
    const { nrLostWindows, nrLostEvents } = windows;
    const elapsedUs = Math.max(1, this.#machine.nowUs() - this.#startUs);
    return {
      tick: this.#last?.tick ?? 0,
      schemes: context.params.schemes.map((_, index) => schemeState(windows.schemes.get(index))),
      cost: {
        cpuUs: this.#readingUs,
        cpuShare: this.#readingUs / elapsedUs,
        ceiling: this.#ceiling,
        ...{ stretch: 1, lateTicks: 0, lastClearUs: null },
      },
      mappings: [],
      warnings: [
        ...(this.#last === null
          ? ['No aggregation interval has ended yet, so there are no regions to show.']
          : []),
        ...(nrLostEvents > 0
          ? [
              `${nrLostEvents} trace events were lost, and ${nrLostWindows} pictures with them: more ` +
                'came than could be read in time.',
            ]
          : []),
      ],
    };
  }

  snapshots(): AsyncIterable<Snapshot> {
    return this.#stream.read();
  }

  async stop(): Promise<void> {
    this.#finish(END_BY_REQUEST);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #begin(): Watched {
    const { files, startTicksOf } = this.#machine;
    const context = readForeignContext(files, this.#spec.place);
    const { kdamondPid, params } = context;
    const trace = openTrace(this.#machine, kdamondPid, eventsFor(params), this.#options.record);
    const windows = new TraceWindows(params.targets.length);
    return { context, trace, windows, startTicks: startTicksOf(kdamondPid) };
  }

  /** Reads now and then, more rarely the more a reading costs. */
  #readSoon(waitMs: number): void {
    this.#timer = setTimeout(() => {
      const watched = this.#watched;
      if (watched === null || this.#end !== null) return;
      let spentUs = 0;
      try {
        spentUs = this.#read(watched);
      } catch (error) {
        this.#finish({ reason: 'failed', message: errorData(error).message });
        return;
      }
      const { kdamondPid } = watched.context;
      if (this.#machine.startTicksOf(kdamondPid) !== watched.startTicks) {
        this.#finish({ reason: 'targets-gone', message: `Kdamond ${kdamondPid} has ended.` });
        return;
      }
      this.#readSoon(Math.max(READ_MS, spentUs / this.#ceiling / 1000));
    }, waitMs);
    this.#timer.unref();
  }

  /** @returns the CPU time that it took */
  #read(watched: Watched): number {
    const before = process.cpuUsage();
    for (const piece of watched.trace.read()) {
      for (const window of watched.windows.take(piece)) {
        this.#last = this.#picture(watched, window);
        this.#stream.publish(this.#last);
      }
    }
    const { user, system } = process.cpuUsage(before);
    this.#readingUs += user + system;
    return user + system;
  }

  /** By the intervals in force: those of the last tuning, or, before one, those that are seen. */
  #picture({ context, windows }: Watched, window: TracedWindow): Snapshot {
    const { attrs, targets, addrUnit } = context.params;
    const { sampleIntervalUs: filedUs, aggregationIntervalUs, intervalsGoal } = attrs;
    const samples = Math.max(1, Math.floor(aggregationIntervalUs / Math.max(1, filedUs)));
    const sinceUs = this.#lastWindowUs === null ? null : window.timeUs - this.#lastWindowUs;
    const isTuned = intervalsGoal.aggregations > 0;
    const seenUs = isTuned && sinceUs !== null ? Math.round(sinceUs / samples) : filedUs;
    const sampleIntervalUs = windows.tunedSampleIntervalUs ?? seenUs;
    if (window.rows.length > 0) this.#lastWindowUs = window.timeUs;
    return tracedSnapshot(window, {
      timeUs: window.timeUs,
      wallTimeUs: Date.now() * 1000 - Math.max(0, this.#machine.nowUs() - window.timeUs),
      tick: (this.#last?.tick ?? 0) + (window.rows.length > 0 ? samples : 0),
      sampleIntervalUs,
      aggregationIntervalUs: sampleIntervalUs * samples,
      targetPids: targets.map(({ pid }) => pid ?? null),
      addrUnit,
    });
  }

  #running(): Watched {
    if (this.#end !== null) throw alreadyEnded(this.#end);
    if (this.#watched === null) throw notStarted();
    return this.#watched;
  }

  #finish(end: MonitorEnd): void {
    if (this.#end !== null) return;
    this.#end = end;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#watched?.trace[Symbol.dispose]();
    this.#stream.end();
    this.#settleEnded(end);
  }
}

interface Watched {
  readonly context: ForeignContext;
  readonly trace: TraceInstance;
  readonly windows: TraceWindows;
  readonly startTicks: number | null;
}

const SCHEMES_CAVEAT =
  'Of its schemes, what was tried is counted since watching began; kernels with the trace point ' +
  'damos_stat_after_apply_interval tell all counters since the schemes began.';

function eventsFor({ probes, schemes }: Params): TraceEvent[] {
  return [
    probes.length > 0 ? 'damon_region_aggregated' : 'damon_aggregated',
    'damon_monitor_intervals_tune',
    ...(schemes.length > 0
      ? (['damos_stat_after_apply_interval', 'damos_before_apply'] as const)
      : []),
  ];
}

function schemeState(traced: TracedScheme | undefined): SchemeState {
  return {
    stats: {
      nrTried: traced?.nrTried ?? 0n,
      triedBytes: traced?.triedBytes ?? 0n,
      nrApplied: traced?.nrApplied ?? 0n,
      appliedBytes: traced?.appliedBytes ?? 0n,
      filterPassedBytes: traced?.filterPassedBytes ?? 0n,
      nrQuotaExceeds: traced?.nrQuotaExceeds ?? 0n,
      nrSnapshots: traced?.nrSnapshots ?? 0n,
    },
    effectiveQuotaBytes: null,
    active: true,
    goalValues: [],
  };
}

function notOurs(): ThermoclineError {
  return new ThermoclineError(
    'TC_DENIED',
    "This kdamond is somebody else's, and is only watched; change it with the tool that started it.",
  );
}

function realMachine(roots: Roots): ForeignMachine {
  const boot = currentBoot(roots);
  return {
    files: new RealSysfsReader(roots.sys),
    traceFiles: openTracefs(roots),
    nrCpus: availableParallelism(),
    nowUs: () => Number(process.hrtime.bigint() / 1000n),
    startTicksOf: (pid) => boot.startTicksOf(pid),
  };
}
