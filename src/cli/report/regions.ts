import type { Command } from 'commander';
import { averageOf, percentilesOf } from '../../analysis/percentiles.ts';
import { RegionCounts } from '../../analysis/region-counts.ts';
import { bold, dim, plain } from '../terminal/line.ts';
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
import { canvas, printJson, printLines } from './output.ts';
import { DAMO_SKIPS } from './wss.ts';

interface RegionsOptions extends FilterOptions {
  readonly json?: true;
  readonly percentiles: readonly number[];
  readonly skip?: number;
  readonly target?: string;
  readonly likeDamo?: true;
}

const HELP = `
Regions of several targets are counted together where they belong to the same moment. Percentiles
are those of report wss. The average is rounded down. With --like-damo, 20 snapshots are skipped
unless --skip says otherwise.
${FILTER_HELP}

Example:
  $ thermocline report regions damon.data --percentiles 1,50,99`;

/** Adds `report regions`. */
export function register(report: Command): void {
  const command = report
    .command('regions')
    .argument('[file...]')
    .usage('<file> [options]')
    .summary('how many regions there were')
    .description('Tells how many regions snapshots had.')
    .addOption(percentilesOption([0, 25, 50, 75, 100]))
    .addOption(countOption('--skip <number>', 'leave out the first snapshots (0)'))
    .option('--target <id>', 'only this target')
    .option('--like-damo', "damo's figures: see below")
    .option('--json', 'print JSON')
    .addHelpText('after', HELP);
  addFilterOptions(command).action(run);
}

async function run(operands: string[], options: RegionsOptions): Promise<void> {
  const { file, filter } = takeFilter(operands, options);
  const skip = options.skip ?? (options.likeDamo ? DAMO_SKIPS : 0);
  const narrowing = { target: options.target, filter, skip };
  const [instants] = await askFile(file, [narrowed(narrowing, new RegionCounts())]);
  const counts = instants.map(({ value }) => value).sort((a, b) => a - b);
  if (counts.length === 0) throw nothingLeft(file, narrowing);
  const average = averageOf(counts);
  const percentiles = percentilesOf(counts, options.percentiles);
  if (options.json) {
    printJson({
      kind: 'regions',
      snapshots: counts.length,
      average: Math.trunc(average),
      percentiles,
    });
    return;
  }
  const table = formatTable(Object.entries(percentiles), [
    { heading: 'PERCENTILE', text: ([percentile]) => percentile, align: 'right' },
    { heading: 'REGIONS', text: ([, count]) => String(count), align: 'right' },
  ]);
  printLines(
    [
      bold(`regions: ${average.toFixed(1)} on average`),
      dim(`${counts.length} snapshots`),
      ...table.map(plain),
    ],
    canvas(),
  );
}
