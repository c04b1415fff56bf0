/** Access patterns of a few regions, written down in a test. */
import {
  type PatternSnapshot,
  patternOf,
  type RecordedPattern,
} from '../src/ops/replay/recorded-pattern.ts';

/** `[start, end, nrAccesses, age]`; without an age it is not known. */
export type PatternRegion = readonly number[];

/** A window of 100 ms, sampled every 5 ms, that ends at `timeMs`; of one target. */
export function patternSnapshot(
  timeMs: number,
  regions: readonly PatternRegion[],
  targetIndex = 0,
): PatternSnapshot {
  return {
    timeUs: timeMs * 1000,
    sampleIntervalUs: 5_000,
    aggregationIntervalUs: 100_000,
    maxNrAccesses: 20,
    nrRegions: regions.length,
    targetPids: [100, 101],
    targetIndex: new Uint32Array(regions.length).fill(targetIndex),
    start: Float64Array.from(regions, ([start]) => start!),
    end: Float64Array.from(regions, ([, end]) => end!),
    nrAccesses: Uint32Array.from(regions, ([, , count]) => count!),
    age: regions.map(([, , , age]) => age ?? -1),
  };
}

/** A pattern of windows that follow each other, from 0 on. */
export function handMadePattern(windows: readonly (readonly PatternRegion[])[]): RecordedPattern {
  return patternOf(windows.map((regions, index) => patternSnapshot((index + 1) * 100, regions)))!;
}
