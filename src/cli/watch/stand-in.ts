import { ThermoclineError } from '../../base/errors.ts';
import type { ActingSession } from '../../control/acting-session.ts';
import { readKernelDamon } from '../../control/kernel-damon.ts';
import { publishStat, statParams } from '../../control/stat-stand-in.ts';
import { physicalRanges } from '../../host/linux/physical-ranges.ts';
import { openMonitor } from '../../monitor/open-monitor.ts';
import type { Subject } from './subject.ts';

/** What stands in for DAMON_STAT; null where it is not handed over, or can not be stood in for. */
export type StandIn = AsyncDisposable | null;

/**
 * To be called before a monitor is started that has DAMON_STAT handed over.
 * @returns to be called once it runs: starts what publishes the module's figures meanwhile
 */
export function standInForStat(
  { operations }: Subject,
  session: ActingSession | null,
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
      process.stderr.write(`The figures of DAMON_STAT are missing meanwhile: ${error.message}\n`);
      return null;
    }
  };
}
