import { describe, expect, test } from 'vitest';
import type { Snapshot } from '../params/snapshot.ts';
import { accuracyOf, addAccuracy, scoresOf } from './accuracy.ts';

function snapshotOf(
  ...regions: [target: number, start: number, end: number, nr: number][]
): Snapshot {
  return {
    timeUs: 0,
    wallTimeUs: null,
    tick: 0,
    sampleIntervalUs: 100_000,
    aggregationIntervalUs: 1_000_000,
    maxNrAccesses: 10,
    windowSamples: 10,
    nrRegions: regions.length,
    targetPids: [null],
    targetIndex: Uint32Array.from(regions, ([target]) => target),
    start: Float64Array.from(regions, ([, start]) => start),
    end: Float64Array.from(regions, ([, , end]) => end),
    nrAccesses: Uint32Array.from(regions, ([, , , nr]) => nr),
    age: new Uint32Array(regions.length),
    probeHits: null,
    filterPassedBytes: null,
  };
}

const hot = (start: number, end: number) => ({ start, end, accessesPerSecond: 1000 });
const idle = (start: number, end: number) => ({ start, end, accessesPerSecond: 0 });

describe('accuracy', () => {
  test('of a perfect snapshot is 1', () => {
    const accuracy = accuracyOf(snapshotOf([0, 0, 100, 10], [0, 100, 400, 0]), [
      [hot(0, 100), idle(100, 400)],
    ]);
    expect(scoresOf(accuracy)).toEqual({ precision: 1, recall: 1, f1: 1, workingSetError: 0 });
  });

  test('counts the bytes that both call hot', () => {
    const snapshot = snapshotOf([0, 50, 150, 9], [0, 150, 400, 1]);
    const accuracy = accuracyOf(snapshot, [[hot(0, 100), idle(100, 180), hot(180, 400)]]);
    expect(accuracy).toMatchObject({ reportedBytes: 100, trueBytes: 320, foundBytes: 50 });
    expect(scoresOf(accuracy)).toMatchObject({
      precision: 0.5,
      recall: 50 / 320,
      f1: 100 / 420,
      workingSetError: 350 / 320 - 1,
    });
  });

  test('is kept apart by target', () => {
    const snapshot = snapshotOf([0, 0, 100, 10], [1, 0, 100, 0]);
    const accuracy = accuracyOf(snapshot, [[idle(0, 100)], [hot(0, 100)]]);
    expect(accuracy).toMatchObject({ reportedBytes: 100, trueBytes: 100, foundBytes: 0 });
  });

  test('calls hot what is found in half of the samples, by the chance of that', () => {
    // 1 - e^(-r × 0.1 s) is 0.5 at r = 6.93 a second.
    const at = (accessesPerSecond: number) =>
      accuracyOf(snapshotOf([0, 0, 100, 5]), [[{ start: 0, end: 100, accessesPerSecond }]]);
    expect(at(6.93).trueBytes).toBe(0);
    expect(at(6.94).trueBytes).toBe(100);
  });

  test('expects of rarely accessed memory the touched part only in the working set', () => {
    const rare = { start: 0, end: 1000, accessesPerSecond: Math.LN2 };
    const { trueWorkingSetBytes } = accuracyOf(snapshotOf([0, 0, 1000, 1]), [[rare]]);
    expect(trueWorkingSetBytes).toBeCloseTo(500);
  });

  test('has no score where there is nothing hot', () => {
    expect(scoresOf(accuracyOf(snapshotOf([0, 0, 100, 0]), [[idle(0, 100)]]))).toEqual({
      precision: null,
      recall: null,
      f1: null,
      workingSetError: null,
    });
  });

  test('adds up over snapshots', () => {
    const one = accuracyOf(snapshotOf([0, 0, 100, 10]), [[hot(0, 100)]]);
    const other = accuracyOf(snapshotOf([0, 0, 100, 10]), [[idle(0, 100)]]);
    expect(scoresOf(addAccuracy(one, other)).precision).toBe(0.5);
  });
});
