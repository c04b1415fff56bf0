import type { Command } from 'commander';
import { ThermoclineError } from '../base/errors.ts';
import { formatBytes } from '../base/units.ts';
import { limitsOf } from '../ops/replay/limits.ts';
import { momentsOf } from '../ops/replay/outcome.ts';
import { Interruption } from './interruption.ts';
import { canvas, printJson, printLines, writePicture } from './report/output.ts';
import { lineChartSvg, paretoSvg } from './report/svg-chart.ts';
import { ProgressLine } from './terminal/progress.ts';
import { gridOf, paretoFront, parseSetting } from './whatif/grid.ts';
import { plannedParams, type WhatIfPlan } from './whatif/plan.ts';
import { runReplay } from './whatif/replay-run.ts';
import { type KnobTurn, resultLines, resultObject } from './whatif/result-view.ts';
import {
  addReplayOptions,
  choosePlan,
  type PlanOptions,
  policyOption,
  type ReplayCliOptions,
  type ReplaySource,
  readSource,
} from './whatif/source.ts';
import { runSweep } from './whatif/sweep.ts';
import { sweepLines, sweepObject } from './whatif/sweep-view.ts';

/** How far each knob is turned from its setting, to show what it does. */
const TURNS = [0.5, 1, 2];

interface WhatIfOptions extends ReplayCliOptions, PlanOptions {
  readonly sweep?: true | string[];
  readonly json?: true;
  readonly svg?: string;
}

const HELP = `
Nothing is watched or touched: what was recorded is played through the engine and its schemes.
--sweep tries many settings of the knobs, on all processors, and shows those that no other beats.
Values that are not written are chosen around what the knobs are set to. docs/whatif.md says how it
is reckoned and what it can't know.

Examples:
  $ thermocline whatif server.tcr --params examples/params/reclaim-cold.yaml
  $ thermocline whatif server.tcr --params reclaim.yaml --knobs cold-age=30s
  $ thermocline whatif damon.data --params reclaim.yaml --sweep --svg front.svg
  $ thermocline whatif server.tcr --params reclaim.yaml --sweep cold-age=5s,30s,2m --json`;

export function register(program: Command): void {
  const command = program
    .command('whatif')
    .argument('[recording...]')
    .usage('<recording> [options]')
    .summary('say what a policy would have saved and cost, from a recording')
    .description(
      'Says what a policy would have saved, and what would have come back, from a recording.',
    )
    .addOption(policyOption())
    .option('--params <file>', 'try these schemes, YAML or JSON')
    .option('--knobs <settings>', 'set knobs: NAME=VALUE, with commas between')
    .option('--sweep [values...]', 'try many settings: NAME=VALUE,VALUE… or, without any, a grid')
    .option('--json', 'print JSON: bytes, microseconds, shares from 0 to 1')
    .option('--svg <file>', 'draw what is saved over time, or the front of a sweep, to a file')
    .addHelpText('after', HELP);
  addReplayOptions(command).action(async (operands: string[], options: WhatIfOptions) => {
    process.exitCode = await run(operands, options);
  });
}

async function run(operands: string[], options: WhatIfOptions): Promise<number> {
  const { file, grid } = takeRecording(operands, options);
  const source = await readSource(file, options);
  const plan = await choosePlan(options, source.access);
  using interruption = new Interruption();
  using line = new ProgressLine(
    'replaying',
    (text) => process.stderr.write(text),
    () => performance.now(),
  );
  const watched = {
    signal: interruption.signal,
    progress: (share: number) => {
      if (process.stderr.isTTY) line.show(share);
    },
  };
  const done =
    grid === null
      ? await tryOnce(source, plan, options, watched)
      : await trySweep(source, plan, grid, options, watched);
  line[Symbol.dispose]();
  if (done === null) return interruption.exitStatus;
  done();
  return 0;
}

interface Watched {
  readonly signal: AbortSignal;
  readonly progress: (share: number) => void;
}

/** Each way of trying gives back how to print what was found; null when it was interrupted. */
type Found = (() => void) | null;

async function tryOnce(
  source: ReplaySource,
  plan: WhatIfPlan,
  { json, svg }: WhatIfOptions,
  watched: Watched,
): Promise<Found> {
  const params = plannedParams(plan);
  const result = await runReplay(source, params, watched.signal, watched.progress);
  if (result === null) return null;
  const turns = await turnKnobs(source, plan, watched);
  if (turns === null) return null;
  const limits = limitsOf(source.access, params, source.refaultUs);
  const found = { source, plan, params, result, turns, limits };
  return () => {
    if (svg !== undefined) {
      const instants = momentsOf(result, source.absentBytes).map(({ timeUs, savedBytes }) => {
        const ns = BigInt(timeUs) * 1000n;
        return { startNs: ns, endNs: ns, value: savedBytes };
      });
      writePicture(
        svg,
        lineChartSvg(`saved by ${plan.name} on ${source.file}`, instants, formatBytes),
      );
    }
    if (json) printJson(resultObject(found));
    else {
      const view = canvas();
      printLines(resultLines(found, view), view);
    }
  };
}

/**
 * Each knob at half and at twice its setting, as far as it goes. Those that make no difference to a
 * replay, as what only a loop goes by, are left out.
 */
async function turnKnobs(
  source: ReplaySource,
  plan: WhatIfPlan,
  watched: Watched,
): Promise<KnobTurn[] | null> {
  const settings = plan.knobs.map(({ value }) => value);
  const planned = JSON.stringify(plan.paramsFor(settings));
  const turns = plan.knobs.map((knob, index) =>
    [
      ...new Set(TURNS.map((turn) => Math.min(knob.max, Math.max(knob.min, knob.value * turn)))),
    ].map((value) => ({ knob, value, values: settings.with(index, value) })),
  );
  const turned = turns
    .filter((some) => some.some((one) => JSON.stringify(plan.paramsFor(one.values)) !== planned))
    .flat();
  if (turned.length === 0) return [];
  const sets = turned.map(({ values }) => plan.paramsFor(values));
  const outcomes = await runSweep({ ...source, sets, ...watched });
  return outcomes?.map((outcome, index) => ({ ...turned[index]!, outcome })) ?? null;
}

async function trySweep(
  source: ReplaySource,
  plan: WhatIfPlan,
  grid: readonly string[],
  { json, svg }: WhatIfOptions,
  watched: Watched,
): Promise<Found> {
  if (plan.knobs.length === 0) {
    throw new ThermoclineError(
      'TC_INVALID',
      `${plan.name} has no knob to sweep: no scheme of it pages out.`,
    );
  }
  const written = grid.map((text) => parseSetting(text, plan.knobs));
  const values = gridOf(plan.knobs, written, source.pattern.durationUs);
  const outcomes = await runSweep({
    ...source,
    sets: values.map((set) => plan.paramsFor(set)),
    ...watched,
  });
  if (outcomes === null) return null;
  const sets = outcomes.map((outcome, index) => ({ values: values[index]!, outcome }));
  const limits = limitsOf(source.access, plannedParams(plan), source.refaultUs);
  const found = { source, plan, sets, limits };
  return () => {
    if (svg !== undefined) {
      const points = (some: typeof sets) =>
        some.map(({ outcome }) => ({ x: outcome.slowdownShare, y: outcome.savedBytes }));
      const title = `${plan.name} on ${source.file}: saved against stall`;
      writePicture(svg, paretoSvg(title, points(sets), points(paretoFront(sets) as typeof sets)));
    }
    if (json) printJson(sweepObject(found));
    else printLines(sweepLines(found), canvas());
  };
}

/**
 * Commander gives an option with any number of values every word up to the next option; those
 * without `=` are files, and so are those of `--time` behind the second.
 */
function takeRecording(
  operands: readonly string[],
  options: WhatIfOptions,
): { file: string; grid: readonly string[] | null } {
  const files = [...operands];
  const words = Array.isArray(options.sweep) ? options.sweep : [];
  files.push(...words.filter((word) => !word.includes('=')));
  if (options.time !== undefined) files.push(...options.time.splice(2));
  if (files.length !== 1) {
    throw new ThermoclineError('TC_INVALID', `Name one recording; ${files.length} are named.`);
  }
  const grid = options.sweep === undefined ? null : words.filter((word) => word.includes('='));
  return { file: files[0]!, grid };
}
