import type { Clock } from '../base/clock.ts';
import { LinuxMetrics } from '../host/linux/linux-metrics.ts';
import { smapsOperations } from '../ops/smaps/index.ts';
import type { MonitorDescription } from './monitor.ts';
import type { MonitoringSet } from './monitoring-set.ts';
import type { SmapsSpec } from './operations-factory.ts';

/** Watches processes of this machine. Throws one sentence when one of them can't be watched. */
export async function smapsSet(spec: SmapsSpec, clock: Clock): Promise<MonitoringSet> {
  const { roots, pids, force, followChildren, act } = spec;
  const operations = smapsOperations({
    roots,
    pids,
    clock,
    force,
    followChildren,
    ...(act && { act: { ...act, syscalls: await openSyscalls() } }),
  });
  const description: MonitorDescription = {
    kind: 'engine',
    operationsSet: 'smaps',
    resolution: 'amount',
    caveats: operations.caveats,
    capabilities: operations.capabilities(),
  };
  return {
    operations,
    metrics: new LinuxMetrics(roots),
    description,
    mappings: () => operations.mappings(),
    lastClearUs: () => operations.lastClearUs,
    warnings: () => operations.caveats.filter((one) => !description.caveats.includes(one)),
    ...(followChildren && { pids: () => operations.currentPids() }),
    ...(act?.dryRun && { dryRunCalls: () => operations.dryRunCalls }),
  };
}

/** The native library is loaded by those who act only. */
async function openSyscalls() {
  const { loadSyscalls } = await import('../host/linux/syscalls-koffi.ts');
  return loadSyscalls();
}
