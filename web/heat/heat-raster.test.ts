import { describe, expect, test } from 'vitest';
import { type MadeRegion, PAGE, snapshotOf } from '../testing/snapshot-of.ts';
import { AddressAxis, AxisBuilder } from './address-axis.ts';
import { HeatHistory } from './heat-history.ts';
import { columnScratch, levelOf, NO_DATA, rasterColumn } from './heat-raster.ts';

function column(
  snapshots: readonly (readonly MadeRegion[])[],
  [fromS, toS]: readonly [number, number],
  { nrCells, pagesPerCell = 1, firstPage = 0 }: Record<string, number> & { nrCells: number },
): number[] {
  const history = new HeatHistory();
  const builder = new AxisBuilder();
  for (const [index, regions] of snapshots.entries()) {
    const snapshot = snapshotOf(index + 1, regions);
    history.add(snapshot);
    builder.add(snapshot);
  }
  const axis = builder.build(new AddressAxis([]));
  const levels = new Uint8Array(nrCells);
  const grid = { offset: firstPage * PAGE, bytesPerCell: pagesPerCell * PAGE, nrCells };
  rasterColumn(history, axis, fromS * 1e6, toS * 1e6, grid, columnScratch(nrCells), levels);
  return [...levels];
}

describe('a column of the picture', () => {
  test('has the heat of the region in each cell, and nothing where nothing was watched', () => {
    const regions = [{ pages: [0, 2], accesses: 20 }, { pages: [2, 3] }] as const;
    expect(column([regions], [0, 1], { nrCells: 4 })).toEqual([255, 255, 1, NO_DATA]);
    expect(column([regions], [5, 6], { nrCells: 2 })).toEqual([NO_DATA, NO_DATA]);
  });

  test('leaves out gaps between addresses', () => {
    const regions = [
      { pages: [0, 1], accesses: 20 },
      { pages: [9, 10], accesses: 5 },
    ] as const;
    expect(column([regions], [0, 1], { nrCells: 3 })).toEqual([255, levelOf(0.25), NO_DATA]);
  });

  test('averages over bytes where regions share a cell', () => {
    const regions = [{ pages: [0, 3], accesses: 20 }, { pages: [3, 4] }] as const;
    expect(column([regions], [0, 1], { nrCells: 1, pagesPerCell: 4 })).toEqual([levelOf(0.75)]);
  });

  test('averages over time where snapshots share a column', () => {
    const at = (accesses: number) => [{ pages: [0, 1], accesses }] as const;
    expect(column([at(20), at(0)], [0, 2], { nrCells: 1 })).toEqual([levelOf(0.5)]);
    expect(column([at(20), at(0)], [0.75, 1.25], { nrCells: 1 })).toEqual([levelOf(0.5)]);
  });

  test('can begin in the middle of a region', () => {
    const regions = [{ pages: [0, 8], accesses: 20 }, { pages: [8, 9] }] as const;
    expect(column([regions], [0, 1], { nrCells: 3, firstPage: 7 })).toEqual([255, 1, NO_DATA]);
  });

  test('tells targets apart that have the same addresses', () => {
    const regions = [
      { pages: [0, 1], accesses: 20 },
      { pages: [0, 1], accesses: 0, target: 1 },
    ] as const;
    expect(column([regions], [0, 1], { nrCells: 2 })).toEqual([255, 1]);
  });
});
