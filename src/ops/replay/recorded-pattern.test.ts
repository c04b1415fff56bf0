import { describe, expect, test } from 'vitest';
import { patternSnapshot } from '../../../test/hand-made-pattern.ts';
import { patternOf } from './recorded-pattern.ts';

const MIB = 2 ** 20;

test('has the accessed regions of each window, and what was watched', () => {
  const pattern = patternOf([
    patternSnapshot(1100, [
      [0, MIB, 0],
      [MIB, 2 * MIB, 5],
      [4 * MIB, 5 * MIB, 20],
    ]),
    patternSnapshot(1200, [
      [0, 2 * MIB, 0],
      [4 * MIB, 5 * MIB, 20],
    ]),
  ])!;
  const [target] = pattern.targets;
  expect(pattern).toMatchObject({ durationUs: 200_000, gapUs: 0, nrRegions: 5 });
  expect([...target!.startUs, ...target!.endUs]).toEqual([0, 100_000, 100_000, 200_000]);
  expect([...target!.firstRow]).toEqual([0, 2, 3]);
  expect([...target!.accessShare]).toEqual([0.25, 1, 1]);
  // The same ranges, cut differently, are no change.
  expect(target!.layouts).toEqual([
    {
      fromUs: 0,
      ranges: [
        { start: 0, end: 2 * MIB },
        { start: 4 * MIB, end: 5 * MIB },
      ],
    },
  ]);
});

test('what was seen before a gap is taken to hold on', () => {
  const regions = [[0, MIB, 20]];
  const pattern = patternOf([100, 200, 700, 800].map((ms) => patternSnapshot(ms, regions)))!;
  expect(pattern.gapUs).toBe(400_000);
  expect([...pattern.targets[0]!.endUs]).toEqual([100_000, 600_000, 700_000, 800_000]);
});

test('knows the ages that memory had when watching began', () => {
  const pattern = patternOf([
    patternSnapshot(100, [
      [0, MIB, 0, 30],
      [MIB, 2 * MIB, 7],
    ]),
  ])!;
  expect(pattern.targets[0]!.firstRegions).toEqual([
    { start: 0, end: MIB, accessShare: 0, ageUs: 3_000_000 },
    { start: MIB, end: 2 * MIB, accessShare: 0.35, ageUs: null },
  ]);
});

test('is null without any duration', () => {
  expect(patternOf([])).toBeNull();
  expect(
    patternOf([{ ...patternSnapshot(100, [[0, MIB, 1]]), aggregationIntervalUs: 0 }]),
  ).toBeNull();
});

describe('looks at pages', () => {
  const look = (
    timeMs: number,
    [size, nrAccesses, touchedShare]: readonly [number, number, number],
  ) => ({
    ...patternSnapshot(timeMs, [[0, size, nrAccesses]]),
    touchedBytes: [size * touchedShare],
  });
  const second = (nrAccesses: number, touchedShare: number) => {
    const size = 8 * MIB;
    const looks = [look(100, [size, 0, 1]), look(1100, [size, nrAccesses, touchedShare])];
    const { firstRow, accessShare, activeShare, startUs } = patternOf(looks)!.targets[0]!;
    // What was touched before the first look may have been so at any time.
    expect([...firstRow.subarray(0, 2)]).toEqual([0, 0]);
    expect(startUs[1]).toBe(100_000);
    return [...accessShare].map((share, row) => [share, activeShare[row]]);
  };

  test('tell how often pages are touched that samples hardly meet', () => {
    // In 200 sampling intervals.
    const share = 1 - 0.8 ** (1 / 200);
    expect(second(0, 0.2)).toEqual([[share, 1]]);
    expect(second(1, 0.2)).toEqual([[share, 1]]);
  });

  test('tell that many accesses are to few pages', () => {
    expect(second(10, 0.5)).toEqual([[0.5, 0.5]]);
    expect(second(20, 1)).toEqual([[1, 1]]);
  });

  test('tell that nothing was touched', () => {
    expect(second(0, 0)).toEqual([]);
  });
});
