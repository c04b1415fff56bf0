/** What the loop sees of a machine, whether it is real or simulated. */
import type { HostFacts, Pressure } from '../host/host.ts';

/** Running totals since the host's start, of the subject where it has its own. */
export interface LoopTotals {
  /** On the clock of the run. */
  readonly timeUs: number;
  readonly memoryPressure: Pressure | null;
  readonly ioPressure: Pressure | null;
  readonly residentBytes: number;
  /** Away in swap at present. */
  readonly swappedBytes: number;
  /** Came back because it was accessed. */
  readonly refaultedBytes: number;
  /** Memory that compressed swap takes up at present. */
  readonly poolBytes: number;
  readonly swapIsCompressed: boolean;
  readonly swapIsOnDisk: boolean;
  readonly swapTotalBytes: number;
  readonly swapUsedBytes: number;
  /** Written to disks by reclaim: swap and dirty pages of files. */
  readonly diskWriteBytes: number;
}

/** A host as the loop reads it. */
export interface LoopHost {
  facts(): HostFacts;
  totals(): LoopTotals;
  /** Who else steers the same memory, as sentences that say so. */
  rivals(): readonly string[];
}
