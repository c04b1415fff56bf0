/** `thermocline tier plan | simulate | status`: tiered memory. */
import type { Command } from 'commander';
import { formatShare } from '../base/units.ts';
import type { TierFacts } from '../host/host.ts';
import { readTierFacts } from '../host/linux/memory-tiers.ts';
import { TIER_KNOBS, type TierKnobs, tierPlan } from '../policies/tier.ts';
import { tiersOf } from '../policies/tiers.ts';
import { featuresHere } from './policy/features-here.ts';
import { addKnobOptions, knobsOf } from './policy/knob-options.ts';
import { rootsOf } from './roots.ts';
import { readScenario } from './scenario-file.ts';
import { ProgressLine } from './terminal/progress.ts';
import { explainTierPlan, tierLines, tierPlanLines } from './tier/plan.ts';
import { copyOfMachine, simulateTiers, tierSimulationLines } from './tier/simulate.ts';

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
  subcommand(tier, 'status', 'show how far each node is from its aims').action(
    (options: { readonly json?: true }, self: Command) => {
      const facts = readTierFacts(rootsOf(self));
      const status = statusOf(knobs(self), facts);
      print(options.json, { tiers: tiersOf(facts), status }, [
        ...tierLines(tiersOf(facts)),
        ...status.map(({ nid, metric, targetShare, share }) => {
          const met = share >= targetShare ? 'met' : 'not met';
          return `aim        ${metric} of node ${nid}: ${formatShare(share)} of ${formatShare(targetShare)}, ${met}`;
        }),
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

/** How far a node is from an aim of one scheme. */
interface AimStatus {
  readonly nid: number;
  readonly metric: string;
  readonly targetShare: number;
  readonly share: number;
}

function statusOf(values: TierKnobs, facts: TierFacts): AimStatus[] {
  const { contexts } = tierPlan(values, facts);
  const goals = contexts.flatMap(({ params }) =>
    params.schemes.flatMap(({ quota }) => quota.goals),
  );
  return goals.map(({ nid = 0, metric, targetValue }) => {
    const node = facts.nodes.find((candidate) => candidate.nid === nid)!;
    const free = node.freeBytes / node.totalBytes;
    const share = metric === 'node_mem_free_bp' ? free : 1 - free;
    return { nid, metric, targetShare: targetValue / 10_000, share };
  });
}
