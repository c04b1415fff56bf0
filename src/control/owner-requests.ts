/** What can be asked of whoever owns a slot of the kernel: `thermocline start`, or the service. */
import { slotSocket } from '../monitor/kernel-slots.ts';
import type { MonitorStats } from '../monitor/monitor.ts';
import type { Params } from '../params/types.ts';
import { askOwner } from './owner-socket.ts';

/** One request. */
export type OwnerRequest =
  | { readonly ask: 'status' }
  /** Fields to set, each as `path=value`; `dryRun` only says what would change. */
  | { readonly ask: 'tune'; readonly settings: readonly string[]; readonly dryRun: boolean }
  /** Answered before it is done: the slot tells when it is free. */
  | { readonly ask: 'stop' };

/** How what runs is doing. */
export interface OwnerStatus {
  /** What the user asked for, with what was tuned since. */
  readonly params: Params;
  readonly notes: readonly string[];
  readonly cost: MonitorStats['cost'];
  readonly warnings: readonly string[];
  /** Counters as decimal digits: they are 64 bits wide. */
  readonly schemes: readonly Readonly<Record<string, string | null>>[];
  readonly nrRegions: number;
  readonly watchedBytes: number;
  /** In regions that were accessed. */
  readonly workingSetBytes: number;
}

/** What a tuning has changed, in sentences; empty when nothing differed. */
export interface TuneAnswer {
  readonly changes: readonly string[];
}

/** Null where the slot's owner does not listen. Throws `ThermoclineError`. */
export async function askSlotOwner<T>(
  stateDir: string,
  slot: number,
  request: OwnerRequest,
): Promise<T | null> {
  return (await askOwner(slotSocket(stateDir, slot), request)) as T | null;
}
