/** Makes the monitor that somebody asked for. */

import { VirtualClock } from '../base/clock.ts';
import { ThermoclineError } from '../base/errors.ts';
import type { MonitorOrigin, MonitorSpec, Watch } from '../client/api-types.ts';
import type { Roots } from '../host/host.ts';
import { cgroupPids } from '../host/linux/cgroup-pids.ts';
import { parseScenario, type Scenario, SimulatedMachine } from '../host/sim/index.ts';
import { DEFAULT_CPU_CEILING } from '../monitor/cost-ceiling.ts';
import type { KernelSpec } from '../monitor/kernel-monitor.ts';
import {
  chargedTo,
  countingOnly,
  kernelParams,
  kernelPhysicalParams,
  kernelProcessParams,
} from '../monitor/kernel-params.ts';
import type { Monitor } from '../monitor/monitor.ts';
import { type OpenMonitorOptions, openMonitor } from '../monitor/open-monitor.ts';
import type { OperationsSpec } from '../monitor/operations-factory.ts';
import { processParams, scenarioParams } from '../monitor/subject-params.ts';
import { parseParams } from '../params/parse.ts';
import type { Params, ParamsSpec } from '../params/types.ts';

/** One mapping by its place alone. */
export interface MappingPlace {
  readonly targetIndex: number;
  readonly pid: number;
  readonly start: number;
  readonly end: number;
  readonly name: string;
}

/** What somebody asked for, checked, before anything of it is made. */
export interface PreparedMonitor {
  /**
   * A monitor that is ready to be started.
   * @param record of the session that holds it; what runs in the kernel needs one
   */
  readonly open: (record: OpenMonitorOptions['record']) => Promise<Monitor>;
  /** Where in the kernel it runs, which takes a journal and a guard, also to watch only. */
  readonly kernel: KernelSpec | null;
  readonly params: Params;
  /** Parameters for the same target out of what somebody wrote. Throws TC_INVALID. */
  readonly paramsFor: (written: unknown) => Params;
  /** The same with the actions as they are written, also where schemes may only count. */
  readonly trialParamsFor: (written: unknown) => Params;
  /** What lies where, on machines whose mappings the monitor doesn't tell. */
  readonly places: readonly MappingPlace[];
  /** What acting on real memory comes to, one sentence for each scheme; empty otherwise. */
  readonly steps: (params: Params) => readonly string[];
}

type KernelWatch = Extract<Watch, { kind: 'kernel' }>;

/** Simulated machines by name; those of the command line and the configuration may be files. */
export type ScenarioFinder = (name: string, origin: MonitorOrigin) => Scenario;

/** Prepares a monitor, and makes nothing yet. Throws TC_INVALID, TC_NOT_FOUND. */
export type MonitorOpener = (spec: MonitorSpec, origin: MonitorOrigin) => PreparedMonitor;

/**
 * Opens monitors of this machine and simulated ones, all on the real clock.
 * @param stateDir where those that run in the kernel keep the records of their slots
 */
export function monitorOpener(
  roots: Roots,
  stateDir: string,
  findScenario: ScenarioFinder,
): MonitorOpener {
  return (spec, origin) => {
    const { watch } = spec;
    if (watch.kind === 'simulation') {
      return simulation(spec, scenarioOf(watch.scenario, origin, findScenario));
    }
    if (watch.kind === 'kernel') return inKernel(spec, watch, roots, stateDir);
    const pids = watch.kind === 'cgroup' ? cgroupPids(watch.path, roots) : watch.pids;
    return processes(spec, pids, roots);
  };
}

function processes(spec: MonitorSpec, pids: readonly number[], roots: Roots): PreparedMonitor {
  const { watch, act = 'count' } = spec;
  const paramsFor = (written: unknown) => processParams(written, 'params')(pids);
  const params = paramsFor(spec.params);
  const operations: OperationsSpec = {
    set: 'smaps',
    pids,
    roots,
    force: 'force' in watch && watch.force === true,
    followChildren: watch.kind !== 'processes' || watch.followChildren !== false,
    ...(act !== 'count' && { act: { dryRun: act === 'dry-run' } }),
  };
  return {
    open: () => openMonitor(operations, { params, cpuCeiling: ceilingOf(spec) }),
    kernel: null,
    params,
    paramsFor,
    trialParamsFor: paramsFor,
    places: [],
    steps: ({ schemes }) =>
      act === 'act'
        ? schemes.map(({ action }) => `process_madvise: ${action} by the monitor ${spec.name}`)
        : [],
  };
}

function inKernel(
  spec: MonitorSpec,
  watch: KernelWatch,
  roots: Roots,
  stateDir: string,
): PreparedMonitor {
  const { name, act = 'count' } = spec;
  const { cgroup, physical, followChildren = true, handover } = watch;
  if (act === 'dry-run') {
    throw new ThermoclineError(
      'TC_INVALID',
      'act is dry-run, which the kernel has not; "thermocline start FILE --dry-run" prints the writes.',
    );
  }
  const targeted = kernelTargeting(watch, roots);
  const trialParamsFor = (written: unknown) => targeted(parseParams(written ?? {}, 'params'));
  const paramsFor = (written: unknown) => {
    const params = trialParamsFor(written);
    return act === 'act' ? params : countingOnly(params);
  };
  const params = paramsFor(spec.params);
  const operations: KernelSpec = {
    ...{ set: 'kernel', roots, stateDir, followChildren },
    handOverStat: handover !== undefined,
    purpose: `monitor ${name} of the service`,
    pageFilters: physical !== undefined && cgroup !== undefined ? [chargedTo(cgroup)] : [],
  };
  return {
    open: (record) =>
      openMonitor(operations, { params, cpuCeiling: ceilingOf(spec), ...(record && { record }) }),
    kernel: operations,
    params,
    paramsFor,
    trialParamsFor,
    places: [],
    steps: ({ schemes }) =>
      act === 'act'
        ? schemes.map(({ action }) => `DAMON in the kernel: ${action} by the monitor ${name}`)
        : [],
  };
}

/** How parameters for what is watched come out of what somebody wrote. */
function kernelTargeting(
  { pids, cgroup, physical }: KernelWatch,
  roots: Roots,
): (written: ParamsSpec) => Params {
  if (physical !== undefined) return (written) => kernelPhysicalParams(written, physical, roots);
  if (pids === undefined && cgroup === undefined) return (written) => kernelParams(written, roots);
  const processes = pids ?? cgroupPids(cgroup!, roots);
  if (processes.length === 0) {
    throw new ThermoclineError('TC_NOT_FOUND', 'None of the processes to watch is there any more.');
  }
  return (written) => kernelProcessParams(written, 'params')(processes);
}

function simulation(spec: MonitorSpec, scenario: Scenario): PreparedMonitor {
  if (spec.act !== undefined && spec.act !== 'count') {
    throw new ThermoclineError(
      'TC_INVALID',
      'act is for real processes; on a simulated machine schemes always act, so leave it out.',
    );
  }
  const paramsFor = (written: unknown) => scenarioParams(scenario, written, 'params');
  const params = paramsFor(spec.params);
  const operations: OperationsSpec = { set: 'sim', scenario };
  return {
    open: () =>
      openMonitor(operations, { params, seed: scenario.seed, cpuCeiling: ceilingOf(spec) }),
    kernel: null,
    params,
    paramsFor,
    trialParamsFor: paramsFor,
    places: placesOf(scenario, params),
    steps: () => [],
  };
}

/** Mappings of a machine like the one that is going to run in the monitor's own thread. */
function placesOf(scenario: Scenario, params: Params): MappingPlace[] {
  const machine = new SimulatedMachine(scenario, new VirtualClock());
  return params.targets.flatMap(({ pid }, targetIndex) => {
    const vmas = pid === undefined ? [] : (machine.process(pid)?.vmas ?? []);
    return vmas.map(({ start, end, name }) => ({ targetIndex, pid: pid!, start, end, name }));
  });
}

function scenarioOf(
  scenario: string | object,
  origin: MonitorOrigin,
  findScenario: ScenarioFinder,
): Scenario {
  if (typeof scenario === 'string') return findScenario(scenario, origin);
  return parseScenario(JSON.stringify(scenario), 'watch.scenario');
}

/** A simulated machine is computed in the monitor's thread, which costs more than watching it. */
const SIMULATION_CEILING = 0.05;

/** Share of one CPU that the monitor may cost. */
export function ceilingOf({ watch, cpuCeiling }: MonitorSpec): number {
  return cpuCeiling ?? (watch.kind === 'simulation' ? SIMULATION_CEILING : DEFAULT_CPU_CEILING);
}
