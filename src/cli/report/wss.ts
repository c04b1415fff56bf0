import { type Command, Option } from 'commander';
import type { Instant } from '../../analysis/instants.ts';
import { averageOf, type Percentiles, percentilesOf } from '../../analysis/percentiles.ts';
import { WorkingSet, workingSetValues } from '../../analysis/working-set.ts';
import { toJsonNumber } from '../../base/json-number.ts';
import { formatBytes, formatDuration, parseBytes, parseDuration } from '../../base/units.ts';
import { columnChart } from '../terminal/chart.ts';
import { bold, dim, type Line, plain } from '../terminal/line.ts';
import { formatTable } from '../terminal/table.ts';
import { askFile, narrowed, nothingLeft } from './ask-file.ts';
import {
  addFilterOptions,
  countOption,
  FILTER_HELP,
  type FilterOptions,
  percentilesOption,
  takeFilter,
} from './options.ts';
import { type Canvas, canvas, printJson, printLines, writePicture } from './output.ts';
import { lineChartSvg } from './svg-chart.ts';

interface WssOptions extends FilterOptions {
  readonly json?: true;
  readonly svg?: string;
  readonly percentiles: readonly number[];
  readonly skip?: number;
  readonly sort: 'size' | 'time';
  readonly minSamples: number;
  readonly minSize: number;
  readonly workTime?: number;
  readonly overTime?: true;
  readonly target?: string;
  readonly likeDamo?: true;
}

/** Snapshots that damo leaves out at the beginning, whoever asks. */
export const DAMO_SKIPS = 20;

const HELP = `
The working set of a snapshot is the sum of the sizes of its regions that were found accessed. That
of several targets is the sum over those of the same moment. Percentile p of n values, in ascending
order, is number floor(p / 100 * n) of them from 0, and the last one where that is n.

With --like-damo, 20 snapshots are skipped unless --skip says otherwise, and several targets are
added after each was sorted alone: peaks that never met are added up then.
${FILTER_HELP}

Examples:
  $ thermocline report wss server.tcr
  $ thermocline report wss damon.data --json --percentiles 50,99 --skip 20
  $ thermocline report wss damon.data --work-time 1s --svg wss.svg`;

/** Adds `report wss`. */
export function register(report: Command): void {
  const command = report
    .command('wss')
    .argument('[file...]')
    .usage('<file> [options]')
    .summary('working set: how much memory was accessed')
    .description('Tells how much memory was accessed: its percentiles, and how it went over time.')
    .addOption(percentilesOption([0, 25, 50, 75, 100]))
    .addOption(countOption('--skip <number>', 'leave out the first snapshots (0)'))
    .addOption(
      new Option('--sort <order>', 'take percentiles in the order of time instead')
        .choices(['size', 'time'])
        .default('size'),
    )
    .addOption(
      countOption('--min-samples <number>', 'samples that a region must be accessed in').default(1),
    )
    .option('--min-size <size>', 'what a region must have', parseMinSize, 1)
    .option('--work-time <duration>', 'join snapshots until they last so long', parseWorkTime)
    .option('--target <id>', 'only this target')
    .option('--like-damo', "damo's figures: see below")
    .option('--json', 'print JSON: bytes')
    .option('--over-time', 'with --json: each moment too')
    .option('--svg <file>', 'draw it over time to a file')
    .addHelpText('after', HELP);
  addFilterOptions(command).action(run);
}

async function run(operands: string[], options: WssOptions): Promise<void> {
  const { file, filter } = takeFilter(operands, options);
  const likeDamo = options.likeDamo ?? false;
  const { target, minSamples, minSize, workTime, sort } = options;
  const narrowing = { target, filter, skip: options.skip ?? (likeDamo ? DAMO_SKIPS : 0) };
  const workingSet = new WorkingSet({
    minSamples,
    minBytes: minSize,
    workTimeUs: workTime ?? null,
  });
  const [answer] = await askFile(file, [narrowed(narrowing, workingSet)]);
  const values = workingSetValues(answer, sort, likeDamo);
  if (values.length === 0) throw nothingLeft(file, narrowing);
  const percentiles = percentilesOf(values, options.percentiles);
  if (options.svg !== undefined) {
    writePicture(options.svg, lineChartSvg(`working set of ${file}`, answer.instants, formatBytes));
  }
  if (options.json) {
    const overTime = answer.instants.map(({ startNs, endNs, value }) => ({
      startNs: toJsonNumber(startNs),
      endNs: toJsonNumber(endNs),
      bytes: value,
    }));
    printJson({
      kind: 'wss',
      snapshots: values.length,
      averageBytes: Math.trunc(averageOf(values)),
      percentiles,
      ...(options.overTime && { overTime }),
    });
    return;
  }
  const view = canvas();
  printLines(workingSetLines(answer.instants, averageOf(values), percentiles, view), view);
}

/** The working set over time as a picture, and its percentiles. */
export function workingSetLines(
  instants: readonly Instant[],
  average: number,
  percentiles: Percentiles,
  { width, depth }: Canvas,
): Line[] {
  const table = formatTable(Object.entries(percentiles), [
    { heading: 'PERCENTILE', text: ([percentile]) => percentile, align: 'right' },
    { heading: 'WORKING SET', text: ([, bytes]) => formatBytes(bytes), align: 'right' },
  ]).map(plain);
  const title = bold(`working set: ${formatBytes(Math.trunc(average))} on average`);
  if (instants.length === 1) return [title, ...table];
  const most = instants.reduce((highest, { value }) => Math.max(highest, value), 0);
  const durationNs = instants.at(-1)!.endNs - instants[0]!.startNs;
  const chart = columnChart(
    instants.map(({ value }) => value),
    width,
    8,
    depth,
  );
  const chartWidth = Math.min(width, instants.length);
  const left = '0';
  const right = formatDuration(Number(durationNs) / 1000);
  const room = Math.max(chartWidth - left.length - right.length, 1);
  return [
    title,
    dim(`${instants.length} moments; the chart goes up to ${formatBytes(most)}`),
    ...chart,
    dim(`${left}${' '.repeat(room)}${right}`),
    plain(''),
    ...table,
  ];
}

function parseMinSize(text: string): number {
  return parseBytes(text, '--min-size');
}

function parseWorkTime(text: string): number {
  return parseDuration(text, '--work-time');
}
