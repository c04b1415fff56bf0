import type { Command } from 'commander';
import { hottestArea } from '../../analysis/address-areas.ts';
import {
  RecordingInfo,
  type RecordingSummary,
  type SeriesInfo,
} from '../../analysis/recording-info.ts';
import { toJsonNumber } from '../../base/json-number.ts';
import { formatBytes, formatDuration } from '../../base/units.ts';
import type { AddressRange } from '../../params/types.ts';
import { bold, type Line, plain, safeText } from '../terminal/line.ts';
import { formatTable } from '../terminal/table.ts';
import { askFile, narrowed } from './ask-file.ts';
import { takeFiles } from './options.ts';
import { canvas, counted, printJson, printLines } from './output.ts';

interface InfoOptions {
  readonly json?: true;
  readonly target?: string;
}

const HELP = `
The time range begins with the first snapshot, less the longest age in it where ages and intervals
are recorded. Areas are what any snapshot covered, without gaps.

Example:
  $ thermocline report info damon.data`;

/** Adds `report info`. */
export function register(report: Command): void {
  report
    .command('info')
    .argument('[file...]')
    .usage('<file> [options]')
    .summary('what a recording holds')
    .description(
      'Tells what a recording holds: its format, time, addresses, intervals and targets.',
    )
    .option('--target <id>', 'only this target')
    .option('--json', 'print JSON: nanoseconds, bytes')
    .addHelpText('after', HELP)
    .action(async (operands: string[], options: InfoOptions) => {
      const [file] = takeFiles(operands, {}, []);
      const info = narrowed({ target: options.target }, new RecordingInfo());
      const [summary] = await askFile(file!, [info]);
      if (options.json) printJson(infoJson(summary));
      else printLines(infoLines(file!, summary), canvas());
    });
}

function infoJson(summary: RecordingSummary): object {
  const { origin, series } = summary;
  const time = (timeNs: bigint | null) => (timeNs === null ? null : toJsonNumber(timeNs));
  return {
    kind: 'info',
    format: origin?.format ?? null,
    host: origin?.host ?? null,
    kernelRelease: origin?.kernelRelease ?? null,
    source: origin?.source ?? null,
    snapshots: summary.nrSnapshots,
    regions: summary.nrRegions,
    timeRange: { startNs: time(knownSince(summary)), endNs: time(summary.endNs) },
    areas: areasJson(series.flatMap(({ areas }) => areas)),
    attrs: series[0] === undefined ? null : attrsJson(series[0]),
    targets: series.map(targetJson),
    footprints: summary.nrFootprints,
    mappings: summary.nrMappings,
    events: summary.nrEvents,
  };
}

function knownSince({ series }: RecordingSummary): bigint | null {
  let since: bigint | null = null;
  for (const { knownSinceNs } of series) {
    if (since === null || knownSinceNs < since) since = knownSinceNs;
  }
  return since;
}

function targetJson(info: SeriesInfo): object {
  const { series } = info;
  const hottest = hottestArea(info.areas);
  return {
    id: series.targetId,
    pid: series.pid,
    kdamondIndex: series.kdamondIndex,
    contextIndex: series.contextIndex,
    schemeIndex: series.schemeIndex,
    snapshots: info.nrSnapshots,
    regions: info.nrRegions,
    leastRegions: info.minNrRegions,
    mostRegions: info.maxNrRegions,
    timeRange: { startNs: toJsonNumber(info.knownSinceNs), endNs: toJsonNumber(info.endNs) },
    areas: areasJson(info.areas),
    hottestArea: hottest === null ? null : areasJson([hottest])[0],
    attrs: attrsJson(info),
    filters: series.filters,
  };
}

function areasJson(areas: readonly AddressRange[]): object[] {
  return areas.map(({ start, end }) => ({ start: toJsonNumber(start), end: toJsonNumber(end) }));
}

/**
 * The intervals that were recorded; where snapshots tell others, the shortest and longest of
 * these.
 */
function attrsJson({ series, sampleIntervalUs, aggregationIntervalUs }: SeriesInfo): object | null {
  if (series.intervals === null && sampleIntervalUs === null) return null;
  return {
    sampleIntervalUs: series.intervals?.sampleIntervalUs ?? null,
    aggregationIntervalUs: series.intervals?.aggregationIntervalUs ?? null,
    operationsUpdateIntervalUs: series.intervals?.operationsUpdateIntervalUs ?? null,
    intervalsGoal: series.intervals?.goal ?? null,
    inForce: { sampleIntervalUs, aggregationIntervalUs },
  };
}

/** The same for people. */
export function infoLines(file: string, summary: RecordingSummary): Line[] {
  const { origin, startNs, endNs, nrSnapshots, nrRegions } = summary;
  const duration = startNs === null ? [] : [formatDuration(Number(endNs! - startNs) / 1000)];
  const from = [origin?.host, origin?.kernelRelease, origin?.source].filter(Boolean).join(', ');
  const extras = [
    ...(summary.nrFootprints > 0 ? [counted(summary.nrFootprints, 'footprint')] : []),
    ...(summary.nrMappings > 0 ? [counted(summary.nrMappings, 'mapping')] : []),
    ...(summary.nrEvents > 0 ? [counted(summary.nrEvents, 'event')] : []),
  ];
  return [
    bold(`${file}: ${origin?.format ?? 'unknown format'}`),
    ...(from === '' ? [] : [plain(`recorded on ${safeText(from)}`)]),
    plain([counted(nrSnapshots, 'snapshot'), counted(nrRegions, 'region'), ...duration].join(', ')),
    ...(startNs === null ? [] : [plain(`from ${timeText(startNs)} to ${timeText(endNs!)}`)]),
    ...(extras.length === 0 ? [] : [plain(extras.join(', '))]),
    ...summary.series.flatMap(targetLines),
  ];
}

/** A recorder's clock begins at boot, or in 1970: then no boot is so long ago. */
const EPOCH_NS = 10n ** 18n;

function timeText(timeNs: bigint): string {
  if (timeNs < EPOCH_NS) return `${timeNs} ns`;
  return `${timeNs} ns (${new Date(Number(timeNs / 1_000_000n)).toISOString()})`;
}

function targetLines(info: SeriesInfo): Line[] {
  const { series } = info;
  const hottest = hottestArea(info.areas);
  const id = series.targetId === null ? 'all targets' : `target ${series.targetId}`;
  const pid = series.pid === null ? '' : ` (pid ${series.pid})`;
  const scheme = series.schemeIndex === null ? '' : `, scheme ${series.schemeIndex}`;
  const { minNrRegions, maxNrRegions } = info;
  const fewest = minNrRegions === maxNrRegions ? '' : `${minNrRegions} to `;
  const regions = `${fewest}${counted(maxNrRegions, 'region')}`;
  const table = formatTable(info.areas, [
    { heading: 'AREA', text: ({ start }) => `0x${start.toString(16)}`, align: 'right' },
    { heading: 'END', text: ({ end }) => `0x${end.toString(16)}`, align: 'right' },
    { heading: 'SIZE', text: ({ start, end }) => formatBytes(end - start), align: 'right' },
    { heading: '', text: (area) => (area === hottest ? 'hottest' : '') },
  ]);
  return [
    plain(''),
    bold(`${id}${pid}${scheme}: ${counted(info.nrSnapshots, 'snapshot')} of ${regions}`),
    plain(intervalsText(info)),
    ...table.map(plain),
  ];
}

function intervalsText({ sampleIntervalUs, aggregationIntervalUs }: SeriesInfo): string {
  if (sampleIntervalUs === null || aggregationIntervalUs === null) return 'intervals not recorded';
  const span = ([least, most]: readonly [number, number]) =>
    least === most ? formatDuration(least) : `${formatDuration(least)} to ${formatDuration(most)}`;
  return `sampled every ${span(sampleIntervalUs)}, aggregated every ${span(aggregationIntervalUs)}`;
}
