/** A policy on a simulated machine: the same loop, in virtual time. */

import { setImmediate as breathe } from 'node:timers/promises';
import type { Command } from 'commander';
import { VirtualClock } from '../../base/clock.ts';
import { ThermoclineError } from '../../base/errors.ts';
import { exactJson } from '../../base/exact-json.ts';
import type { LoopMode } from '../../control/policy-loop.ts';
import { firstParams, type LoopReport, PolicyLoop } from '../../control/policy-loop.ts';
import { SimLoopHost, simFacts } from '../../control/sim-loop-host.ts';
import { type MachineSummary, type Scenario, SimulatedMachine } from '../../host/sim/index.ts';
import { VirtualMonitor } from '../../monitor/virtual-monitor.ts';
import type { Knobs, Policy, PolicyFacts } from '../../policies/policy.ts';
import type { TunerName } from '../../policies/tuners.ts';
import { Interruption } from '../interruption.ts';
import { rootsOf } from '../roots.ts';
import { readScenario } from '../scenario-file.ts';
import { machineLines } from '../simulate/result.ts';
import { ProgressLine } from '../terminal/progress.ts';
import { copyOfMachine } from './copy-of-machine.ts';
import { knobsOf } from './knob-options.ts';
import { type PartOptions, simulatedPart } from './part.ts';
import { reportLine, reportObject } from './report.ts';
import { acceptableShareOf } from './start.ts';

/** A simulated run. */
interface PolicySimulation<K extends Knobs, S> {
  readonly policy: Policy<K, S>;
  readonly knobs: K;
  readonly scenario: Scenario;
  readonly part: PartOptions;
  readonly durationUs: number;
  readonly everyUs: number;
  readonly mode: LoopMode;
  readonly acceptableShare: number;
  readonly tuner: TunerName;
  readonly signal: AbortSignal;
  readonly reported: (report: LoopReport) => void;
  readonly progress: (share: number) => void;
}

/** Runs it to its end; null when it was interrupted. The same run gives the same reports. */
async function simulatePolicy<K extends Knobs, S>(
  run: PolicySimulation<K, S>,
): Promise<MachineSummary | null> {
  const { scenario, durationUs, everyUs, mode } = run;
  const before = new SimulatedMachine(scenario, new VirtualClock());
  const part = simulatedPart(run.part, before);
  const facts: PolicyFacts = {
    host: simFacts(before),
    ...(part !== null && { part }),
    ...{ subject: { kind: 'machine' }, watcher: 'sim', pids: [], ownCgroup: null, intervals: null },
  };
  const options = { ...run, facts };
  await using monitor = new VirtualMonitor({
    scenario,
    params: firstParams(options),
    seed: scenario.seed,
  });
  const { machine } = monitor.simulation;
  await monitor.start();
  const loop = new PolicyLoop({ ...options, mode, host: new SimLoopHost(machine), monitor });
  for (let atUs = 0; atUs < durationUs; ) {
    const partUs = Math.min(everyUs, durationUs - atUs);
    monitor.advance(partUs);
    atUs += partUs;
    const { end } = monitor.simulation;
    if (end?.reason === 'failed') throw new ThermoclineError('TC_SYSTEM', end.message);
    run.reported(await loop.step());
    run.progress(atUs / durationUs);
    await breathe();
    if (run.signal.aborted) return null;
  }
  return machine.summary();
}

/** The options of `simulate`. */
export interface SimulateOptions extends Omit<PartOptions, 'vma'> {
  readonly for?: number;
  readonly every: number;
  readonly tuner: TunerName;
  readonly json?: true;
}

/** Returns the exit status. */
export async function printSimulation<K extends Knobs, S>(
  policy: Policy<K, S>,
  file: string | undefined,
  options: SimulateOptions,
  command: Command,
): Promise<number> {
  const knobs = knobsOf(policy, command.opts());
  const scenario = file === undefined ? copyOfMachine(rootsOf(command)) : readScenario(file);
  using interruption = new Interruption();
  using line = new ProgressLine(
    'simulating',
    (text) => process.stderr.write(text),
    () => performance.now(),
  );
  const json = options.json === true;
  let last: LoopReport | null = null;
  const summary = await simulatePolicy({
    ...{
      policy,
      knobs,
      scenario,
      part: options,
      mode: 'run',
      tuner: options.tuner,
      everyUs: options.every,
    },
    durationUs: options.for ?? scenario.durationUs,
    acceptableShare: acceptableShareOf(knobs),
    signal: interruption.signal,
    reported: (report) => {
      last = report;
      if (json) process.stdout.write(`${exactJson(reportObject(policy.name, 'run', report))}\n`);
    },
    progress: (share) => {
      if (process.stderr.isTTY) line.show(share);
    },
  });
  line[Symbol.dispose]();
  if (summary === null || last === null) return interruption.exitStatus;
  if (!json)
    process.stdout.write(`${[reportLine('run', 0, last), ...machineLines(summary)].join('\n')}\n`);
  return 0;
}
