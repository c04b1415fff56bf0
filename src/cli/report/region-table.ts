/** The regions of one target at one moment, as a table. */
import type { IntervalsInForce } from '../../analysis/intervals-in-force.ts';
import { intervalsInForce, maxSamplesOf } from '../../analysis/intervals-in-force.ts';
import type { KeptSnapshot } from '../../analysis/last-snapshots.ts';
import type { NamedMappings } from '../../analysis/mapping-names.ts';
import { notRecorded } from '../../analysis/not-recorded.ts';
import { DEFAULT_WEIGHTS, temperatureOf } from '../../analysis/temperature.ts';
import { accessedBytes } from '../../analysis/working-set.ts';
import { formatBytes, formatDuration, formatShare } from '../../base/units.ts';
import { layOutBands, type ShownRange } from '../terminal/address-layout.ts';
import { bandHeat } from '../terminal/heat-map.ts';
import {
  bold,
  type ColourDepth,
  dim,
  type Line,
  plain,
  type Span,
  safeText,
} from '../terminal/line.ts';
import { heatColour, heatShade } from '../terminal/palette.ts';
import { formatTable } from '../terminal/table.ts';

/** What regions can be sorted by; all but the address with the highest first. */
export const REGION_ORDERS = ['address', 'size', 'rate', 'age', 'temperature'] as const;
export type RegionOrder = (typeof REGION_ORDERS)[number];

/** Rows of a snapshot in the order asked for, at most `limit`. */
export function sortedRows(
  kept: KeptSnapshot,
  order: RegionOrder,
  limit: number | undefined,
): number[] {
  const rows = Array.from({ length: kept.snapshot.nrRegions }, (_, row) => row);
  if (order !== 'address') {
    const keys = rows.map((row) => sortKey(kept, row, order));
    rows.sort((a, b) => keys[b]! - keys[a]! || a - b);
  }
  return rows.slice(0, limit);
}

function sortKey(kept: KeptSnapshot, row: number, order: RegionOrder): number {
  const { series, snapshot } = kept;
  if (order === 'size') return snapshot.end[row]! - snapshot.start[row]!;
  if (order === 'rate') return snapshot.nrAccesses[row]!;
  if (order === 'age') return snapshot.age[row]!;
  const intervals = intervalsInForce(series, snapshot);
  const temperature = intervals === null ? null : temperatureIn(kept, row, intervals);
  if (temperature === null) throw notRecorded('intervals and ages');
  return temperature;
}

function temperatureIn(
  { snapshot }: KeptSnapshot,
  row: number,
  intervals: IntervalsInForce,
): number | null {
  const age = snapshot.age[row]!;
  if (age < 0) return null;
  const { aggregationIntervalUs } = intervals;
  const region = {
    sizeBytes: snapshot.end[row]! - snapshot.start[row]!,
    percent: (snapshot.nrAccesses[row]! * 100) / maxSamplesOf(intervals),
    ageUs: age * aggregationIntervalUs,
    aggregationIntervalUs,
  };
  return temperatureOf(region, DEFAULT_WEIGHTS);
}

/** A target with how it is to be shown. */
export interface TargetView extends KeptSnapshot {
  readonly names: NamedMappings;
  readonly sort: RegionOrder;
  readonly limit: number | undefined;
  readonly width: number;
  readonly depth: ColourDepth;
}

/** Totals, a line of heat by address, and the table. */
export function targetLines(view: TargetView): Line[] {
  const { series, snapshot } = view;
  const rows = sortedRows(view, view.sort, view.limit);
  const accessed = formatBytes(accessedBytes(snapshot, 1, 1));
  const total = formatBytes(accessedBytes(snapshot, 0, 0));
  const shown = rows.length < snapshot.nrRegions ? `, ${rows.length} shown` : '';
  const target = series.targetId === null ? 'all targets' : `target ${series.targetId}`;
  const totals = `${snapshot.nrRegions} regions${shown}, ${accessed} accessed of ${total}`;
  const [heading, ...body] = regionRows(view, rows);
  return [bold(`${target}: ${totals}`), heatLine(view), dim(heading!), ...body.map(plain)];
}

function regionRows(view: TargetView, rows: readonly number[]): string[] {
  const { series, snapshot, names } = view;
  const intervals = intervalsInForce(series, snapshot);
  const hasNames = rows.some((row) => nameOf(view, row) !== '');
  const number = (heading: string, text: (row: number) => string) =>
    ({ heading, text, align: 'right' }) as const;
  return formatTable(rows, [
    number('ADDRESS', (row) => `0x${snapshot.start[row]!.toString(16)}`),
    number('SIZE', (row) => formatBytes(snapshot.end[row]! - snapshot.start[row]!)),
    number('ACCESSED', (row) =>
      intervals === null
        ? `${snapshot.nrAccesses[row]} samples`
        : formatShare(snapshot.nrAccesses[row]! / maxSamplesOf(intervals)),
    ),
    number('FOR', (row) => ageText(snapshot.age[row]!, intervals)),
    number('TEMPERATURE', (row) => {
      const temperature = intervals === null ? null : temperatureIn(view, row, intervals);
      return temperature === null ? '-' : Math.round(temperature).toLocaleString('en');
    }),
    ...(snapshot.filterPassedBytes === null
      ? []
      : [number('PASSED', (row: number) => formatBytes(snapshot.filterPassedBytes![row]!))]),
    ...(hasNames ? [{ heading: 'NAME', text: (row: number) => nameOf(view, row) }] : []),
  ]);

  function nameOf({ series: { pid } }: TargetView, row: number): string {
    return safeText(names.nameOf(pid, snapshot.start[row]!, snapshot.end[row]!));
  }
}

function ageText(age: number, intervals: IntervalsInForce | null): string {
  if (age < 0) return '-';
  if (intervals === null) return `${age} intervals`;
  return formatDuration(age * intervals.aggregationIntervalUs);
}

/** All regions by address on one line, the gaps left out. */
function heatLine({ series, snapshot, width, depth }: TargetView): Line {
  const { nrRegions, nrAccesses } = snapshot;
  const intervals = intervalsInForce(series, snapshot);
  let most = intervals === null ? 1 : maxSamplesOf(intervals);
  for (let row = 0; row < nrRegions; row++) most = Math.max(most, nrAccesses[row]!);
  const column = {
    timeUs: 0,
    start: snapshot.start.slice(0, nrRegions),
    end: snapshot.end.slice(0, nrRegions),
    heat: Float64Array.from(nrAccesses.subarray(0, nrRegions), (count) => count / most),
  };
  const bands = layOutBands(stretches(column.start, column.end), Math.max(width, 1), 1);
  return Array.from(bandHeat(column, bands), (heat): Span => {
    if (Number.isNaN(heat)) return { text: ' ' };
    return depth === 'none'
      ? { text: heatShade(heat) }
      : { text: ' ', background: heatColour(heat) };
  });
}

function stretches(starts: Float64Array, ends: Float64Array): ShownRange[] {
  const joined: { start: number; end: number }[] = [];
  for (const [row, start] of starts.entries()) {
    const last = joined.at(-1);
    if (last !== undefined && last.end === start) last.end = ends[row]!;
    else joined.push({ start, end: ends[row]! });
  }
  return joined.map(({ start, end }) => ({ start, end, weight: end - start, name: '' }));
}
