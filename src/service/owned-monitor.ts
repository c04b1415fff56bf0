import type {
  FiguresPoint,
  GoalView,
  MappingPoint,
  MonitorOrigin,
  MonitorSpec,
  MonitorState,
  MonitorView,
  StatsAnswer,
} from '../client/api-types.ts';
import { encodeFrame, type SnapshotFrame } from '../client/snapshot-frame.ts';
import type { ActingSession } from '../control/acting-session.ts';
import type { StandIn } from '../control/stand-in-for-stat.ts';
import type { Monitor, MonitorEnd, MonitorStats } from '../monitor/monitor.ts';
import { SnapshotStream } from '../monitor/snapshot-stream.ts';
import { diffParams } from '../params/diff.ts';
import type { Snapshot } from '../params/snapshot.ts';
import type { Params } from '../params/types.ts';
import type { EventLog } from './event-log.ts';
import { figuresOf } from './figures.ts';
import { joinFrames } from './history/join-frames.ts';
import { LeveledHistory } from './history/leveled-history.ts';
import { type TimeRange, within } from './history/time-range.ts';
import { fromMemory, wholeHistory } from './history/whole-history.ts';
import { ceilingOf, type PreparedMonitor } from './open-monitor.ts';
import { patched } from './params-patch.ts';

/** So often figures are taken. */
const FIGURES_EVERY_US = 1_000_000;
const MAX_PICTURES_BYTES = 32 * 2 ** 20;
const MAX_FIGURES_BYTES = 2 * 2 ** 20;
/** More mappings than anybody looks at. */
const MAX_MAPPINGS = 1000;

/** What a monitor saw last, all at about the same moment. */
export interface LatestLook {
  readonly figures: FiguresPoint;
  /** Of the look before, for what happens in between; null at first. */
  readonly before: FiguresPoint | null;
  readonly stats: MonitorStats;
  readonly snapshot: Snapshot;
}

/** Writes what a monitor sees to disk. Either may throw; the monitor goes on without it then. */
export interface Recording {
  take(snapshot: Snapshot): Promise<void>;
  /** @param reason one sentence: why nothing follows */
  end(reason: string): Promise<void>;
}

/** What monitors have seen, on disk. */
export interface Recordings {
  /** Begins a recording of a monitor that has been started. */
  begin(name: string, monitor: Monitor, params: Params): Recording;
  /** Pictures of the range, evenly over what there is of it, the oldest first. */
  read(name: string, range: TimeRange): Promise<SnapshotFrame[]>;
  /** Lays aside what there is by this name: a later monitor of the name is another one. */
  retire(name: string): void;
}

/** What was prepared, and the monitor that was made of it. */
interface OpenedMonitor extends Omit<PreparedMonitor, 'open'> {
  readonly monitor: Monitor;
}

/** What an owned monitor needs from the service. */
export interface OwnedMonitorOptions {
  readonly spec: MonitorSpec;
  readonly origin: MonitorOrigin;
  readonly opened: OpenedMonitor;
  readonly events: EventLog;
  /** Held while schemes act on real memory. */
  readonly session: ActingSession | null;
  /** For DAMON_STAT, while that is handed over. */
  readonly standIn: StandIn;
  /** Null: nothing is recorded. */
  readonly recordings: Recordings | null;
  /** Microseconds since 1970. */
  readonly startedAtUs: number;
}

/** A monitor with a name, its history, and those who read it. */
export class OwnedMonitor {
  readonly origin: MonitorOrigin;
  /** Settles once nothing of it runs any more. */
  readonly over: Promise<void>;
  readonly #opened: OpenedMonitor;
  readonly #events: EventLog;
  readonly #session: ActingSession | null;
  readonly #standIn: StandIn;
  readonly #recordings: Recordings | null;
  #recording: Recording | null = null;
  readonly #startedAtUs: number;
  readonly #pictures = new LeveledHistory<SnapshotFrame>({
    maxBytes: MAX_PICTURES_BYTES,
    bytesOf: frameBytes,
    join: joinFrames,
  });
  readonly #figures = new LeveledHistory<FiguresPoint>({
    maxBytes: MAX_FIGURES_BYTES,
    bytesOf: figuresBytes,
    join: (points) => points.at(-1)!,
  });
  readonly #frames = new SnapshotStream<Uint8Array>();
  readonly #warnings = new Set<string>();
  #spec: MonitorSpec;
  #params: Params;
  #paused = false;
  #end: MonitorEnd | null = null;
  #nextFiguresUs = 0;
  #nrPictures = 0;
  /** Of the window before, where nothing has come in between. */
  #lastWindow: Pick<Snapshot, 'timeUs' | 'tick'> | null = null;
  #latest: LatestLook | null = null;
  readonly #onLook = new Set<(look: LatestLook) => void>();

  /** The monitor has been started already. */
  constructor(options: OwnedMonitorOptions) {
    this.#spec = options.spec;
    this.origin = options.origin;
    this.#opened = options.opened;
    this.#params = options.opened.params;
    this.#events = options.events;
    this.#session = options.session;
    this.#standIn = options.standIn;
    this.#startedAtUs = options.startedAtUs;
    this.#recordings = options.recordings;
    this.over = this.#run();
  }

  get name(): string {
    return this.#spec.name;
  }

  /** As it would have to be asked for again. */
  get spec(): MonitorSpec {
    return this.#spec;
  }

  /** Which slot of the kernel it has; null: none. */
  get slot(): number | null {
    return this.#opened.monitor.slot?.number ?? null;
  }

  /** For requests about its slot; `commit` and `stop` come from the service. */
  get monitor(): Monitor {
    return this.#opened.monitor;
  }

  get params(): Params {
    return this.#params;
  }

  /** What it saw last, for those who must not wait; null before the first time. */
  get latest(): LatestLook | null {
    return this.#latest;
  }

  /**
   * Calls `tell` with each look, about once a second.
   * @returns what ends it
   */
  onLook(tell: (look: LatestLook) => void): () => void {
    this.#onLook.add(tell);
    return () => void this.#onLook.delete(tell);
  }

  /** Pictures that were taken since the start. */
  get nrPictures(): number {
    return this.#nrPictures;
  }

  get paused(): boolean {
    return this.#paused;
  }

  get state(): MonitorState {
    if (this.#end !== null) return this.#end.reason === 'failed' ? 'failed' : 'ended';
    return this.#paused ? 'paused' : 'running';
  }

  /** What its histories take in memory. */
  get historyBytes(): number {
    return this.#pictures.bytes + this.#figures.bytes;
  }

  view(): MonitorView {
    const { description, slot } = this.#opened.monitor;
    return {
      name: this.name,
      origin: this.origin,
      state: this.state,
      message: this.#end?.message ?? '',
      watch: this.#spec.watch,
      act: this.#spec.act ?? 'count',
      cpuCeiling: ceilingOf(this.#spec),
      kind: description.kind,
      operationsSet: description.operationsSet,
      resolution: description.resolution,
      caveats: description.caveats,
      params: this.#params,
      startedAtUs: this.#startedAtUs,
      slot: slot === undefined || slot === null ? null : { ...slot, ownerPid: process.pid },
    };
  }

  /** Parameters that a commit of `written` would put in place. Throws TC_INVALID. */
  paramsFor(written: unknown): Params {
    return this.#opened.paramsFor(written);
  }

  /** For a trial of `written`, where nothing acts whatever its actions are. Throws TC_INVALID. */
  trialParamsFor(written: unknown): Params {
    return this.#opened.trialParamsFor(written);
  }

  /** What a commit of `written` would change, a line each. Throws TC_INVALID. */
  changesFor(written: unknown): string[] {
    return diffParams(this.#params, this.paramsFor(written));
  }

  /** All parameters as they are, with those that `patch` names changed. */
  patchedParams(patch: unknown): unknown {
    return patched(this.#params, patch);
  }

  /**
   * Replaces all parameters. Throws, with nothing changed, when they are refused.
   * @returns what it changes, a line each
   */
  async commit(written: unknown): Promise<string[]> {
    const params = this.paramsFor(written);
    const changes = diffParams(this.#params, params);
    for (const text of this.#opened.steps(params)) this.#session?.record({ text, undo: null });
    await this.#opened.monitor.commit(params);
    this.#params = params;
    this.#spec = { ...this.#spec, params: written };
    return changes;
  }

  async pause(): Promise<void> {
    await this.#opened.monitor.pause();
    this.#paused = true;
    this.#lastWindow = null;
  }

  async resume(): Promise<void> {
    await this.#opened.monitor.resume();
    this.#paused = false;
  }

  async snapshot(): Promise<SnapshotFrame> {
    const snapshot = await this.#opened.monitor.snapshot();
    return { snapshot, spanUs: snapshot.aggregationIntervalUs };
  }

  stats(): Promise<MonitorStats> {
    return this.#opened.monitor.stats();
  }

  /** Figures now, and those of the past. */
  async statsAnswer(range: TimeRange): Promise<StatsAnswer> {
    const [snapshot, stats] = await Promise.all([this.#opened.monitor.snapshot(), this.stats()]);
    return {
      now: figuresOf(snapshot, stats),
      cost: stats.cost,
      mappings: this.#mappings(stats),
      warnings: stats.warnings,
      dryRunCalls: stats.dryRunCalls ?? [],
      history: within(this.#figures.items(), ({ timeUs }) => timeUs, range),
    };
  }

  /** Pictures that are in memory, the oldest first. */
  pictures(range: TimeRange): SnapshotFrame[] {
    return fromMemory(this.#pictures.items(), range);
  }

  /** The same, with what is in memory no more, or only in coarser form, out of recordings. */
  async history(range: TimeRange): Promise<SnapshotFrame[]> {
    const recordings = this.#recordings;
    if (recordings === null) return this.pictures(range);
    const read = (part: TimeRange) => recordings.read(this.name, part);
    return await wholeHistory(this.#pictures.items(), range, read);
  }

  /** One encoded frame at the end of each aggregation interval; a slow reader misses some. */
  frames(signal: AbortSignal): AsyncGenerator<Uint8Array, void, void> {
    return this.#frames.read(undefined, signal);
  }

  async goals(): Promise<GoalView[]> {
    const { schemes } = await this.stats();
    return this.#params.schemes.flatMap(({ quota }, schemeIndex) =>
      quota.goals.map(({ metric, targetValue, currentValue }, goalIndex) => ({
        schemeIndex,
        goalIndex,
        metric,
        targetValue,
        currentValue: schemes[schemeIndex]?.goalValues[goalIndex] ?? currentValue,
      })),
    );
  }

  async feedGoal(schemeIndex: number, goalIndex: number, value: number): Promise<void> {
    await this.#opened.monitor.setGoalValue(schemeIndex, goalIndex, value);
  }

  /** Stops, and returns once nothing of it runs any more. */
  async stop(): Promise<void> {
    await this.#opened.monitor.stop();
    await this.over;
  }

  async #run(): Promise<void> {
    const { monitor } = this.#opened;
    await this.#recorded(() => {
      this.#recording = this.#recordings?.begin(this.name, monitor, this.#params) ?? null;
    });
    this.#session?.signal.addEventListener('abort', () => void monitor.stop(), { once: true });
    for await (const snapshot of monitor.snapshots()) await this.#take(snapshot);
    this.#end = this.#reasonToEnd() ?? (await monitor.ended);
    this.#frames.end();
    await this.#recorded(() => this.#recording?.end(this.#end!.message));
    await this.#standIn?.[Symbol.asyncDispose]();
    await this.#session?.close();
    this.#events.add('ended', this.name, `${this.name}: ${this.#end.message}`);
  }

  /** Acting that had to end ends the monitor, too: its schemes may do nothing any more. */
  #reasonToEnd(): MonitorEnd | null {
    const { aborted = false, reason } = this.#session?.signal ?? {};
    return aborted ? { reason: 'failed', message: (reason as Error).message } : null;
  }

  async #take(snapshot: Snapshot): Promise<void> {
    const frame = { snapshot, spanUs: this.#spanOf(snapshot) };
    this.#lastWindow = snapshot;
    // Whoever has got a picture finds it in the history, too.
    this.#pictures.add(frame);
    if (this.#frames.hasReaders) this.#frames.publish(encodeFrame(frame));
    await this.#recorded(() => this.#recording?.take(snapshot));
    this.#nrPictures += 1;
    if (snapshot.timeUs < this.#nextFiguresUs) return;
    this.#nextFiguresUs = snapshot.timeUs + FIGURES_EVERY_US;
    const stats = await this.stats().catch(() => null);
    // The monitor has ended since; what it saw is in the history all the same.
    if (stats === null) return;
    const figures = figuresOf(snapshot, stats);
    this.#figures.add(figures);
    const before = this.#latest?.figures ?? null;
    this.#latest = { figures, before, stats, snapshot };
    for (const tell of this.#onLook) tell(this.#latest);
    this.#noteWarnings(stats.warnings);
  }

  /** A window that ended late has lasted longer; between two that are apart nothing was seen. */
  #spanOf({ timeUs, tick, windowSamples, aggregationIntervalUs }: Snapshot): number {
    const last = this.#lastWindow;
    const follows = last !== null && tick - last.tick <= windowSamples;
    return follows ? timeUs - last.timeUs : aggregationIntervalUs;
  }

  /** A full disk ends the recording, and nothing else. */
  async #recorded(work: () => Promise<void> | void | undefined): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#recording = null;
      const reason = (error as Error).message;
      this.#events.add('warning', this.name, `${this.name} is not recorded any more: ${reason}`);
    }
  }

  #noteWarnings(warnings: readonly string[]): void {
    for (const text of warnings) {
      if (!this.#warnings.has(text)) this.#events.add('warning', this.name, text);
    }
    this.#warnings.clear();
    for (const text of warnings) this.#warnings.add(text);
  }

  #mappings({ mappings }: MonitorStats): MappingPoint[] {
    if (mappings.length > 0) {
      const bySize = mappings.toSorted((a, b) => b.end - b.start - (a.end - a.start));
      return bySize.slice(0, MAX_MAPPINGS);
    }
    const unknown = { residentBytes: null, swappedBytes: null, touchedBytes: null };
    return this.#opened.places
      .slice(0, MAX_MAPPINGS)
      .map((place) => ({ ...place, ...unknown, untouchedUs: null }));
  }
}

function frameBytes({ snapshot }: SnapshotFrame): number {
  const perRegion =
    28 + (snapshot.probeHits === null ? 0 : 16) + (snapshot.filterPassedBytes === null ? 0 : 8);
  return 512 + snapshot.nrRegions * perRegion;
}

function figuresBytes({ schemes }: FiguresPoint): number {
  return schemes.reduce((sum, { goalValues }) => sum + 160 + 8 * goalValues.length, 512);
}
