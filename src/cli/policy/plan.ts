/** `plan`: what a policy would write or call here, and why. Changes nothing. */
import type { Command } from 'commander';
import { explain, explanationLines } from '../../policies/explain.ts';
import type { Knobs, Policy } from '../../policies/policy.ts';
import { rootsOf } from '../roots.ts';
import { featuresHere } from './features-here.ts';
import { knobsOf } from './knob-options.ts';
import { type PlanForm, plannedCalls, planText } from './plan-text.ts';
import { readFacts, type SubjectOptions } from './subject.ts';

/** The options of `plan`. */
export interface PlanOptions extends SubjectOptions {
  readonly as?: PlanForm;
  readonly json?: true;
}

const BEGINS_WITH =
  'It is what a run begins with, and stays so; the loop of "run" is what adapts it to pressure.';

/** The whole output; notes about a form go to standard error. */
export function printPlan<K extends Knobs, S>(
  policy: Policy<K, S>,
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
    const all = policy.adaptation === null ? notes : [...notes, BEGINS_WITH];
    process.stderr.write(all.map((note) => `note: ${note}\n`).join(''));
    return text;
  }
  const asWritten =
    facts.watcher === 'kernel' ? planText('sysfs', plan, policy.twin, features) : null;
  const notes = [...plan.notes, ...(asWritten?.notes ?? [])];
  const explanation = explain(policy, knobs, facts, { ...plan, notes });
  const writes = asWritten?.text.trimEnd().split('\n') ?? plannedCalls(plan, facts);
  if (options.json)
    return `${JSON.stringify({ ...explanation, params: plan.params, writes }, null, 2)}\n`;
  const heading = facts.watcher === 'kernel' ? 'would write:' : 'would call:';
  const calls = writes.length === 0 ? [] : [heading, ...writes.map((line) => `  ${line}`)];
  return `${[...explanationLines(explanation), ...calls].join('\n')}\n`;
}
