/** What can be asked of a process that `thermocline start` has become. */
import { askOwner } from '../../control/owner-socket.ts';
import { SlotRecords } from '../../kernel/slot-records.ts';
import type { MonitorStats } from '../../monitor/monitor.ts';
import type { Params } from '../../params/types.ts';

/** One request. */
export type OwnerRequest =
  | { readonly ask: 'status' }
  /** Fields to set, each as `path=value`; `dryRun` only says what would change. */
  | { readonly ask: 'tune'; readonly settings: readonly string[]; readonly dryRun: boolean };

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

/** Where the owner of a slot listens. */
export function ownerSocket(stateDir: string, slot: number): string {
  return `${new SlotRecords(stateDir).folder}/slot-${slot}.sock`;
}

/** Null where the slot was not started by `thermocline start`. Throws `ThermoclineError`. */
export async function askSlotOwner<T>(
  stateDir: string,
  slot: number,
  request: OwnerRequest,
): Promise<T | null> {
  return (await askOwner(ownerSocket(stateDir, slot), request)) as T | null;
}
