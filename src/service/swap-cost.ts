import type { LoopTotals } from '../control/loop-host.ts';
import type { HostReader } from '../host/host.ts';
import { readReclaimCounters } from '../host/linux/reclaim-counters.ts';
import { faultUs, swapIsCompressed } from '../policies/swap-cost.ts';

/** How the machine's swap stands, which tells what keeping memory away costs. */
export interface SwapCost
  extends Pick<LoopTotals, 'poolBytes' | 'swapIsCompressed' | 'swapUsedBytes'> {
  /** Microseconds for which somebody waits until a page is back. */
  readonly faultUs: number;
}

/** As it is now. */
export function swapCostOf(host: HostReader): SwapCost {
  const facts = host.facts();
  return {
    poolBytes: readReclaimCounters(host.roots).poolBytes,
    swapIsCompressed: swapIsCompressed(facts),
    swapUsedBytes: facts.memory.swapTotalBytes - facts.memory.swapFreeBytes,
    faultUs: faultUs(facts),
  };
}

/** What is swapped out less what swap takes of memory for it: of its pool, in proportion. */
export function netBytes(grossBytes: number, cost: SwapCost): number {
  const { poolBytes, swapIsCompressed, swapUsedBytes } = cost;
  if (!swapIsCompressed || swapUsedBytes <= 0) return grossBytes;
  return Math.round(grossBytes * (1 - Math.min(1, poolBytes / swapUsedBytes)));
}
