import type { SimulatedMachine } from '../host/sim/index.ts';
import { simOperations } from '../ops/sim/index.ts';
import type { OperationsId } from '../params/types.ts';
import type { MonitoringSet } from './monitoring-set.ts';

/** Watches a simulated machine, which lives as the monitor's time passes. */
export function simulatedSet(machine: SimulatedMachine, operationsId: OperationsId): MonitoringSet {
  const operations = simOperations(machine, operationsId);
  return {
    operations,
    metrics: machine.metrics,
    workClock: machine.workClock,
    description: {
      kind: 'engine',
      operationsSet: 'sim',
      resolution: 'location',
      caveats: ['This is a simulated machine; no memory of this computer is watched or touched.'],
      capabilities: operations.capabilities(),
    },
    advanceTo: (nowUs) => machine.advanceTo(nowUs),
  };
}
