import { type Command, Option } from 'commander';
import { AllSnapshots, type SnapshotGroup } from '../../analysis/all-snapshots.ts';
import { MappingNames, type NamedMappings } from '../../analysis/mapping-names.ts';
import { toJsonNumber } from '../../base/json-number.ts';
import { formatDuration } from '../../base/units.ts';
import { bold, type Line, plain } from '../terminal/line.ts';
import { askFile, narrowed, nothingLeft } from './ask-file.ts';
import {
  addFilterOptions,
  countOption,
  FILTER_HELP,
  type FilterOptions,
  takeFilter,
} from './options.ts';
import { canvas, printLines, printPieces } from './output.ts';
import { REGION_ORDERS, type RegionOrder, sortedRows, targetLines } from './region-table.ts';

interface SnapshotOptions extends FilterOptions {
  readonly json?: true;
  readonly all?: true;
  readonly sort: RegionOrder;
  readonly limit?: number;
  readonly target?: string;
}

const HELP = `
As text, the last moment that is left after filtering; with --all, every one. As JSON, all of them.
Temperature is that of report temperature. A region has the name of the mapping that covers most of
it, where mappings were recorded.
${FILTER_HELP}

Examples:
  $ thermocline report snapshot server.tcr --sort temperature --limit 20
  $ thermocline report snapshot server.tcr --rate 50% 100% --all
  $ thermocline report snapshot damon.data --json --time 10s 20s > snapshots.json`;

/** Adds `report snapshot`. */
export function register(report: Command): void {
  const command = report
    .command('snapshot')
    .argument('[file...]')
    .usage('<file> [options]')
    .summary('regions with rate, age and temperature')
    .description(
      'Lists regions with how often they were accessed, for how long, and how hot they are.',
    )
    .addOption(
      new Option('--sort <key>', 'what comes first').choices(REGION_ORDERS).default('address'),
    )
    .addOption(countOption('--limit <number>', 'regions of a target at most', 1))
    .option('--all', 'as text: every moment, not only the last')
    .option('--target <id>', 'only this target')
    .option('--json', 'print JSON: bytes, nanoseconds, samples, aggregation intervals')
    .addHelpText('after', HELP);
  addFilterOptions(command).action(run);
}

async function run(operands: string[], options: SnapshotOptions): Promise<void> {
  const { file, filter } = takeFilter(operands, options);
  const narrowing = { target: options.target, filter };
  const [groups, names] = await askFile(file, [
    narrowed(narrowing, new AllSnapshots()),
    new MappingNames(),
  ]);
  if (options.json) return await printPieces(snapshotsJson(groups, options));
  const view = canvas();
  let lines: Line[] | null = null;
  let firstNs: bigint | null = null;
  for (const group of groups) {
    firstNs ??= group.startNs;
    if (options.all && lines !== null) printLines([...lines, plain('')], view);
    lines = groupLines(group, firstNs, names, options, view.width, view.depth);
  }
  if (lines === null) throw nothingLeft(file, narrowing);
  printLines(lines, view);
}

function groupLines(
  group: SnapshotGroup,
  firstNs: bigint,
  names: NamedMappings,
  options: SnapshotOptions,
  width: number,
  depth: Parameters<typeof targetLines>[0]['depth'],
): Line[] {
  const us = (timeNs: bigint) => Number(timeNs - firstNs) / 1000;
  const lines: Line[] = [
    bold(`snapshot: ${formatDuration(us(group.startNs))} to ${formatDuration(us(group.endNs))}`),
  ];
  const { sort, limit } = options;
  for (const { series, snapshot } of group.targets) {
    lines.push(...targetLines({ series, snapshot, names, sort, limit, width, depth }));
  }
  return lines;
}

/** The whole report in pieces, since it may be as large as the recording. */
function* snapshotsJson(
  groups: Iterable<SnapshotGroup>,
  { sort, limit }: SnapshotOptions,
): Generator<string> {
  yield '{"kind":"snapshot","snapshots":[';
  let comma = '';
  for (const group of groups) {
    const targets: object[] = [];
    for (const { series, snapshot } of group.targets) {
      const regions = sortedRows({ series, snapshot }, sort, limit).map((row) => ({
        start: toJsonNumber(snapshot.start[row]!),
        end: toJsonNumber(snapshot.end[row]!),
        nrAccesses: snapshot.nrAccesses[row]!,
        age: snapshot.age[row]! < 0 ? null : snapshot.age[row]!,
        filterPassedBytes: snapshot.filterPassedBytes?.[row] ?? null,
      }));
      targets.push({ id: series.targetId, regions });
    }
    const { startNs, endNs } = group;
    const one = { startNs: toJsonNumber(startNs), endNs: toJsonNumber(endNs), targets };
    yield comma + JSON.stringify(one);
    comma = ',';
  }
  yield ']}\n';
}
