import { type Command, Option } from 'commander';
import { ThermoclineError } from '../base/errors.ts';
import { limitsOf } from '../ops/replay/limits.ts';
import { Interruption } from './interruption.ts';
import { chooseSet, confidenceOf, reasonsOf, rightSize } from './recommend/advice.ts';
import {
  type Recommendation,
  recommendationLines,
  recommendationObject,
  vpaText,
} from './recommend/view.ts';
import { canvas, printJson, printLines } from './report/output.ts';
import { ProgressLine } from './terminal/progress.ts';
import { gridOf, type SweptSet } from './whatif/grid.ts';
import { coldMemoryPlan, type WhatIfPlan } from './whatif/plan.ts';
import { runReplay } from './whatif/replay-run.ts';
import {
  addReplayOptions,
  type ReplayCliOptions,
  type ReplaySource,
  readSource,
} from './whatif/source.ts';
import { runSweep } from './whatif/sweep.ts';

interface RecommendOptions extends ReplayCliOptions {
  readonly maxSlowdown: number;
  readonly format: 'text' | 'json' | 'vpa';
  readonly name: string;
}

const HELP = `
Tries some 200 settings of proactive reclaim on the recording, and names the gentlest that saves
about as much as any within the limit, the memory that the workload then needs, and how sure that
is. --format vpa prints what a VerticalPodAutoscaler of Kubernetes would show; nothing is applied.
docs/whatif.md has the rules.

Examples:
  $ thermocline recommend server.tcr --max-slowdown 1%
  $ thermocline recommend damon.data --format vpa --name server`;

export function register(program: Command): void {
  const command = program
    .command('recommend')
    .argument('[recording...]')
    .usage('<recording> [options]')
    .summary('name knobs and a memory size for a recorded workload')
    .description(
      'Names the knobs of proactive reclaim and a right size of memory for a recorded workload.',
    )
    .option(
      '--max-slowdown <percent>',
      'share of its time that it may wait for pages',
      parseSlowdown,
      0.02,
    )
    .addOption(
      new Option('--format <format>', 'how to print it')
        .choices(['text', 'json', 'vpa'])
        .default('text'),
    )
    .option('--name <name>', 'of the Deployment and container, with --format vpa', 'workload')
    .addHelpText('after', HELP);
  addReplayOptions(command).action(async (operands: string[], options: RecommendOptions) => {
    process.exitCode = await recommend(operands, options);
  });
}

async function recommend(operands: readonly string[], options: RecommendOptions): Promise<number> {
  const files = [...operands, ...(options.time?.splice(2) ?? [])];
  if (files.length !== 1) {
    throw new ThermoclineError('TC_INVALID', `Name one recording; ${files.length} are named.`);
  }
  const source = await readSource(files[0]!, options);
  if (source.access.nrSnapshots === 1) {
    throw new ThermoclineError(
      'TC_INVALID',
      `${source.file} has a single snapshot, which doesn't tell what comes back; record for some minutes at least.`,
    );
  }
  using interruption = new Interruption();
  using line = new ProgressLine(
    'trying settings',
    (text) => process.stderr.write(text),
    () => performance.now(),
  );
  const progress = (share: number) => {
    if (process.stderr.isTTY) line.show(share);
  };
  const found = await find(source, options.maxSlowdown, { signal: interruption.signal, progress });
  line[Symbol.dispose]();
  if (found === null) return interruption.exitStatus;
  if (options.format === 'json') printJson(recommendationObject(found));
  else if (options.format === 'vpa') process.stdout.write(vpaText(found, options.name));
  else printLines(recommendationLines(found), canvas());
  return 0;
}

/** Null when it was interrupted. */
async function find(
  source: ReplaySource,
  maxSlowdownShare: number,
  watched: { readonly signal: AbortSignal; readonly progress: (share: number) => void },
): Promise<Recommendation | null> {
  const plan = coldMemoryPlan(source.access);
  const { durationUs } = source.pattern;
  const values = gridOf(plan.knobs, [], durationUs);
  const outcomes = await runSweep({
    ...source,
    sets: values.map((set) => plan.paramsFor(set)),
    ...watched,
  });
  if (outcomes === null) return null;
  const sets = outcomes.map((outcome, index): SweptSet => ({ values: values[index]!, outcome }));
  const chosen = chooseSet(sets, maxSlowdownShare);
  // Without anything worth taking, size for what is in use within a tenth of the recording.
  const coldAgeUs = chosen?.values[0] ?? durationUs / 10;
  const params = plan.paramsFor(chosen?.values ?? [durationUs * 2, plan.knobs[1]!.value]);
  const result = await runReplay(source, params, watched.signal, () => {});
  if (result === null) return null;
  const size = rightSize(source, result, coldAgeUs);
  const most = outcomes.toSorted((a, b) => b.savedBytes - a.savedBytes)[0] ?? null;
  const { confidence, reasons } = confidenceOf(source, coldAgeUs, chosen, maxSlowdownShare);
  return {
    ...{ file: source.file, maxSlowdownShare, size, confidence },
    knobs: chosen === null ? [] : settingsOf(plan, chosen),
    expected: chosen?.outcome ?? null,
    residentBytes: outcomes[0]!.residentBytes,
    reasons: [...reasonsOf(size, chosen, most, maxSlowdownShare), ...reasons],
    limits: limitsOf(source.access, params, source.refaultUs),
  };
}

function settingsOf({ knobs }: WhatIfPlan, { values }: SweptSet) {
  return knobs.map((knob, index) => ({ ...knob, value: values[index]! }));
}

function parseSlowdown(text: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*%?\s*$/.exec(text);
  const percent = match === null ? Number.NaN : Number(match[1]);
  if (percent > 0 && percent <= 100) return percent / 100;
  throw new ThermoclineError(
    'TC_INVALID',
    `--max-slowdown is "${text}"; write a percentage above 0, up to 100, like 2%.`,
  );
}
