/** Heat maps of one or several areas as one picture of characters. */
import type { AddressArea } from '../../analysis/address-areas.ts';
import { type HeatGrid, HeatMap, type HeatMapAnswer } from '../../analysis/heat-map.ts';
import { formatBytes, formatDuration } from '../../base/units.ts';
import type { AddressRange } from '../../params/types.ts';
import { layOutBands, type ShownRange } from '../terminal/address-layout.ts';
import { bandsPerRow, type HeatColumn, heatScale } from '../terminal/heat-map.ts';
import { heatPanelLines } from '../terminal/heat-panel.ts';
import { bold, dim, type Line, safeText } from '../terminal/line.ts';
import type { Canvas } from './output.ts';
import { highestOf } from './svg-chart.ts';

/** Columns beside a picture for addresses and names. */
const GUTTER = 22;

/** One stretch of addresses with its name, or an empty one. */
export interface PictureArea extends AddressRange {
  readonly name: string;
}

/** What a picture needs to be filled: a grid for each area that gets a row. */
export interface PicturePlan {
  readonly areas: readonly PictureArea[];
  readonly grids: readonly HeatGrid[];
}

/** Shares the rows of a picture among areas by size, and its columns among the time. */
export function planPicture(
  areas: readonly (AddressArea & PictureArea)[],
  time: { readonly startNs: bigint; readonly endNs: bigint },
  { width, depth }: Canvas,
  height: number,
): PicturePlan {
  const ranges = areas.map((area) => shownRange(area));
  const bands = layOutBands(ranges, height, bandsPerRow(depth));
  const timeCells = Math.max(width - Math.min(GUTTER, Math.floor(width / 4)), 1);
  const shown = areas.flatMap((area, index) => {
    const addressCells = bands.filter(({ range }) => range === ranges[index]).length;
    return addressCells === 0 ? [] : [{ area, addressCells }];
  });
  return {
    areas: shown.map(({ area }) => area),
    grids: shown.map(({ area, addressCells }) => ({
      ...{ ...time, timeCells, addressCells },
      addresses: { start: area.start, end: area.end },
    })),
  };
}

/** The questions whose answers fill the picture. */
export function pictureQuestions(plan: PicturePlan, likeDamo: boolean): HeatMap[] {
  return plan.grids.map((grid) => new HeatMap(grid, { likeDamo }));
}

/** The picture with its axes and a legend. */
export function heatPictureLines(
  title: string,
  plan: PicturePlan,
  maps: readonly HeatMapAnswer[],
  { width, depth }: Canvas,
  height: number,
): Line[] {
  const highest = Math.max(0, ...maps.map(({ cells }) => highestOf(cells)));
  const first = maps[0]!;
  const durationUs = Number(first.grid.endNs - first.grid.startNs) / 1000;
  const panel = heatPanelLines({
    ranges: plan.areas.map((area) => shownRange(area)),
    history: columnsOf(maps, highest),
    ...{ width, depth },
    height: height + 1,
    formatAddress: (address) => `0x${address.toString(16)}`,
    timeLabels: ['0', formatDuration(durationUs)],
  });
  const unit = first.unit === 'hz' ? 'hz (samples a second that found it accessed)' : 'samples';
  return [
    bold(title),
    ...panel,
    heatScale(depth, 16, '0', `${Number(highest.toPrecision(3))} ${unit}`),
    dim(
      `one cell: ${formatDuration(first.timeUnitNs / 1000)}, ` +
        `${formatBytes(first.addressUnitBytes)}; blank where nothing was watched`,
    ),
  ];
}

function shownRange({ start, end, name }: PictureArea): ShownRange {
  return { start, end, weight: end - start, name: safeText(name) };
}

/** The cells of all maps at each time, as the panel takes regions. */
function columnsOf(maps: readonly HeatMapAnswer[], highest: number): HeatColumn[] {
  const { timeCells, startNs, endNs } = maps[0]!.grid;
  const cellUs = Number(endNs - startNs) / 1000 / timeCells;
  return Array.from({ length: timeCells }, (_, time) => {
    const start: number[] = [];
    const end: number[] = [];
    const heat: number[] = [];
    for (const { grid, cells, addressUnitBytes } of maps) {
      for (let column = 0; column < grid.addressCells; column++) {
        const value = cells[time * grid.addressCells + column]!;
        if (Number.isNaN(value)) continue;
        start.push(grid.addresses.start + column * addressUnitBytes);
        end.push(grid.addresses.start + (column + 1) * addressUnitBytes);
        heat.push(highest === 0 ? 0 : Math.max(value, 0) / highest);
      }
    }
    return {
      timeUs: time * cellUs,
      start: Float64Array.from(start),
      end: Float64Array.from(end),
      heat: Float64Array.from(heat),
    };
  });
}
