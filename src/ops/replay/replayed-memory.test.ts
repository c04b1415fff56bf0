import { expect, test } from 'vitest';
import { handMadePattern, patternSnapshot } from '../../../test/hand-made-pattern.ts';
import { patternOf } from './recorded-pattern.ts';
import { ReplayedMemory } from './replayed-memory.ts';

const MIB = 2 ** 20;

function memoryOf(windows: readonly (readonly (readonly number[])[])[], refaultUs = 0) {
  return new ReplayedMemory(handMadePattern(windows).targets[0]!, refaultUs);
}

test('what is untouched stays out, and counts for as long as it is', () => {
  const memory = memoryOf(Array.from({ length: 10 }, () => [[0, 8 * MIB, 0]]));
  memory.advanceTo(200_000);
  expect(memory.pageOut(0, 2 * MIB, false)).toEqual({ passed: 2 * MIB, taken: 2 * MIB });
  expect(memory.pageOut(MIB, 3 * MIB, false)).toEqual({ passed: 2 * MIB, taken: MIB });
  memory.advanceTo(1_000_000);
  expect(memory.outBytes).toBe(3 * MIB);
  expect(memory.sums.outByteUs).toBe(3 * MIB * 800_000);
  expect(memory.sums.watchedByteUs).toBe(8 * MIB * 1_000_000);
  expect(memory.sums.refaultedBytes).toBe(0);
});

test('what is touched comes back, by its share of accessed samples', () => {
  // A twentieth of the samples: 1 - 0.95^20 of the pages in a window.
  const memory = memoryOf([[[0, 8 * MIB, 0]], [[0, 8 * MIB, 1]], [[0, 8 * MIB, 1]]]);
  memory.advanceTo(100_000);
  memory.pageOut(0, 8 * MIB, false);
  memory.advanceTo(200_000);
  expect(memory.sums.refaultedBytes / (8 * MIB)).toBeCloseTo(1 - 0.95 ** 20, 6);
  memory.advanceTo(300_000);
  expect(memory.outBytes / (8 * MIB)).toBeCloseTo(0.95 ** 40, 6);
});

test('a process that waits touches nothing else meanwhile', () => {
  // 2048 pages at 100 us take 204.8 ms, more than the window in which they are wanted.
  const hot = [[0, 8 * MIB, 20]];
  const memory = memoryOf([[[0, 8 * MIB, 0]], hot, hot, hot], 100);
  memory.advanceTo(100_000);
  memory.pageOut(0, 8 * MIB, false);
  memory.advanceTo(200_000);
  expect(memory.sums.stallUs).toBeGreaterThan(90_000);
  expect(memory.sums.stallUs).toBeLessThanOrEqual(100_000);
  memory.advanceTo(400_000);
  expect(memory.outBytes).toBe(0);
  expect(memory.sums.stallUs).toBeCloseTo(204_800, -3);
});

test('young pages are left alone until a look has found them untouched', () => {
  const memory = memoryOf([
    [[0, 4 * MIB, 0]],
    [[0, 4 * MIB, 20]],
    [[0, 4 * MIB, 0]],
    [[0, 4 * MIB, 0]],
  ]);
  expect(memory.pageOut(0, 4 * MIB, true)).toEqual({ passed: 0, taken: 0 });
  memory.advanceTo(200_000);
  expect(memory.pageOut(0, 4 * MIB, true)).toEqual({ passed: 0, taken: 0 });
  memory.advanceTo(400_000);
  expect(memory.pageOut(0, 4 * MIB, true)).toEqual({ passed: 4 * MIB, taken: 4 * MIB });
});

test('memory that was idle before the recording is old from the start', () => {
  const memory = memoryOf([[[0, 4 * MIB, 0, 50]]]);
  expect(memory.pageOut(0, 4 * MIB, true)).toEqual({ passed: 4 * MIB, taken: 4 * MIB });
});

test('memory that is unmapped, or whose process has gone, saves nothing any more', () => {
  const whole = [[0, 8 * MIB, 0]];
  const memory = memoryOf([whole, [[0, 2 * MIB, 0]], [[0, 2 * MIB, 0]]]);
  memory.pageOut(0, 8 * MIB, false);
  memory.advanceTo(300_000);
  expect(memory.outBytes).toBe(2 * MIB);
  expect(memory.watchedBytes).toBe(2 * MIB);
  const pattern = patternOf([
    patternSnapshot(100, whole),
    ...[100, 200, 300, 400].map((ms) => patternSnapshot(ms, [[0, MIB, 0]], 1)),
  ])!;
  const gone = new ReplayedMemory(pattern.targets[0]!, 0);
  gone.pageOut(0, 8 * MIB, false);
  gone.advanceTo(400_000);
  expect([gone.outBytes, gone.watchedBytes]).toEqual([0, 0]);
});

test('of accesses to some of the pages, those that were in memory have as many as they can', () => {
  const looks = [
    { ...patternSnapshot(100, [[0, 8 * MIB, 0]]), touchedBytes: [0] },
    { ...patternSnapshot(1100, [[0, 8 * MIB, 10]]), touchedBytes: [4 * MIB] },
  ];
  const memory = new ReplayedMemory(patternOf(looks)!.targets[0]!, 0);
  memory.advanceTo(100_000);
  memory.pageOut(0, 4 * MIB, false);
  // Half of 8 MiB is touched, and which half is not known.
  memory.pageOut(4 * MIB, 5 * MIB, false);
  memory.advanceTo(1_100_000);
  // Of each of the extents that are out, half was touched.
  expect(memory.sums.refaultedBytes / MIB).toBeCloseTo(2.5, 3);
});
