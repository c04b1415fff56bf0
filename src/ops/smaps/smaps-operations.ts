import type { Clock } from '../../base/clock.ts';
import { ThermoclineError } from '../../base/errors.ts';
import type {
  Capability,
  ChosenRegion,
  MonitoredTarget,
  Operations,
  OperationsContext,
  Outcome,
  Priority,
} from '../../core/operations.ts';
import type { Roots } from '../../host/host.ts';
import { readPageSize } from '../../host/linux/page-size.ts';
import type { Syscalls } from '../../host/linux/syscalls.ts';
import type { Action } from '../../params/types.ts';
import { countAccesses, watchedRanges } from './access.ts';
import { type Actor, DryRunActor, SyscallActor } from './actor.ts';
import { applyToRegion } from './apply.ts';
import { CAVEATS, checkProcess, probeCapabilities } from './probe.ts';
import { ProcessTree } from './process-tree.ts';
import { SmapsReader } from './smaps-reader.ts';
import { WatchedProcess } from './watched-process.ts';

/** What to watch, and whether to act on it. */
export interface SmapsOptions {
  readonly roots: Roots;
  /** The processes that may be watched; targets name which of them are. */
  readonly pids: readonly number[];
  readonly clock: Clock;
  /** Absent: schemes act on nothing. */
  readonly act?: {
    readonly syscalls: Syscalls;
    readonly dryRun: boolean;
    /** As in `ApplySurroundings`. */
    readonly fromNids?: readonly number[];
  };
  /** Watch processes that are large, too. */
  readonly force?: boolean;
  /** Processes that those of `pids` start may be watched, too. By default they may not. */
  readonly followChildren?: boolean;
}

/** One mapping as the last sample found it. */
export interface MappingState {
  readonly targetIndex: number;
  readonly pid: number;
  readonly start: number;
  readonly end: number;
  readonly name: string;
  readonly residentBytes: number;
  readonly swappedBytes: number;
  readonly touchedBytes: number;
  readonly untouchedUs: number;
}

/**
 * Watches processes by the amounts that `/proc/PID/smaps` tells, without DAMON in the kernel: clear
 * the referenced bits, wait for a sampling interval, read how much of each mapping was touched.
 */
export class SmapsOperations implements Operations {
  readonly id = 'vaddr';
  readonly #options: SmapsOptions;
  readonly #tree: ProcessTree;
  readonly #reader = new SmapsReader();
  readonly #actor: Actor | null;
  readonly #pageSizeBytes: number;
  /** Null: the target can't be watched. */
  readonly #watched = new Map<MonitoredTarget, WatchedProcess | null>();
  #targetProblem: string | null = null;
  #clearingTick = -1;
  #lastClearUs = 0;

  /** Throws one sentence when one of the processes can't be watched. */
  constructor(options: SmapsOptions) {
    const { roots, pids, act, force = false } = options;
    for (const pid of pids) checkProcess(roots, pid, force);
    this.#options = options;
    this.#tree = new ProcessTree(roots, pids, options.followChildren ?? false);
    this.#pageSizeBytes = readPageSize(roots);
    this.#actor = !act
      ? null
      : act.dryRun
        ? new DryRunActor()
        : new SyscallActor(act.syscalls, this.#pageSizeBytes);
  }

  /**
   * What clearing the referenced bits took in the last sample, all processes together; 0 before.
   */
  get lastClearUs(): number {
    return this.#lastClearUs;
  }

  /** Sentences that every view must show. */
  get caveats(): readonly string[] {
    const now = [this.#targetProblem, this.#actor?.problem ?? null];
    return [...CAVEATS, ...now.filter((sentence) => sentence !== null)];
  }

  /** The calls that a dry run would have made, the latest last. */
  get dryRunCalls(): readonly string[] {
    return this.#actor instanceof DryRunActor ? this.#actor.calls : [];
  }

  /** Processes that should be targets by now; each commit of parameters may take new ones in. */
  currentPids(): number[] {
    return this.#tree.currentPids();
  }

  mappings(): MappingState[] {
    const states: MappingState[] = [];
    for (const [target, watched] of this.#watched) {
      const table = watched?.table;
      for (let row = 0; row < (table?.nr ?? 0); row++) {
        if (!table!.isWatched(row)) continue;
        states.push({
          targetIndex: target.index,
          pid: watched!.pid,
          start: table!.start[row]!,
          end: table!.end[row]!,
          name: table!.name[row]!,
          residentBytes: table!.residentBytes[row]!,
          swappedBytes: table!.swappedBytes[row]!,
          touchedBytes: table!.touchedBytes[row]!,
          untouchedUs: table!.readAtUs - table!.untouchedSinceUs[row]!,
        });
      }
    }
    return states;
  }

  capabilities(): readonly Capability[] {
    return probeCapabilities(this.#options.roots, this.#options.act?.syscalls ?? null);
  }

  init(context: OperationsContext): void {
    for (const target of context.targets) this.#watch(context, target);
  }

  update(context: OperationsContext): void {
    for (const target of context.targets) {
      const watched = this.#watched.get(target);
      if (!watched) continue;
      watched.renew();
      this.#setRegions(context, target, watched);
    }
  }

  prepare(context: OperationsContext, target: MonitoredTarget): void {
    const watched = this.#watch(context, target);
    if (watched === null) return;
    if (context.tick !== this.#clearingTick) this.#lastClearUs = 0;
    this.#clearingTick = context.tick;
    const { clock } = this.#options;
    const beganUs = clock.nowUs();
    watched.clear();
    this.#lastClearUs += clock.nowUs() - beganUs;
  }

  check(_context: OperationsContext, target: MonitoredTarget): number {
    const watched = this.#watched.get(target);
    if (!watched) return 0;
    watched.read(this.#reader, this.#options.clock);
    return countAccesses(target.regions, watched.table);
  }

  priority(action: Action): Priority {
    if (action === 'migrate_hot') return 'hot';
    return action === 'pageout' || action === 'migrate_cold' ? 'cold' : 'none';
  }

  apply(context: OperationsContext, region: ChosenRegion, outcome: Outcome): void {
    const watched = this.#watched.get(region.target);
    if (!watched) return;
    applyToRegion(region, outcome, {
      watched,
      actor: this.#actor,
      fromNids: this.#options.act?.fromNids ?? [],
      aggregationIntervalUs: context.attrs.aggregationIntervalUs,
      pageSizeBytes: this.#pageSizeBytes,
    });
  }

  targetValid(target: MonitoredTarget): boolean {
    const watched = this.#watched.get(target);
    // A target that a commit brought is opened when it is first prepared.
    return watched === undefined || (watched?.isAlive() ?? false);
  }

  cleanup(target: MonitoredTarget): void {
    this.#watched.get(target)?.[Symbol.dispose]();
    this.#watched.delete(target);
  }

  /** Opens the target's process when it is new. Null when it can't be watched. */
  #watch(context: OperationsContext, target: MonitoredTarget): WatchedProcess | null {
    const known = this.#watched.get(target);
    if (known !== undefined) return known;
    const watched = this.#open(target);
    this.#watched.set(target, watched);
    if (watched !== null) {
      watched.read(this.#reader, this.#options.clock);
      if (target.regions.nr === 0) this.#setRegions(context, target, watched);
    }
    return watched;
  }

  /** A target that turns out unwatchable while monitoring runs is no reason to end it. */
  #open({ pid, index }: MonitoredTarget): WatchedProcess | null {
    const { roots, force = false } = this.#options;
    try {
      const stat = checkProcess(roots, pid ?? 0, force);
      if (this.#tree.has(stat)) return new WatchedProcess(roots, stat);
      this.#targetProblem = `Target ${index} is not watched: process ${pid} was not named.`;
    } catch (error) {
      if (!(error instanceof ThermoclineError)) throw error;
      this.#targetProblem = `Target ${index} is not watched: ${error.message}`;
    }
    return null;
  }

  #setRegions(context: OperationsContext, target: MonitoredTarget, watched: WatchedProcess): void {
    const ranges = watchedRanges(watched.table, target.regions, context.minRegionSize);
    if (ranges.length > 0) context.setRegions(target, ranges);
  }
}

/** The operations set for processes without kernel DAMON. Throws when one can't be watched. */
export function smapsOperations(options: SmapsOptions): SmapsOperations {
  return new SmapsOperations(options);
}
