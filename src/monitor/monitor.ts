import type { Capability } from '../core/operations.ts';
import type { SchemeState, Snapshot } from '../params/snapshot.ts';
import type { Params } from '../params/types.ts';

/** What a monitor can tell about where accesses happen. */
export type Resolution =
  /** Each region was sampled by itself. */
  | 'location'
  /** Only how much of each mapping was touched is known, not where in it. */
  | 'amount';

/** What a monitor is, and what must be known of its pictures. */
export interface MonitorDescription {
  readonly kind: 'engine' | 'kernel';
  /** The operations set that watches: `sim`, `smaps`, `vaddr`, … */
  readonly operationsSet: string;
  readonly resolution: Resolution;
  /** Sentences that every view must show: what is not known, what watching perturbs. */
  readonly caveats: readonly string[];
  readonly capabilities: readonly Capability[];
}

/** One mapping of a watched process, where the operations set knows mappings. */
export interface MappingView {
  readonly targetIndex: number;
  readonly pid: number;
  readonly start: number;
  readonly end: number;
  /** `[heap]`, `[stack]`, a file's path, or empty. */
  readonly name: string;
  readonly residentBytes: number;
  readonly swappedBytes: number;
  /** Touched in the last sampling interval; exact where the resolution is `amount`. */
  readonly touchedBytes: number;
  /** For how long nothing of it was touched, in microseconds of the monitor's clock. */
  readonly untouchedUs: number;
}

/** What watching costs, measured. */
export interface MonitorCost {
  /** CPU time that the monitor has used. */
  readonly cpuUs: number;
  /** Share of one CPU over the last seconds, 0…1. */
  readonly cpuShare: number;
  /** The share that it may use. */
  readonly ceiling: number;
  /** The sampling interval in force over the one that was asked for; above 1: stretched. */
  readonly stretch: number;
  /**
   * Sampling intervals that ended late by more than half, because work or the machine held them up.
   */
  readonly lateTicks: number;
  /** Microseconds that the last clearing of referenced bits took, where the set clears. */
  readonly lastClearUs: number | null;
}

/** How a monitor is doing at one moment. */
export interface MonitorStats {
  readonly tick: number;
  readonly schemes: readonly SchemeState[];
  readonly cost: MonitorCost;
  /** Empty where the operations set knows no mappings. */
  readonly mappings: readonly MappingView[];
  /** Sentences about limits that can't be kept at present; empty when all is well. */
  readonly warnings: readonly string[];
  /** The calls that a dry run would have made, the latest last; absent in any other run. */
  readonly dryRunCalls?: readonly string[];
}

/** Why a monitor has ended. */
export interface MonitorEnd {
  readonly reason: 'stopped' | 'targets-gone' | 'failed';
  /** One sentence. */
  readonly message: string;
}

/**
 * One way of watching and acting: the engine in this process, or the kernel's DAMON. Everything
 * above talks to this and to nothing below it.
 */
export interface Monitor extends AsyncDisposable {
  /** Capabilities and caveats are complete once `start` is done. */
  readonly description: MonitorDescription;
  /** Of the kernel's DAMON, which it has while it runs; absent where it has none. */
  readonly slot?: { readonly number: number; readonly kdamondPid: number | null } | null;
  start(): Promise<void>;
  /**
   * Replaces the parameters while running; what was learnt is kept (spec 7.2). Throws when refused.
   */
  commit(params: Params): Promise<void>;
  /** Feeds the current value of a `user_input` goal. */
  setGoalValue(schemeIndex: number, goalIndex: number, value: number): Promise<void>;
  /** The picture at this moment, not only at the end of an aggregation interval. */
  snapshot(): Promise<Snapshot>;
  stats(): Promise<MonitorStats>;
  /**
   * One snapshot at the end of each aggregation interval; a slow reader skips, nothing piles up.
   */
  snapshots(): AsyncIterable<Snapshot>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Stops and returns once nothing runs any more. */
  stop(): Promise<void>;
  /** Settles when monitoring has ended, for whatever reason. */
  readonly ended: Promise<MonitorEnd>;
}
