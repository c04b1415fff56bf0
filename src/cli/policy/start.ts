/** The command line of `shadow` and `run`, made into a run. */
import type { Command } from 'commander';
import { readMetricSource } from '../../control/aim-config.ts';
import { MeasuredAim } from '../../control/aim-source.ts';
import type { LoopMode } from '../../control/policy-loop.ts';
import { parseAim } from '../../policies/aim.ts';
import type { Knobs, Policy } from '../../policies/policy.ts';
import type { TunerName } from '../../policies/tuners.ts';
import { Interruption } from '../interruption.ts';
import { rootsOf } from '../roots.ts';
import { knobsOf } from './knob-options.ts';
import { runPolicy } from './run.ts';
import { readFacts, type SubjectOptions } from './subject.ts';

/** The options of both. */
export interface RunOptions extends SubjectOptions {
  readonly every: number;
  readonly for?: number;
  readonly tuner: TunerName;
  readonly json?: true;
  readonly aim?: string;
  /** Share of one CPU. */
  readonly ceiling?: number;
  readonly handover?: 'damon_stat';
  readonly aimConfig: string;
}

/** Returns the exit status. */
export async function startPolicy<K extends Knobs, S>(
  policy: Policy<K, S>,
  mode: LoopMode,
  options: RunOptions,
  command: Command,
): Promise<number> {
  const roots = rootsOf(command);
  const knobs = knobsOf(policy, command.opts());
  using interruption = new Interruption();
  using aim = options.aim === undefined ? null : openAim(options.aim, options);
  return await runPolicy({
    ...{ policy, knobs, roots, mode, interruption },
    facts: readFacts(options, roots),
    acceptableShare: acceptableShareOf(knobs),
    tuner: options.tuner,
    ...(options.ceiling !== undefined && { cpuCeiling: options.ceiling }),
    handOverStat: options.handover !== undefined,
    everyUs: options.every,
    forUs: options.for ?? null,
    json: options.json === true,
    ...(aim !== null && { aim }),
  });
}

/** Pressure that policies without a knob for it may cause: the middle of what others allow. */
const ACCEPTABLE_SHARE = 0.001;

/** The share of time that may be lost, as the policy's knob has it. */
export function acceptableShareOf(knobs: Knobs): number {
  return knobs['pressureShare'] ?? ACCEPTABLE_SHARE;
}

function openAim(text: string, { aimConfig, every }: RunOptions): MeasuredAim {
  const aim = parseAim(text);
  return new MeasuredAim(aim, readMetricSource(aimConfig, aim.metric), every);
}
