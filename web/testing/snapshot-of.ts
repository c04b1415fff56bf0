import type { Snapshot } from '../../src/params/snapshot.ts';

/** One region in pages; what is left out is 0, or of target 0. */
export interface MadeRegion {
  readonly pages: readonly [start: number, end: number];
  readonly accesses?: number;
  readonly age?: number;
  readonly target?: number;
}

export const PAGE = 4096;

/** A snapshot of given regions at `timeS`, of 20 samples in an aggregation interval of a second. */
export function snapshotOf(timeS: number, regions: readonly MadeRegion[]): Snapshot {
  return {
    timeUs: timeS * 1e6,
    wallTimeUs: null,
    tick: timeS * 20,
    sampleIntervalUs: 50_000,
    aggregationIntervalUs: 1_000_000,
    maxNrAccesses: 20,
    windowSamples: 20,
    nrRegions: regions.length,
    targetPids: [1, 2],
    targetIndex: Uint32Array.from(regions, ({ target = 0 }) => target),
    start: Float64Array.from(regions, ({ pages }) => pages[0] * PAGE),
    end: Float64Array.from(regions, ({ pages }) => pages[1] * PAGE),
    nrAccesses: Uint32Array.from(regions, ({ accesses = 0 }) => accesses),
    age: Uint32Array.from(regions, ({ age = 0 }) => age),
    probeHits: null,
    filterPassedBytes: null,
  };
}
