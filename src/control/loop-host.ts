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
  /** Allocations that had to reclaim memory themselves, of the whole machine. */
  readonly stalledAllocations: number;
}

/** The share of the time between two looks in which somebody waited for memory. */
export function pressureBetween(
  before: Pick<LoopTotals, 'timeUs' | 'memoryPressure'>,
  now: Pick<LoopTotals, 'timeUs' | 'memoryPressure'>,
): number {
  if (before.memoryPressure === null || now.memoryPressure === null) return 0;
  const stallUs = now.memoryPressure.someUs - before.memoryPressure.someUs;
  return Math.max(0, stallUs) / Math.max(1, now.timeUs - before.timeUs);
}

/** A host as the loop reads it. */
export interface LoopHost {
  facts(): HostFacts;
  totals(): LoopTotals;
  /** Who else steers the same memory, as sentences that say so. */
  rivals(): readonly string[];
}
