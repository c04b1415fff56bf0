import type { Clock } from '../base/clock.ts';
import type { Roots } from '../host/host.ts';
import type { Scenario } from '../host/sim/index.ts';
import type { Params } from '../params/types.ts';
import type { MonitorDescription } from './monitor.ts';
import type { MonitoringSet } from './monitoring-set.ts';

/** Processes, watched by the amounts that `/proc/PID/smaps` tells. */
export interface SmapsSpec {
  readonly set: 'smaps';
  readonly pids: readonly number[];
  readonly roots: Roots;
  /** Watch what is refused by default. */
  readonly force: boolean;
  /** Absent: schemes act on nothing. */
  readonly act?: {
    readonly dryRun: boolean;
    /** By scheme, the node whose pages it migrates; absent: it migrates those of all nodes. */
    readonly fromNids?: readonly number[];
  };
  /** Watch the processes that the named ones start, too; a commit leaves the targets alone then. */
  readonly followChildren: boolean;
}

/** A simulated machine. */
export interface SimSpec {
  readonly set: 'sim';
  readonly scenario: Scenario;
}

/** What watches, as plain data that can cross to a worker thread. */
export type OperationsSpec = SmapsSpec | SimSpec;

/** What can be said before the set is opened. */
export function describeOperations({ set }: OperationsSpec): MonitorDescription {
  return {
    kind: 'engine',
    operationsSet: set,
    resolution: set === 'smaps' ? 'amount' : 'location',
    caveats: [],
    capabilities: [],
  };
}

/** Opens what `spec` names; modules are loaded only for the set that is used. */
export async function openOperations(
  spec: OperationsSpec,
  params: Params,
  clock: Clock,
): Promise<MonitoringSet> {
  switch (spec.set) {
    case 'smaps': {
      const { smapsSet } = await import('./smaps-set.ts');
      return smapsSet(spec, clock);
    }
    case 'sim': {
      const { SimulatedMachine } = await import('../host/sim/index.ts');
      const { simulatedSet } = await import('./simulated-set.ts');
      return simulatedSet(new SimulatedMachine(spec.scenario, clock), params.operations);
    }
  }
}
