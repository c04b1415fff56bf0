import type { Command } from 'commander';
import { PatternTimes, type SeenTime } from '../../analysis/pattern-times.ts';
import { RecordingInfo } from '../../analysis/recording-info.ts';
import { toJsonNumber } from '../../base/json-number.ts';
import { formatDuration } from '../../base/units.ts';
import { bold, dim, type Line, plain } from '../terminal/line.ts';
import { formatTable } from '../terminal/table.ts';
import { askFile, narrowed, nothingLeft } from './ask-file.ts';
import { addFilterOptions, FILTER_HELP, type FilterOptions, takeFilter } from './options.ts';
import { canvas, printJson, printLines } from './output.ts';

interface TimesOptions extends FilterOptions {
  readonly json?: true;
  readonly target?: string;
}

const HELP = `
A pattern is what the filters describe; without filters, all of the recording. Snapshots that follow
each other and have a region of it are one time.
${FILTER_HELP}

Example:
  $ thermocline report times server.tcr --size 64M max --rate 50% 100%`;

/** Adds `report times`. */
export function register(report: Command): void {
  const command = report
    .command('times')
    .argument('[file...]')
    .usage('<file> [options]')
    .summary('when a pattern was seen')
    .description('Tells when there were regions of a size, rate, age or address.')
    .option('--target <id>', 'only this target')
    .option('--json', 'print JSON: nanoseconds')
    .addHelpText('after', HELP);
  addFilterOptions(command).action(run);
}

async function run(operands: string[], options: TimesOptions): Promise<void> {
  const { file, filter } = takeFilter(operands, options);
  const narrowing = { target: options.target, filter };
  const [times, { startNs }] = await askFile(file, [
    narrowed(narrowing, new PatternTimes()),
    new RecordingInfo(),
  ]);
  if (startNs === null) throw nothingLeft(file, {});
  if (options.json) {
    printJson({
      kind: 'times',
      times: times.map((time) => ({
        startNs: toJsonNumber(time.startNs),
        endNs: toJsonNumber(time.endNs),
      })),
    });
    return;
  }
  printLines(timesLines(times, startNs), canvas());
}

function timesLines(times: readonly SeenTime[], firstNs: bigint): Line[] {
  const us = (timeNs: bigint) => formatDuration(Number(timeNs) / 1000);
  const [heading, ...rows] = formatTable(times, [
    { heading: 'FROM', text: ({ startNs }) => us(startNs - firstNs), align: 'right' },
    { heading: 'TO', text: ({ endNs }) => us(endNs - firstNs), align: 'right' },
    { heading: 'FOR', text: ({ startNs, endNs }) => us(endNs - startNs), align: 'right' },
  ]);
  const total = times.reduce((sum, { startNs, endNs }) => sum + endNs - startNs, 0n);
  const count = `${times.length} ${times.length === 1 ? 'time' : 'times'}`;
  return [bold(`seen ${count}, for ${us(total)} in all`), dim(heading!), ...rows.map(plain)];
}
