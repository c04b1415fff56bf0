import { expect, test } from 'vitest';
import { handMadePattern, patternSnapshot } from '../../../test/hand-made-pattern.ts';
import { patternOf } from './recorded-pattern.ts';
import { touchedPeak } from './touched-peak.ts';

const MIB = 2 ** 20;

/** Four parts of 1 MiB that are touched one after the other, 200 ms each. */
const turns = handMadePattern(
  Array.from({ length: 8 }, (_, window) =>
    [0, 1, 2, 3].map((part) => [part * MIB, (part + 1) * MIB, part === window >> 1 ? 20 : 0]),
  ),
).targets[0]!;

test('is what a stretch of time has touched, and no more', () => {
  expect(touchedPeak(turns, 100_000)).toBe(MIB);
  expect(touchedPeak(turns, 300_000)).toBe(2 * MIB);
  expect(touchedPeak(turns, 10_000_000)).toBe(4 * MIB);
});

test('memory that is touched in pieces counts once', () => {
  const pieces = handMadePattern([
    [
      [0, 2 * MIB, 4],
      [2 * MIB, 4 * MIB, 4],
    ],
    [
      [0, MIB, 4],
      [MIB, 3 * MIB, 4],
      [3 * MIB, 4 * MIB, 0],
    ],
    [[0, 4 * MIB, 4]],
  ]).targets[0]!;
  expect(touchedPeak(pieces, 1e6)).toBe(4 * MIB);
});

test('where pages were looked at, as much counts as is touched in that time', () => {
  const look = (timeMs: number, [sparse, mixed]: readonly [number, number]) => ({
    ...patternSnapshot(timeMs, [
      [0, 8 * MIB, 0],
      [16 * MIB, 24 * MIB, mixed > 0 ? 10 : 0],
    ]),
    touchedBytes: [sparse * MIB, mixed * MIB],
  });
  const looks = patternOf([look(100, [0, 0]), look(1100, [1, 4])])!.targets[0]!;
  // Once more in another second, at random; or the same half of the pages.
  expect(touchedPeak(looks, 1e6) / MIB).toBeCloseTo(1 + 4, 6);
  expect(touchedPeak(looks, 2e6) / MIB).toBeCloseTo(8 * (1 - (7 / 8) ** 2) + 4, 6);
  // What was touched more before still counts.
  const calmer = patternOf([look(100, [0, 0]), look(1100, [4, 4]), look(2100, [1, 2])])!;
  expect(touchedPeak(calmer.targets[0]!, 2e6) / MIB).toBeCloseTo(8 * (1 - 1 / 4) + 4, 6);
});
