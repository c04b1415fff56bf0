import { formatDuration } from '../../base/units.ts';
import { type Band, layOutBands, type ShownRange } from './address-layout.ts';
import { bandsPerRow, type HeatColumn, heatMapLines } from './heat-map.ts';
import { type ColourDepth, dim, fitLine, type Line, shortenFront } from './line.ts';

/** A heat map with what its axes mean: addresses at the left, time below. */
export interface HeatPanel {
  readonly ranges: readonly ShownRange[];
  /** Newest last. */
  readonly history: readonly HeatColumn[];
  readonly width: number;
  /** Of all of it, the line of the time axis included. */
  readonly height: number;
  readonly depth: ColourDepth;
  /** How the address of a row without a name is written. */
  readonly formatAddress: (address: number) => string;
  /** Below the first and the last column; left out, how long ago and now. */
  readonly timeLabels?: readonly [first: string, last: string];
}

/** Rows between the addresses that are written beside a long range. */
const LABEL_DISTANCE = 4;

/** The panel as `height` lines of `width` columns. */
export function heatPanelLines(panel: HeatPanel): Line[] {
  const { ranges, history, width, height, depth } = panel;
  const perRow = bandsPerRow(depth);
  const gutter = Math.min(22, Math.floor(width / 4));
  const pictureWidth = width - gutter;
  const bands = layOutBands(ranges, height - 1, perRow);
  const picture = heatMapLines(history, bands, pictureWidth, depth);
  const lines: Line[] = [];
  for (let row = 0; row < height - 1; row++) {
    const band = bands[row * perRow];
    const label = band === undefined ? '' : bandLabel(band, perRow, panel);
    const fitted = fitLine(dim(shortenFront(label, gutter - 1)), gutter);
    lines.push(fitLine([...fitted, ...(picture[row] ?? [])], width));
  }
  lines.push(timeAxis(history.slice(-pictureWidth), gutter, pictureWidth, panel.timeLabels));
  return lines;
}

function bandLabel(band: Band, perRow: number, panel: HeatPanel): string {
  if (band.indexInRange === 0) return band.range.name || panel.formatAddress(band.start);
  const row = band.indexInRange / perRow;
  const unnamed = band.range.name === '';
  return unnamed && row % LABEL_DISTANCE === 0 ? panel.formatAddress(band.start) : '';
}

function timeAxis(
  shown: readonly HeatColumn[],
  gutter: number,
  width: number,
  labels?: readonly [first: string, last: string],
): Line {
  const spanUs = shown.length < 2 ? 0 : shown.at(-1)!.timeUs - shown[0]!.timeUs;
  const ago = spanUs === 0 ? '' : `${formatDuration(spanUs)} ago`;
  const [first, last] = labels ?? [ago, 'now'];
  const blank = Math.max(width - shown.length, 0);
  const room = Math.max(width - blank - first.length - last.length, 1);
  const indent = Math.max(width - first.length - last.length - room, 0);
  return dim(`${' '.repeat(gutter + indent)}${first}${' '.repeat(room)}${last}`);
}
