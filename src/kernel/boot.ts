import type { Roots } from '../host/host.ts';
import { currentBootId } from '../host/linux/process-identity.ts';
import { hasEnded, readProcessStat } from '../host/linux/process-stat.ts';
import type { Boot } from './claim.ts';

/** This machine, since it was started. */
export function currentBoot(roots: Roots): Boot {
  return {
    bootId: currentBootId(),
    startTicksOf(pid) {
      const stat = readProcessStat(roots, pid);
      return stat === null || hasEnded(stat) ? null : stat.startTicks;
    },
  };
}
