import type { Command } from 'commander';
import { type AddressArea, hottestArea } from '../../analysis/address-areas.ts';
import { type HeatGrid, HeatMap, type HeatMapAnswer } from '../../analysis/heat-map.ts';
import { MappingNames } from '../../analysis/mapping-names.ts';
import { ofSeries } from '../../analysis/narrowed.ts';
import { RecordingInfo, type SeriesInfo, shownSeries } from '../../analysis/recording-info.ts';
import { SecondLook } from '../../analysis/second-look.ts';
import { resolveTime, type TimePoint } from '../../analysis/snapshot-filter.ts';
import { ThermoclineError } from '../../base/errors.ts';
import { toJsonNumber } from '../../base/json-number.ts';
import { formatBytes } from '../../base/units.ts';
import type { AddressRange } from '../../params/types.ts';
import { askFile, narrowed, nothingLeft, readFile } from './ask-file.ts';
import { heatPictureLines, pictureQuestions, planPicture } from './heat-picture.ts';
import { countOption, parseAddresses, parseTimes, takeFiles } from './options.ts';
import { canvas, printJson, printLines, writePicture } from './output.ts';
import { heatMapSvg } from './svg-chart.ts';

interface HeatMapOptions {
  readonly json?: true;
  readonly svg?: string;
  readonly timeCells?: number;
  readonly addressCells?: number;
  readonly timeRange?: string[];
  readonly addressRange?: string[];
  readonly allAreas?: true;
  readonly target?: string;
  readonly likeDamo?: true;
}

const MOST_CELLS = 10_000;
/** More would be a file that nothing can show. */
const MOST_CELLS_IN_ALL = 4_000_000;
const DEFAULT_CELLS = { time: 40, address: 80 };
const SVG_CELLS = { time: 320, address: 160 };

const HELP = `
A cell is the average over its time and addresses of how often memory was found accessed: in
samples a snapshot, or a second (hz) where the recording tells its intervals. Without ranges, it is
all of the time, and the area without gaps that was hottest; of several targets the one that has
it. A region counts from the time at which it had got its age, but not from before the end of the
snapshot before, and cells that nothing was seen in are null.

With --like-damo, the target is the first one; an area has a gap only where all snapshots have one
between two regions; and what an age tells is counted again in each snapshot, as damo 3.3.0 does:
full recordings come out hotter than they were.

A time is nanoseconds as info prints them, or, with a unit, counted from the start of the recording.

Examples:
  $ thermocline report heatmap server.tcr
  $ thermocline report heatmap damon.data --time-range 10s 20s --all-areas
  $ thermocline report heatmap damon.data --json --time-cells 100 --address-cells 200`;

/** Adds `report heatmap`. */
export function register(report: Command): void {
  report
    .command('heatmap')
    .argument('[file...]')
    .usage('<file> [options]')
    .summary('when and where memory was accessed')
    .description('Draws when and where memory was accessed: time to the right, addresses below.')
    .addOption(countOption('--time-cells <number>', 'cells of the time (40)', 1, MOST_CELLS))
    .addOption(countOption('--address-cells <number>', 'cells of addresses (80)', 1, MOST_CELLS))
    .option('--time-range <from to...>', 'zoom to this time')
    .option('--address-range <from to...>', 'zoom to these addresses')
    .option('--all-areas', 'draw all areas, one below the other, without the gaps between')
    .option('--target <id>', 'this target')
    .option('--like-damo', "damo's figures: see below")
    .option('--json', 'print JSON: cells[time][address]')
    .option('--svg <file>', 'draw it to a file')
    .addHelpText('after', HELP)
    .action(run);
}

async function run(operands: string[], options: HeatMapOptions): Promise<void> {
  const pairs = ['timeRange', 'addressRange'];
  const [file] = takeFiles(operands, options as Record<string, unknown>, pairs);
  const view = await look(file!, options);
  const { time, info, again } = view;
  const area = areaOf(view, options);
  const grid = (cells: typeof DEFAULT_CELLS): HeatGrid => {
    const { timeCells = cells.time, addressCells = cells.address } = options;
    if (timeCells * addressCells > MOST_CELLS_IN_ALL) {
      throw new ThermoclineError(
        'TC_INVALID',
        `--time-cells times --address-cells can be ${MOST_CELLS_IN_ALL} at most.`,
      );
    }
    return { ...time, addresses: { start: area.start, end: area.end }, timeCells, addressCells };
  };
  const ask = async (wanted: HeatGrid): Promise<HeatMapAnswer> => {
    const map = new HeatMap(wanted, { likeDamo: options.likeDamo ?? false });
    return (await again.ask([ofSeries(info.index, map)]))[0];
  };
  if (options.svg !== undefined) {
    const map = await ask(grid(SVG_CELLS));
    writePicture(options.svg, heatMapSvg(`when and where memory of ${file} was accessed`, map));
  }
  if (options.json) printJson(heatMapJson(await ask(grid(DEFAULT_CELLS))));
  else await draw(view, options.allAreas ? view.areas : [area], options);
}

interface Looked {
  readonly info: SeriesInfo;
  readonly areas: readonly AddressArea[];
  readonly time: { readonly startNs: bigint; readonly endNs: bigint };
  readonly nameOf: (area: AddressRange) => string;
  readonly again: SecondLook;
}

/** The first pass: which series, when, and what its areas are. */
async function look(file: string, options: HeatMapOptions): Promise<Looked> {
  const likeDamo = options.likeDamo ?? false;
  const narrowing = { target: options.target };
  const again = new SecondLook(() => readFile(file));
  const [summary, names] = await askFile(file, [
    narrowed(narrowing, new RecordingInfo()),
    new MappingNames(),
    again,
  ]);
  const info = shownSeries(summary, likeDamo);
  if (info === null) throw nothingLeft(file, narrowing);
  const [from, to]: readonly (TimePoint | null)[] = options.timeRange
    ? parseTimes(options.timeRange, '--time-range')
    : [null, null];
  const startNs = from ? clampedStart(from, info) : info.knownSinceNs;
  const endNs = to ? clampedEnd(to, info) : info.endNs;
  if (startNs >= endNs) {
    throw new ThermoclineError(
      'TC_INVALID',
      '--time-range ends where it starts or before; write the earlier time first.',
    );
  }
  return {
    info,
    areas: likeDamo ? info.damoAreas : info.areas,
    time: { startNs, endNs },
    nameOf: ({ start, end }) => names.nameOf(info.series.pid, start, end),
    again,
  };
}

function clampedStart(point: TimePoint, info: SeriesInfo): bigint {
  const atNs = resolveTime(point, info.startNs);
  return 'atNs' in point || atNs > info.knownSinceNs ? atNs : info.knownSinceNs;
}

function clampedEnd(point: TimePoint, info: SeriesInfo): bigint {
  const atNs = resolveTime(point, info.startNs);
  return 'atNs' in point || atNs < info.endNs ? atNs : info.endNs;
}

function areaOf({ areas }: Looked, { addressRange }: HeatMapOptions): AddressRange {
  if (addressRange !== undefined) return parseAddresses(addressRange, '--address-range');
  const hottest = hottestArea(areas);
  if (hottest !== null) return hottest;
  throw new ThermoclineError('TC_INVALID', 'The recording has snapshots, but no regions in them.');
}

function heatMapJson(map: HeatMapAnswer): object {
  const { timeCells, addressCells, startNs, addresses } = map.grid;
  return {
    kind: 'heatmap',
    unit: map.unit,
    start: { timeNs: toJsonNumber(startNs), address: toJsonNumber(addresses.start) },
    timeUnitNs: map.timeUnitNs,
    addressUnitBytes: map.addressUnitBytes,
    cells: Array.from({ length: timeCells }, (_, time) =>
      Array.from(map.cells.subarray(time * addressCells, (time + 1) * addressCells), (value) =>
        Number.isNaN(value) ? null : value,
      ),
    ),
  };
}

async function draw(
  { info, areas, time, nameOf, again }: Looked,
  shown: readonly AddressRange[],
  options: HeatMapOptions,
): Promise<void> {
  const full = canvas();
  const width = options.timeCells === undefined ? full.width : options.timeCells + 22;
  const view = { ...full, width: Math.max(width, 30) };
  const height = options.addressCells ?? Math.max(Math.min(full.height - 6, 40), 8);
  const named = shown.map((area) => ({ heat: 0, ...area, name: nameOf(area) }));
  const plan = planPicture(named, time, view, height);
  const questions = pictureQuestions(plan, options.likeDamo ?? false);
  const maps = await again.ask(questions.map((map) => ofSeries(info.index, map)));
  const bytes = shown.reduce((sum, { start, end }) => sum + end - start, 0);
  const of = options.allAreas || areas.length <= 1 ? '' : `, of ${areas.length} areas`;
  const target = info.series.targetId === null ? '' : `target ${info.series.targetId}, `;
  const title = `heat map: ${target}${formatBytes(bytes)}${of}`;
  printLines(heatPictureLines(title, plan, maps, view, height), view);
}
