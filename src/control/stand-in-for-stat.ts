/** Starts what stands in for DAMON_STAT while a monitor has it handed over. */
import { ThermoclineError } from '../base/errors.ts';
import { physicalRanges } from '../host/linux/physical-ranges.ts';
import { type MonitorSpec, openMonitor } from '../monitor/open-monitor.ts';
import type { ActingSession } from './acting-session.ts';
import { readKernelDamon } from './kernel-damon.ts';
import { publishStat, statParams } from './stat-stand-in.ts';

/** What stands in for DAMON_STAT; null where it is not handed over, or can not be stood in for. */
export type StandIn = AsyncDisposable | null;

/**
 * To be called before a monitor is started that may have DAMON_STAT handed over.
 * @param operations what the monitor is
 * @param warn told in a sentence why the figures are missing, where they are
 * @returns to be called once it runs: starts what publishes the module's figures meanwhile
 */
export function standInForStat(
  operations: MonitorSpec,
  session: ActingSession | null,
  warn: (sentence: string) => void,
): () => Promise<StandIn> {
  const isNeeded =
    operations.set === 'kernel' &&
    operations.handOverStat &&
    readKernelDamon(operations.roots).modulesOn.includes('damon_stat');
  if (!isNeeded || session === null) return async () => null;
  return async () => {
    try {
      const params = statParams(physicalRanges(operations.roots, {}));
      const spec = { ...operations, purpose: 'DAMON_STAT, handed over', handOverStat: false };
      const monitor = await openMonitor(
        { ...spec, pageFilters: [], followChildren: false },
        { params, record: (step) => session.record(step) },
      );
      await monitor.start();
      return publishStat(monitor, operations.stateDir);
    } catch (error) {
      if (!(error instanceof ThermoclineError)) throw error;
      warn(`The figures of DAMON_STAT are missing meanwhile: ${error.message}`);
      return null;
    }
  };
}
