/** What became hotter or colder from one recording to another. */
import type { AddressRange } from '../params/types.ts';
import { HeatMap, type HeatMapAnswer, type HeatUnit } from './heat-map.ts';
import type { SeriesInfo } from './recording-info.ts';

/** Addresses whose average heat was about the same all over, in each of two recordings. */
export interface HeatChange extends AddressRange {
  /** In the unit of the comparison; null where nothing was watched. */
  readonly before: number | null;
  readonly after: number | null;
}

/** Addresses are compared in so many cells, shared among areas by size. */
const NR_CELLS = 4096;
/** Neighbours whose heat differs by less, of the highest heat, are one change. */
const SAME_HEAT = 0.05;

/**
 * The grids whose cells are compared: one for each area, with all of a recording's time in one
 * cell.
 */
export function comparedMaps(
  info: SeriesInfo,
  areas: readonly AddressRange[],
  unit: HeatUnit,
): HeatMap[] {
  const total = areas.reduce((sum, { start, end }) => sum + end - start, 0);
  return areas.map((addresses) => {
    const share = (addresses.end - addresses.start) / total;
    const addressCells = Math.max(Math.round(share * NR_CELLS), 1);
    const { startNs, endNs } = info;
    const grid = { startNs, endNs, addresses, timeCells: 1, addressCells };
    return new HeatMap(grid, { inSamples: unit === 'samples' });
  });
}

/** The areas of both, joined where they meet. */
export function joinedAreas(
  left: readonly AddressRange[],
  right: readonly AddressRange[],
): AddressRange[] {
  const joined: { start: number; end: number }[] = [];
  for (const { start, end } of [...left, ...right].sort((a, b) => a.start - b.start)) {
    const last = joined.at(-1);
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end);
    else joined.push({ start, end });
  }
  return joined;
}

/** Ranges by address, with their average heat before and after. */
export function heatChanges(
  before: readonly HeatMapAnswer[],
  after: readonly HeatMapAnswer[],
): HeatChange[] {
  const cells = before.flatMap((map, index) => cellsOf(map, after[index]!));
  const most = Math.max(0, ...cells.flatMap((cell) => [cell.before ?? 0, cell.after ?? 0]));
  const isSame = (a: number | null, b: number | null) =>
    a === null || b === null ? a === b : Math.abs(a - b) <= most * SAME_HEAT;
  const changes: HeatChange[] = [];
  for (const cell of cells) {
    const last = changes.at(-1);
    const joins =
      last !== undefined &&
      last.end === cell.start &&
      isSame(last.before, cell.before) &&
      isSame(last.after, cell.after);
    if (joins) changes[changes.length - 1] = joinedChange(last, cell);
    else changes.push(cell);
  }
  return changes;
}

function cellsOf(before: HeatMapAnswer, after: HeatMapAnswer): HeatChange[] {
  const { addresses } = before.grid;
  return Array.from(before.cells, (heat, index) => {
    const start = addresses.start + index * before.addressUnitBytes;
    const isLast = index === before.cells.length - 1;
    return {
      start,
      end: isLast ? addresses.end : start + before.addressUnitBytes,
      before: seen(heat),
      after: seen(after.cells[index]!),
    };
  });
}

function seen(heat: number): number | null {
  return Number.isNaN(heat) ? null : heat;
}

function joinedChange(left: HeatChange, right: HeatChange): HeatChange {
  const leftBytes = left.end - left.start;
  const bytes = right.end - left.start;
  const average = (a: number | null, b: number | null) =>
    a === null || b === null ? null : (a * leftBytes + b * (bytes - leftBytes)) / bytes;
  return {
    start: left.start,
    end: right.end,
    before: average(left.before, right.before),
    after: average(left.after, right.after),
  };
}
