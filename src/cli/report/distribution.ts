/** `report idle` and `report temperature`: how many bytes have which figure. */
import { type Command, Option } from 'commander';
import {
  bandwidthOf,
  idleTimeUs,
  type RatedRegion,
  type RegionWeight,
  regionValues,
} from '../../analysis/idle-time.ts';
import { LastSnapshots } from '../../analysis/last-snapshots.ts';
import type { Percentiles } from '../../analysis/percentiles.ts';
import {
  DEFAULT_WEIGHTS,
  type TemperatureWeights,
  temperatureOf,
} from '../../analysis/temperature.ts';
import {
  type HistogramBucket,
  type WeightedValues,
  weightedHistogram,
  weightedPercentiles,
} from '../../analysis/weighted-distribution.ts';
import { ThermoclineError } from '../../base/errors.ts';
import { formatBytes, formatDuration, formatShare } from '../../base/units.ts';
import { bar } from '../terminal/chart.ts';
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
import { histogramSvg } from './svg-chart.ts';

interface DistributionOptions extends FilterOptions {
  readonly json?: true;
  readonly svg?: string;
  readonly percentiles: readonly number[];
  readonly histogram: number;
  readonly weightedBy: RegionWeight;
  readonly weights?: TemperatureWeights;
  readonly target?: string;
  readonly likeDamo?: true;
}

/** What sets the two reports apart. */
interface Kind {
  readonly name: 'idle' | 'temperature';
  readonly unit: 'us' | 'score';
  readonly heading: string;
  figure(region: RatedRegion, options: Pick<DistributionOptions, 'weights'>): number;
  format(value: number): string;
}

/** For how long memory has been idle. */
export const IDLE: Kind = {
  name: 'idle',
  unit: 'us',
  heading: 'IDLE',
  figure: idleTimeUs,
  format: formatDuration,
};

/** How hot memory is. */
export const TEMPERATURE: Kind = {
  name: 'temperature',
  unit: 'score',
  heading: 'TEMPERATURE',
  figure: (region, { weights }) => temperatureOf(region, weights ?? DEFAULT_WEIGHTS),
  format: (value) => Math.round(value).toLocaleString('en'),
};

/** Percentiles and buckets that are shown without being asked for. */
export const DEFAULTS = { percentiles: [0, 1, 25, 50, 75, 99, 100], buckets: 10 } as const;

const MOST_BUCKETS = 10_000;

const SHARED_HELP = `
What counts is the end of the recording (or of --time): the last snapshot of each target that was
still there, weighted by bytes. Percentile p is the figure of the first region, by figure, with
which p percent of all bytes are reached; the hundredth is the highest. A histogram has buckets of
the same width, from the lowest figure to the highest and 1, rounded up. The bandwidth takes each
sample that found a region accessed for all of its bytes. --weighted-by passed counts, in all of
these, the bytes that passed the filters of the scheme.

With --like-damo, access rates are cut to whole percents, so that memory that was seldom accessed
was not accessed, and ages count in the recorded aggregation interval also when it was tuned.
${FILTER_HELP}
`;

const IDLE_HELP = `
A region that was accessed has been idle for 0; else for its age and one aggregation interval.
${SHARED_HELP}
Example:
  $ thermocline report idle server.tcr --percentiles 50,90,99`;

const TEMPERATURE_HELP = `
The temperature of a region is percent * RATE + age in microseconds * AGE + bytes * SIZE, and the
negative of it where it was not accessed.
${SHARED_HELP}
Example:
  $ thermocline report temperature server.tcr --weights 0,100,0.001`;

/** Adds `report idle` and `report temperature`. */
export function register(report: Command): void {
  const idle = report
    .command('idle')
    .summary('for how long memory has been idle')
    .description(
      'Tells for how long memory has been idle at the end, and how much of it for longest.',
    );
  addOptions(idle, IDLE, IDLE_HELP);
  const temperature = report
    .command('temperature')
    .summary('how hot memory is, from rate and age')
    .description(
      'Scores how hot memory is at the end: by how often it is accessed and for how long.',
    )
    .option('--weights <size,rate,age>', 'what makes hot (0,100,100)', parseWeights);
  addOptions(temperature, TEMPERATURE, TEMPERATURE_HELP);
}

function addOptions(command: Command, kind: Kind, help: string): void {
  command
    .argument('[file...]')
    .usage('<file> [options]')
    .addOption(percentilesOption(DEFAULTS.percentiles))
    .addOption(
      countOption('--histogram <buckets>', 'buckets of the histogram', 1, MOST_BUCKETS).default(
        DEFAULTS.buckets,
      ),
    )
    .addOption(
      new Option('--weighted-by <bytes>', 'all bytes, or those that passed filters')
        .choices(['size', 'passed'])
        .default('size'),
    )
    .option('--target <id>', 'only this target')
    .option('--like-damo', "damo's figures: see below")
    .option('--json', 'print JSON')
    .option('--svg <file>', 'draw the histogram to a file')
    .addHelpText('after', help);
  addFilterOptions(command).action((operands, options) => run(kind, operands, options));
}

async function run(kind: Kind, operands: string[], options: DistributionOptions): Promise<void> {
  const { file, filter } = takeFilter(operands, options);
  const narrowing = { target: options.target, filter };
  const [kept] = await askFile(file, [narrowed(narrowing, new LastSnapshots())]);
  if (kept.length === 0) throw nothingLeft(file, narrowing);
  const { weightedBy } = options;
  const figures = { weightedBy, likeDamo: options.likeDamo ?? false };
  const values = regionValues(kept, figures, (region) => kind.figure(region, options));
  const percentiles = weightedPercentiles(values, options.percentiles);
  const histogram = weightedHistogram(values, options.histogram);
  const bandwidth = bandwidthOf(kept, weightedBy);
  if (options.svg !== undefined) {
    writePicture(options.svg, histogramSvg(`${kind.name} of ${file}`, histogram, kind.format));
  }
  if (options.json) {
    printJson({
      kind: kind.name,
      unit: kind.unit,
      percentiles,
      histogram,
      bandwidthBytesPerSecond: bandwidth,
    });
    return;
  }
  const view = canvas();
  printLines(
    [
      ...distributionLines(kind, values, percentiles, histogram, view),
      plain(''),
      dim(`estimated bandwidth: ${formatBytes(bandwidth)} a second`),
    ],
    view,
  );
}

/** Percentiles, the histogram as bars, and how much is in the coldest part of it. */
export function distributionLines(
  kind: Kind,
  { bytes }: WeightedValues,
  percentiles: Percentiles<number | null>,
  histogram: readonly HistogramBucket[],
  { width }: Canvas,
): Line[] {
  const total = bytes.reduce((sum, value) => sum + value, 0);
  const most = histogram.reduce((highest, bucket) => Math.max(highest, bucket.bytes), 1);
  const room = Math.max(width - 60, 10);
  return [
    bold(`${kind.name}: ${formatBytes(total)} in ${bytes.length} regions`),
    ...formatTable(Object.entries(percentiles), [
      { heading: 'PERCENTILE', text: ([percentile]) => percentile, align: 'right' },
      {
        heading: kind.heading,
        text: ([, value]) => (value === null ? '-' : kind.format(value)),
        align: 'right',
      },
    ]).map(plain),
    plain(''),
    ...formatTable(histogram, [
      { heading: 'FROM', text: ({ from }) => kind.format(from), align: 'right' },
      { heading: 'TO', text: ({ to }) => kind.format(to), align: 'right' },
      { heading: 'BYTES', text: (bucket) => formatBytes(bucket.bytes), align: 'right' },
      {
        heading: 'SHARE',
        text: (bucket) => formatShare(bucket.bytes / Math.max(total, 1)),
        align: 'right',
      },
      { heading: '', text: (bucket) => bar(bucket.bytes / most, room) },
    ]).map(plain),
  ];
}

function parseWeights(text: string): TemperatureWeights {
  const [size, rate, age, ...more] = text.split(',').map((part) => Number(part || NaN));
  const weights = [size, rate, age];
  if (more.length === 0 && weights.every((weight) => weight !== undefined && weight >= 0)) {
    return { size: size!, rate: rate!, age: age! };
  }
  throw new ThermoclineError(
    'TC_INVALID',
    `--weights is "${text}"; write three numbers of at least 0, like 0,100,100.`,
  );
}
