/** `thermocline POLICY plan | simulate | shadow | run | status`: the same for every policy. */
import { type Command, Option } from 'commander';
import type { LoopMode } from '../../control/policy-loop.ts';
import type { Knobs, Policy } from '../../policies/policy.ts';
import { TUNER_NAMES, type TunerName } from '../../policies/tuners.ts';
import { addName, addPlaceOptions } from '../watch/kernel-options.ts';
import { addPid, durationValue } from '../watch/option-values.ts';
import { addKnobOptions } from './knob-options.ts';
import { addLiveOptions } from './live-options.ts';
import type { PlanOptions } from './plan.ts';
import { PLAN_FORMS } from './plan-text.ts';
import type { SimulateOptions } from './simulate.ts';
import type { RunOptions } from './start.ts';

/** Adds the command of a policy with all that can be done with it. */
export function registerPolicy<K extends Knobs, S>(program: Command, policy: Policy<K, S>): void {
  const command = program
    .command(policy.name)
    .summary(policy.summary)
    .description(`${policy.summary[0]!.toUpperCase()}${policy.summary.slice(1)}.`)
    .addHelpText('after', `\nExample:\n  $ thermocline ${policy.name} plan --kernel`);
  addPlan(command, policy);
  addSimulate(command, policy);
  addLive(command, policy, 'shadow', 'count what would happen here, and what would have come back');
  addLive(command, policy, 'run', 'do it, within the limits, until it is ended');
  addStatus(command, policy);
}

function addPlan<K extends Knobs, S>(parent: Command, policy: Policy<K, S>): void {
  const plan = parent
    .command('plan')
    .summary('print what it would write or call, and why, and do nothing')
    .description('Prints what the policy would write or call, and why. Changes nothing.');
  addSubjectOptions(plan);
  addKnobOptions(plan, policy);
  plan
    .addOption(
      new Option('--as <form>', "print only this: writes, damo's JSON, module parameters").choices(
        PLAN_FORMS,
      ),
    )
    .option('--json', 'print the explanation as JSON')
    .action(async (options: PlanOptions, self: Command) => {
      const { printPlan } = await import('./plan.ts');
      process.stdout.write(printPlan(policy, options, self));
    });
}

function addSimulate<K extends Knobs, S>(parent: Command, policy: Policy<K, S>): void {
  const simulate = parent
    .command('simulate')
    .argument('[scenario]', 'a simulated machine, YAML; else one of the sizes of this machine')
    .summary('run it on a simulated machine, much faster than real time')
    .description(
      'Runs the policy on a simulated machine and says what came of it, beside the same machine ' +
        'without it. No memory of this computer is watched or touched.',
    )
    .option('--until, --for <duration>', "how long (else the scenario's)", durationValue('--for'));
  addPlaceOptions(simulate, 'only physical memory');
  addKnobOptions(simulate, policy);
  addLoopOptions(simulate);
  simulate.action(async (file: string | undefined, options: SimulateOptions, self: Command) => {
    const { printSimulation } = await import('./simulate.ts');
    process.exitCode = await printSimulation(policy, file, options, self);
  });
}

function addLive<K extends Knobs, S>(
  parent: Command,
  policy: Policy<K, S>,
  mode: LoopMode,
  summary: string,
): void {
  const live = parent.command(mode).summary(summary).description(sentence(summary));
  addSubjectOptions(live);
  addKnobOptions(live, policy);
  addLoopOptions(live);
  addLiveOptions(live);
  live
    .option('--aim <aim>', 'what a service has to keep, like "p99 <= 20ms"')
    .option(
      '--aim-config <file>',
      'where the metric of --aim comes from; root has to own it',
      '/etc/thermocline/metrics.yaml',
    )
    .action(async (options: RunOptions, self: Command) => {
      const { startPolicy } = await import('./start.ts');
      process.exitCode = await startPolicy(policy, mode, options, self);
    });
}

function addStatus<K extends Knobs, S>(parent: Command, policy: Policy<K, S>): void {
  parent
    .command('status')
    .summary('show the runs of this policy and how they are doing')
    .description('Shows the runs of this policy and how they are doing. Changes nothing.')
    .option('--json', 'print one object')
    .action(async (options: { readonly json?: true }) => {
      const { printStatus } = await import('./status.ts');
      process.stdout.write(printStatus(policy.name, options.json === true));
    });
}

function addSubjectOptions(command: Command): void {
  command
    .option('--kernel', "by the kernel's DAMON; without --pid and --cgroup: the whole machine")
    .option('--pid <pid>', 'about this process; may be repeated', addPid)
    .option('--cgroup <path>', 'about the processes of this cgroup (version 2)');
  addPlaceOptions(command, 'with --kernel: only physical memory');
  command.option(
    '--vma <mapping>',
    'with one --pid: only this mapping, as /proc/PID/maps names it, or START-END; may be repeated',
    addName,
  );
}

function addLoopOptions(command: Command): void {
  command
    .addOption(
      new Option('--every <duration>', 'look and decide so often')
        .argParser(durationValue('--every'))
        .default(1_000_000, '1s'),
    )
    .addOption(
      new Option('--tuner <name>', "what sets the rate: ours, or one of DAMON's")
        .choices(TUNER_NAMES)
        .default('asymmetric' satisfies TunerName),
    )
    .option('--json', 'print one object a line');
}

function sentence(text: string): string {
  return `${text[0]!.toUpperCase()}${text.slice(1)}.`;
}
