/** Turns history into cells: the one loop that the picture is made by. */
import type { Snapshot } from '../../src/params/snapshot.ts';
import type { AddressAxis } from './address-axis.ts';
import type { HeatHistory } from './heat-history.ts';

/** Nothing was watched there and then; heat is 1 to 255. */
export const NO_DATA = 0;

/**
 * Heat from 0 to 1 as a level from 1 to 255. By square root: the difference between never and
 * seldom matters most, and is kept best.
 */
export function levelOf(heat: number): number {
  return 1 + Math.round(254 * Math.sqrt(Math.min(Math.max(heat, 0), 1)));
}

/** Where the cells of a column lie, and how large they are. */
export interface CellGrid {
  /** Offset on the address axis of the first cell. */
  readonly offset: number;
  readonly bytesPerCell: number;
  readonly nrCells: number;
}

/** Sums of one column, kept for the next. */
export interface ColumnScratch {
  readonly heat: Float64Array;
  readonly weight: Float64Array;
}

/** Scratch for columns of up to so many cells. */
export function columnScratch(nrCells: number): ColumnScratch {
  return { heat: new Float64Array(nrCells), weight: new Float64Array(nrCells) };
}

/**
 * Levels of one column of cells over [fromUs, toUs): averages by bytes and time of what was
 * watched. Writes `nrCells` levels to `levels`.
 */
export function rasterColumn(
  history: HeatHistory,
  axis: AddressAxis,
  fromUs: number,
  toUs: number,
  grid: CellGrid,
  scratch: ColumnScratch,
  levels: Uint8Array,
): void {
  const { nrCells } = grid;
  const { heat, weight } = scratch;
  heat.fill(0, 0, nrCells);
  weight.fill(0, 0, nrCells);
  const { entries } = history;
  for (let index = history.indexAfter(fromUs); index < entries.length; index++) {
    const entry = entries[index]!;
    if (entry.fromUs >= toUs) break;
    const sharedUs = Math.min(entry.toUs, toUs) - Math.max(entry.fromUs, fromUs);
    const share = sharedUs / (toUs - fromUs);
    addSnapshot(entry.snapshot, axis, grid, share, scratch);
  }
  for (let cell = 0; cell < nrCells; cell++) {
    const sum = weight[cell]!;
    levels[cell] = sum > 0 ? levelOf(heat[cell]! / sum) : NO_DATA;
  }
}

function addSnapshot(
  snapshot: Snapshot,
  axis: AddressAxis,
  grid: CellGrid,
  share: number,
  { heat, weight }: ColumnScratch,
): void {
  const { targetIndex, start, end, nrAccesses, nrRegions, maxNrAccesses } = snapshot;
  const { offset, bytesPerCell, nrCells } = grid;
  const gridEnd = offset + bytesPerCell * nrCells;
  let row = 0;
  for (const segment of axis.segments) {
    const segmentEnd = segment.offset + segment.end - segment.start;
    if (segmentEnd <= offset) continue;
    if (segment.offset >= gridEnd) break;
    const shift = segment.offset - segment.start;
    const firstAddress = Math.max(segment.start, offset - shift);
    const lastAddress = Math.min(segment.end, gridEnd - shift);
    row = firstRowAfter(snapshot, segment.targetIndex, firstAddress, row);
    for (; row < nrRegions; row++) {
      if (targetIndex[row] !== segment.targetIndex || start[row]! >= lastAddress) break;
      const from = (Math.max(start[row]!, firstAddress) + shift - offset) / bytesPerCell;
      const to = (Math.min(end[row]!, lastAddress) + shift - offset) / bytesPerCell;
      const value = nrAccesses[row]! / maxNrAccesses;
      const firstCell = Math.floor(from);
      const lastCell = Math.min(Math.floor(to), nrCells - 1);
      for (let cell = firstCell; cell <= lastCell; cell++) {
        const part = (Math.min(to, cell + 1) - Math.max(from, cell)) * share;
        heat[cell]! += value * part;
        weight[cell]! += part;
      }
      // The next part of the grid may begin within this region.
      if (end[row]! > lastAddress) break;
    }
  }
}

/** The first row from `low` on that ends above an address of a target. */
function firstRowAfter(
  { targetIndex, end, nrRegions }: Snapshot,
  target: number,
  address: number,
  from: number,
): number {
  let low = from;
  let high = nrRegions;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const isAfter =
      targetIndex[middle]! > target || (targetIndex[middle] === target && end[middle]! > address);
    if (isAfter) high = middle;
    else low = middle + 1;
  }
  return low;
}
