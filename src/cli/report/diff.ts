import type { Command } from 'commander';
import type { HeatUnit } from '../../analysis/heat-map.ts';
import { ofSeries } from '../../analysis/narrowed.ts';
import {
  comparedMaps,
  type HeatChange,
  heatChanges,
  joinedAreas,
} from '../../analysis/recording-diff.ts';
import { RecordingInfo, type SeriesInfo, shownSeries } from '../../analysis/recording-info.ts';
import { SecondLook } from '../../analysis/second-look.ts';
import { ThermoclineError } from '../../base/errors.ts';
import { toJsonNumber } from '../../base/json-number.ts';
import { formatBytes } from '../../base/units.ts';
import { bold, dim, type Line, plain } from '../terminal/line.ts';
import { formatTable } from '../terminal/table.ts';
import { askFile, narrowed, nothingLeft, readFile } from './ask-file.ts';
import { countOption, takeFiles } from './options.ts';
import { canvas, printJson, printLines } from './output.ts';

interface DiffOptions {
  readonly json?: true;
  readonly limit: number;
  readonly target?: string;
}

const HELP = `
Compared is the average heat of each address over the whole time of each recording: in hz where both
tell their intervals, else in samples. Addresses have to mean the same in both: processes that start
again get others, unless their addresses are not randomised or both were converted with
--relative-addresses. What only one of them watched has no change.

Example:
  $ thermocline report diff before.tcr after.tcr`;

/** Adds `report diff`. */
export function register(report: Command): void {
  report
    .command('diff')
    .argument('[files...]')
    .usage('<before> <after> [options]')
    .summary('what became hotter or colder')
    .description('Compares two recordings: which addresses became hotter, and which colder.')
    .addOption(countOption('--limit <number>', 'changes to show, the largest first', 1).default(20))
    .option('--target <id>', 'only this target, of both')
    .option('--json', 'print JSON: all ranges by address')
    .addHelpText('after', HELP)
    .action(run);
}

async function run(operands: string[], options: DiffOptions): Promise<void> {
  const [before, after] = takeFiles(operands, {}, [], 2);
  const one = await look(before!, options);
  const other = await look(after!, options);
  const hasIntervals = ({ info }: Looked) => info.sampleIntervalUs !== null;
  const unit = hasIntervals(one) && hasIntervals(other) ? 'hz' : 'samples';
  const areas = joinedAreas(one.info.areas, other.info.areas);
  const maps = async ({ info, again }: Looked) =>
    await again.ask(comparedMaps(info, areas, unit).map((map) => ofSeries(info.index, map)));
  const changes = heatChanges(await maps(one), await maps(other));
  if (changes.every((change) => change.before === null || change.after === null)) {
    throw new ThermoclineError(
      'TC_INVALID',
      `${before} and ${after} have no addresses in common; convert both with --relative-addresses.`,
    );
  }
  if (options.json) printJson(diffJson(changes, unit));
  else printLines(diffLines(changes, unit, options.limit), canvas());
}

interface Looked {
  readonly info: SeriesInfo;
  readonly again: SecondLook;
}

async function look(file: string, { target }: DiffOptions): Promise<Looked> {
  const again = new SecondLook(() => readFile(file));
  const [summary] = await askFile(file, [narrowed({ target }, new RecordingInfo()), again]);
  const info = shownSeries(summary, false);
  if (info === null) throw nothingLeft(file, {});
  return { info, again };
}

function diffJson(changes: readonly HeatChange[], unit: HeatUnit): object {
  return {
    kind: 'diff',
    unit,
    ranges: changes
      .filter((change) => change.before !== null || change.after !== null)
      .map(({ start, end, before, after }) => ({
        start: toJsonNumber(start),
        end: toJsonNumber(end),
        before,
        after,
      })),
  };
}

/** By how much heat times bytes changed. */
function weight({ start, end, before, after }: HeatChange): number {
  return before === null || after === null ? 0 : (after - before) * (end - start);
}

function diffLines(changes: readonly HeatChange[], unit: HeatUnit, limit: number): Line[] {
  const changed = changes.filter((change) => weight(change) !== 0);
  const bytes = (isHotter: boolean) =>
    changed
      .filter((change) => weight(change) > 0 === isHotter)
      .reduce((sum, { start, end }) => sum + end - start, 0);
  const largest = changed
    .toSorted((a, b) => Math.abs(weight(b)) - Math.abs(weight(a)))
    .slice(0, limit);
  const number = (value: number | null) => (value === null ? '-' : String(round(value)));
  const [heading, ...rows] = formatTable(largest, [
    { heading: 'ADDRESS', text: ({ start }) => `0x${start.toString(16)}`, align: 'right' },
    { heading: 'SIZE', text: ({ start, end }) => formatBytes(end - start), align: 'right' },
    { heading: 'BEFORE', text: ({ before }) => number(before), align: 'right' },
    { heading: 'AFTER', text: ({ after }) => number(after), align: 'right' },
    { heading: '', text: (change) => (weight(change) > 0 ? 'hotter' : 'colder') },
  ]);
  return [
    bold(`hotter: ${formatBytes(bytes(true))}, colder: ${formatBytes(bytes(false))}`),
    dim(`averages in ${unit}; the largest changes first`),
    dim(heading!),
    ...rows.map(plain),
  ];
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
