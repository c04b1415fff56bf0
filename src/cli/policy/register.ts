/** `thermocline POLICY plan | …`: the same subcommands for every policy. */
import { type Command, Option } from 'commander';
import { ThermoclineError } from '../../base/errors.ts';
import type { Roots } from '../../host/host.ts';
import { type Features, readFeatures } from '../../kernel/features.ts';
import { RealSysfsReader } from '../../kernel/real-sysfs.ts';
import { explain, explanationLines } from '../../policies/explain.ts';
import type { Knobs, Policy } from '../../policies/policy.ts';
import { rootsOf } from '../roots.ts';
import { addPid } from '../watch/option-values.ts';
import { addKnobOptions, knobsOf } from './knob-options.ts';
import { PLAN_FORMS, type PlanForm, plannedCalls, planText } from './plan-text.ts';
import { readFacts, type SubjectOptions } from './subject.ts';

interface PlanOptions extends SubjectOptions {
  readonly as?: PlanForm;
  readonly json?: true;
}

/** Adds the command of a policy with all that can be done with it. */
export function registerPolicy<K extends Knobs>(program: Command, policy: Policy<K>): void {
  const command = program
    .command(policy.name)
    .summary(policy.summary)
    .description(`${policy.summary[0]!.toUpperCase()}${policy.summary.slice(1)}.`)
    .addHelpText('after', `\nExample:\n  $ thermocline ${policy.name} plan --kernel`);
  const plan = command
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
    .action((options: PlanOptions, self: Command) => {
      process.stdout.write(printPlan(policy, options, self));
    });
}

function addSubjectOptions(command: Command): void {
  command
    .option('--kernel', "by the kernel's DAMON; without --pid and --cgroup: the whole machine")
    .option('--pid <pid>', 'about this process; may be repeated', addPid)
    .option('--cgroup <path>', 'about the processes of this cgroup (version 2)');
}

function printPlan<K extends Knobs>(
  policy: Policy<K>,
  options: PlanOptions,
  command: Command,
): string {
  const roots = rootsOf(command);
  const facts = readFacts(options, roots);
  const knobs = knobsOf(policy, command.opts());
  const plan = policy.plan(knobs, facts);
  const features = () => featuresHere(roots);
  if (options.as !== undefined) {
    const { text, notes } = planText(options.as, plan, policy.twin, features);
    process.stderr.write(notes.map((note) => `note: ${note}\n`).join(''));
    return text;
  }
  const explanation = explain(policy, knobs, facts, plan);
  const writes =
    facts.watcher === 'kernel'
      ? planText('sysfs', plan, policy.twin, features).text.trimEnd().split('\n')
      : plannedCalls(plan, facts);
  if (options.json)
    return `${JSON.stringify({ ...explanation, params: plan.params, writes }, null, 2)}\n`;
  const heading = facts.watcher === 'kernel' ? 'would write:' : 'would call:';
  const calls = writes.length === 0 ? [] : [heading, ...writes.map((line) => `  ${line}`)];
  return `${[...explanationLines(explanation), ...calls].join('\n')}\n`;
}

/** A plan may be meant for another machine: what is unknown is taken to be there. */
function featuresHere(roots: Roots): Features {
  try {
    return readFeatures(new RealSysfsReader(roots.sys));
  } catch (error) {
    if (!(error instanceof ThermoclineError)) throw error;
    process.stderr.write(`note: ${error.message} The writes are for one that has all features.\n`);
    return new Map();
  }
}
