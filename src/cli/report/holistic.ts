import type { Command } from 'commander';
import { hottestArea } from '../../analysis/address-areas.ts';
import { Footprints } from '../../analysis/footprints.ts';
import { idleTimeUs, regionValues } from '../../analysis/idle-time.ts';
import { type KeptSnapshot, LastSnapshots } from '../../analysis/last-snapshots.ts';
import { MappingNames } from '../../analysis/mapping-names.ts';
import { ofSeries } from '../../analysis/narrowed.ts';
import { averageOf, percentilesOf } from '../../analysis/percentiles.ts';
import { RecordingInfo, shownSeries } from '../../analysis/recording-info.ts';
import { SecondLook } from '../../analysis/second-look.ts';
import { DEFAULT_WEIGHTS, temperatureOf } from '../../analysis/temperature.ts';
import { weightedHistogram, weightedPercentiles } from '../../analysis/weighted-distribution.ts';
import { WorkingSet, workingSetValues } from '../../analysis/working-set.ts';
import { ThermoclineError } from '../../base/errors.ts';
import { dim, type Line, plain } from '../terminal/line.ts';
import { askFile, narrowed, nothingLeft, readFile } from './ask-file.ts';
import { DEFAULTS, distributionLines, IDLE, TEMPERATURE } from './distribution.ts';
import { footprintLines } from './footprint.ts';
import { heatPictureLines, pictureQuestions, planPicture } from './heat-picture.ts';
import { infoLines } from './info.ts';
import { takeFiles } from './options.ts';
import { type Canvas, canvas, printLines } from './output.ts';
import { workingSetLines } from './wss.ts';

interface HolisticOptions {
  readonly target?: string;
}

const PICTURE_HEIGHT = 16;
const PERCENTILES = [0, 25, 50, 75, 100];

const HELP = `
Each part is what the report of its name shows: info, heatmap, wss, idle, temperature and footprint.

Example:
  $ thermocline report holistic server.tcr`;

/** Adds `report holistic`. */
export function register(report: Command): void {
  report
    .command('holistic')
    .argument('[file...]')
    .usage('<file> [options]')
    .summary('all on one page')
    .description('Puts the most important reports on one page.')
    .option('--target <id>', 'only this target')
    .addHelpText('after', HELP)
    .action(run);
}

async function run(operands: string[], options: HolisticOptions): Promise<void> {
  const [file] = takeFiles(operands, {}, []);
  const narrowing = { target: options.target };
  const again = new SecondLook(() => readFile(file!));
  const [summary, workingSet, kept, footprints, names] = await askFile(file!, [
    narrowed(narrowing, new RecordingInfo()),
    narrowed(narrowing, new WorkingSet()),
    narrowed(narrowing, new LastSnapshots()),
    new Footprints(),
    new MappingNames(),
    again,
  ]);
  const info = shownSeries(summary, false);
  if (info === null) throw nothingLeft(file!, narrowing);
  const view = canvas();
  const sections: Line[][] = [infoLines(file!, summary)];
  const area = hottestArea(info.areas);
  if (area !== null) {
    const named = { ...area, name: names.nameOf(info.series.pid, area.start, area.end) };
    const time = { startNs: info.knownSinceNs, endNs: info.endNs };
    const plan = planPicture([named], time, view, PICTURE_HEIGHT);
    const questions = pictureQuestions(plan, false).map((map) => ofSeries(info.index, map));
    const maps = await again.ask(questions);
    const title = 'heat map of the hottest area';
    sections.push(heatPictureLines(title, plan, maps, view, PICTURE_HEIGHT));
  }
  const values = workingSetValues(workingSet, 'size', false);
  const percentiles = percentilesOf(values, PERCENTILES);
  sections.push(workingSetLines(workingSet.instants, averageOf(values), percentiles, view));
  sections.push(...regionSections(kept, view));
  if (footprints.size > 0) sections.push(footprintLines(footprints, PERCENTILES));
  printLines(
    sections.flatMap((lines, index) => (index === 0 ? lines : [plain(''), ...lines])),
    view,
  );
}

/** Idle time and temperature, or why they are not there. */
function regionSections(kept: readonly KeptSnapshot[], view: Canvas): Line[][] {
  const figures = { weightedBy: 'size', likeDamo: false } as const;
  try {
    const idle = regionValues(kept, figures, idleTimeUs);
    const scores = regionValues(kept, figures, (region) => temperatureOf(region, DEFAULT_WEIGHTS));
    const parts = [
      [IDLE, idle],
      [TEMPERATURE, scores],
    ] as const;
    return parts.map(([kind, values]) => {
      const percentiles = weightedPercentiles(values, DEFAULTS.percentiles);
      const histogram = weightedHistogram(values, DEFAULTS.buckets);
      return distributionLines(kind, values, percentiles, histogram, view);
    });
  } catch (error) {
    if (!(error instanceof ThermoclineError)) throw error;
    return [[dim('no idle times and temperatures: ages or intervals were not recorded')]];
  }
}
