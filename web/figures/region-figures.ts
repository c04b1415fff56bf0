/** What a list of regions comes to. */
import {
  type HistogramBucket,
  weightedPercentiles,
} from '../../src/analysis/weighted-distribution.ts';
import type { SelectedRegion } from '../heat/selection.ts';

/** Share of the samples from which on memory is hot. */
const HOT_FROM = 0.5;
export const IDLE_PERCENTILES: readonly number[] = [25, 50, 75, 90, 99];

/** Sums in bytes. */
export interface RegionSums {
  readonly watchedBytes: number;
  /** Accessed at all. */
  readonly workingSetBytes: number;
  /** Found accessed by half of the samples, or more. */
  readonly hotBytes: number;
}

/** Sums over regions. */
export function sumsOf(regions: readonly SelectedRegion[]): RegionSums {
  let watchedBytes = 0;
  let workingSetBytes = 0;
  let hotBytes = 0;
  for (const { start, end, heat } of regions) {
    watchedBytes += end - start;
    if (heat > 0) workingSetBytes += end - start;
    if (heat >= HOT_FROM) hotBytes += end - start;
  }
  return { watchedBytes, workingSetBytes, hotBytes };
}

/** One step of the depth profile: so many bytes are this hot. */
export interface DepthStep {
  readonly fromBytes: number;
  readonly toBytes: number;
  /** 0…1. */
  readonly heat: number;
}

/** All bytes in order of their heat, the hottest on top: a profile like that of a lake. */
export function depthProfile(regions: readonly SelectedRegion[]): DepthStep[] {
  const steps: DepthStep[] = [];
  let depth = 0;
  for (const { start, end, heat } of regions.toSorted((a, b) => b.heat - a.heat)) {
    const toBytes = depth + end - start;
    const last = steps.at(-1);
    if (last?.heat === heat) steps[steps.length - 1] = { ...last, toBytes };
    else steps.push({ fromBytes: depth, toBytes, heat });
    depth = toBytes;
  }
  return steps;
}

/** For how long percentiles of the bytes were idle at most; by percentile. */
export function idlePercentiles(regions: readonly SelectedRegion[]): (number | null)[] {
  const percentiles = weightedPercentiles(
    {
      values: regions.map(({ idleUs }) => idleUs),
      bytes: regions.map(({ start, end }) => end - start),
    },
    IDLE_PERCENTILES,
  );
  return IDLE_PERCENTILES.map((one) => percentiles[String(one)] ?? null);
}

const IDLE_EDGES_US = [0, 1, 1e6, 5e6, 15e6, 60e6, 120e6, 600e6, Number.POSITIVE_INFINITY];

/** Bytes by idle time: in use, below 1 s, 5 s, 15 s, 1 min, 2 min, 10 min, and longer. */
export function idleBuckets(regions: readonly SelectedRegion[]): HistogramBucket[] {
  return IDLE_EDGES_US.slice(1).map((to, index) => {
    const from = IDLE_EDGES_US[index]!;
    const inside = regions.filter(({ idleUs }) => idleUs >= from && idleUs < to);
    return { from, to, bytes: inside.reduce((sum, { start, end }) => sum + end - start, 0) };
  });
}
