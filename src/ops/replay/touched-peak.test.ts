import { expect, test } from 'vitest';
import { handMadePattern } from '../../../test/hand-made-pattern.ts';
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
