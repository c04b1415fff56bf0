/** `thermocline tier plan | simulate | shadow | run | status`: tiered memory. */
import { type Command, Option } from 'commander';
import { ThermoclineError } from '../base/errors.ts';
import { formatShare } from '../base/units.ts';
import type { LoopMode } from '../control/policy-loop.ts';
import { readTierFacts } from '../host/linux/memory-tiers.ts';
import { TIER_KNOBS, type TierKnobs } from '../policies/tier.ts';
import { tiersOf } from '../policies/tiers.ts';
import { Interruption } from './interruption.ts';
import { featuresHere } from './policy/features-here.ts';
import { addKnobOptions, knobsOf } from './policy/knob-options.ts';
import { addLiveOptions } from './policy/live-options.ts';
import { runLine, runsOf } from './policy/status.ts';
import { rootsOf } from './roots.ts';
import { readScenario } from './scenario-file.ts';
import { ProgressLine } from './terminal/progress.ts';
import { aimStatus } from './tier/aims.ts';
import { explainTierPlan, tierLines, tierPlanLines } from './tier/plan.ts';
import { copyOfMachine, simulateTiers, tierSimulationLines } from './tier/simulate.ts';
import { addPid, durationValue } from './watch/option-values.ts';

const SUMMARY = 'promote the hot and demote the cold between memory tiers';

/** Adds `thermocline tier` with its subcommands. */
export function register(program: Command): void {
  const tier = program
    .command('tier')
    .summary(SUMMARY)
    .description(`${SUMMARY[0]!.toUpperCase()}${SUMMARY.slice(1)}. Stage: experimental.`)
    .addHelpText('after', '\nExample:\n  $ thermocline tier plan\n  $ thermocline tier simulate');
  subcommand(tier, 'plan', 'print tiers, schemes and exact writes, and do nothing').action(
    (options: { readonly json?: true }, self: Command) => {
      const roots = rootsOf(self);
      const explained = explainTierPlan(knobs(self), readTierFacts(roots), featuresHere(roots));
      print(options.json, explained, tierPlanLines(explained));
    },
  );
  subcommand(tier, 'simulate', "try it on a simulated copy of this machine's nodes")
    .argument('[scenario]', 'another machine and what runs on it, YAML')
    .action((file: string | undefined, options: { readonly json?: true }, self: Command) => {
      simulate(file, options.json, self);
    });
  addLive(tier, 'shadow', 'count what would move here, and move nothing');
  addLive(tier, 'run', 'move memory, within the limits, until it is ended');
  subcommand(tier, 'status', 'show how far each node is from its aims, and the runs').action(
    (options: { readonly json?: true }, self: Command) => {
      const facts = readTierFacts(rootsOf(self));
      const status = aimStatus(knobs(self), facts);
      const runs = runsOf('tier');
      print(options.json, { tiers: tiersOf(facts), status, runs }, [
        ...tierLines(tiersOf(facts)),
        ...status.map(({ nid, metric, targetShare, share }) => {
          const met = share >= targetShare ? 'met' : 'not met';
          return `aim        ${metric} of node ${nid}: ${formatShare(share)} of ${formatShare(targetShare)}, ${met}`;
        }),
        ...runs.map(runLine),
      ]);
    },
  );
}

function subcommand(tier: Command, name: string, summary: string): Command {
  const command = tier
    .command(name)
    .summary(summary)
    .description(`${summary[0]!.toUpperCase()}${summary.slice(1)}.`)
    .option('--json', 'print it as JSON');
  addKnobOptions(command, { knobs: TIER_KNOBS });
  return command;
}

/** The options of `shadow` and `run`. */
interface LiveOptions {
  readonly kernel?: true;
  readonly pid?: readonly number[];
  readonly every: number;
  readonly for?: number;
  readonly handover?: 'damon_stat';
  /** Share of one CPU. */
  readonly ceiling?: number;
  readonly json?: true;
}

function addLive(tier: Command, mode: LoopMode, summary: string): void {
  const live = subcommand(tier, mode, summary)
    .option('--kernel', "all memory of the machine, by the kernel's DAMON")
    .option('--pid <pid>', 'from user space, that of this process; may be repeated', addPid)
    .addOption(
      new Option('--every <duration>', 'look so often')
        .argParser(durationValue('--every'))
        .default(1_000_000, '1s'),
    );
  addLiveOptions(live);
  live.action(async (options: LiveOptions, self: Command) => {
    const { runTiers } = await import('./tier/run.ts');
    using interruption = new Interruption();
    process.exitCode = await runTiers({
      ...{ knobs: knobs(self), roots: rootsOf(self), mode, pids: pidsOf(options), interruption },
      ...{ everyUs: options.every, forUs: options.for ?? null, json: options.json === true },
      handOverStat: options.handover !== undefined,
      ...(options.ceiling !== undefined && { cpuCeiling: options.ceiling }),
    });
  });
}

/** Empty for the whole machine. */
function pidsOf({ kernel, pid = [] }: LiveOptions): readonly number[] {
  if ((kernel === true) !== pid.length > 0) return pid;
  throw new ThermoclineError(
    'TC_INVALID',
    "Say whose memory moves: --kernel for all of the machine's, by the kernel's DAMON, or --pid for " +
      'that of a process, from user space; one of the two.',
  );
}

function knobs(command: Command): TierKnobs {
  return knobsOf<TierKnobs>({ knobs: TIER_KNOBS }, command.opts());
}

function print(asJson: true | undefined, result: object, lines: readonly string[]): void {
  const text = asJson ? JSON.stringify(result, null, 2) : lines.join('\n');
  process.stdout.write(`${text}\n`);
}

function simulate(file: string | undefined, asJson: true | undefined, command: Command): void {
  const scenario =
    file === undefined ? copyOfMachine(readTierFacts(rootsOf(command))) : readScenario(file);
  using line = new ProgressLine(
    'simulating',
    (text) => process.stderr.write(text),
    () => performance.now(),
  );
  const source = file ?? "a copy of this machine's nodes";
  const result = simulateTiers(scenario, source, knobs(command), (share) => {
    if (process.stderr.isTTY) line.show(share);
  });
  line[Symbol.dispose]();
  print(asJson, result, tierSimulationLines(result));
}
