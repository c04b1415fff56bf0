import { expect, test } from 'vitest';
import { handMadePattern, type PatternRegion } from '../../../test/hand-made-pattern.ts';

const MIB = 2 ** 20;

/** Rows of a window as `[start, end]` in MiB and share, rounded. */
function rowsOf(windows: readonly (readonly PatternRegion[])[], window: number) {
  const { firstRow, start, end, accessShare } = handMadePattern(windows).targets[0]!;
  const rows: number[][] = [];
  for (let row = firstRow[window]!; row < firstRow[window + 1]!; row++) {
    rows.push([start[row]! / MIB, end[row]! / MIB, Math.round(accessShare[row]! * 100) / 100]);
  }
  return rows;
}

const steady = [
  [0, 4 * MIB, 20],
  [4 * MIB, 8 * MIB, 0],
];

test('a region across the border is accessed where the windows around it say', () => {
  const across = [
    [0, 2 * MIB, 20],
    [2 * MIB, 6 * MIB, 10],
    [6 * MIB, 8 * MIB, 0],
  ];
  expect(rowsOf([steady, across, steady], 1)).toEqual([
    [0, 2, 1],
    [2, 4, 1],
  ]);
});

test('more accesses than these explain are accesses of the rest', () => {
  const all = [[0, 8 * MIB, 20]];
  expect(rowsOf([steady, all, steady], 1)).toEqual([
    [0, 4, 1],
    [4, 8, 1],
  ]);
});

test('memory that becomes hot is hot from the window on in which it was', () => {
  const before = [[0, 8 * MIB, 0]];
  const first = [
    [0, 6 * MIB, 13],
    [6 * MIB, 8 * MIB, 0],
  ];
  expect(rowsOf([before, first, steady, steady], 1)).toEqual([[0, 4, 0.98]]);
});

test('a single access beside hot memory is the border, and elsewhere an access', () => {
  const border = [
    [0, 4 * MIB, 20],
    [4 * MIB, 8 * MIB, 1],
  ];
  expect(rowsOf([steady, border, steady], 1)).toEqual([[0, 4, 1]]);
  const apart = [
    [0, 4 * MIB, 20],
    [4 * MIB, 5 * MIB, 0],
    [5 * MIB, 8 * MIB, 1],
  ];
  expect(rowsOf([steady, apart, steady], 1)).toEqual([
    [0, 4, 1],
    [5, 8, 0.05],
  ]);
});
