import { describe, expect, test } from 'vitest';
import { AddressAxis } from './address-axis.ts';
import { gapRows, nameMarks, timeMarks } from './axis-marks.ts';
import type { HeatView } from './heat-view.ts';

const view: HeatView = {
  fromUs: 2.5e6,
  usPerPixel: 10_000,
  offset: 0,
  bytesPerPixel: 10,
  width: 1000,
  height: 100,
};
const axis = new AddressAxis([
  { targetIndex: 0, start: 0, end: 600 },
  { targetIndex: 0, start: 5000, end: 5400 },
]);

describe('ticks of time', () => {
  test('are at round moments, as far apart as was asked', () => {
    expect(timeMarks(view, 0, 90).map(({ timeUs }) => timeUs / 1e6)).toEqual([
      3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
    ]);
    expect(timeMarks(view, 0, 150).map(({ x }) => x)).toEqual([150, 350, 550, 750, 950]);
  });

  test('are round by the clock on the wall', () => {
    expect(timeMarks(view, 300_000, 90)[0]!.timeUs).toBe(2.7e6);
  });
});

describe('names of addresses', () => {
  const label = (name: string, start: number, end: number) => ({
    targetIndex: 0,
    name,
    start,
    end,
  });

  test('stand in the middle of what is visible', () => {
    expect(nameMarks(view, axis, [label('a', 0, 600), label('b', 5000, 5400)], 18)).toEqual([
      { name: 'a', top: 0, bottom: 60, y: 30 },
      { name: 'b', top: 60, bottom: 100, y: 80 },
    ]);
  });

  test('leave out what has no room beside a larger one', () => {
    const labels = [label('small', 0, 50), label('large', 50, 600)];
    const marks = nameMarks({ ...view, height: 30 }, axis, labels, 18);
    expect(marks.map(({ name }) => name)).toEqual(['large']);
  });

  test('show where addresses were left out', () => {
    expect(gapRows(view, axis)).toEqual([60]);
    expect(gapRows({ ...view, offset: 700 }, axis)).toEqual([]);
  });
});
