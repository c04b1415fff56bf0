import { type IntervalsInForce, intervalsInForce, maxSamplesOf } from './intervals-in-force.ts';
import type { KeptSnapshot } from './last-snapshots.ts';
import { notRecorded } from './not-recorded.ts';
import type { WeightedValues } from './weighted-distribution.ts';

/** What a region's bytes are: all of them, or those that passed the scheme's filters. */
export type RegionWeight = 'size' | 'passed';

/** How figures of regions are taken. */
export interface RegionFigures {
  readonly weightedBy: RegionWeight;
  /** Access rates in whole percents, so that seldom is never; ages by the recorded intervals. */
  readonly likeDamo: boolean;
}

/** One region with what its figures are made of. */
export interface RatedRegion {
  readonly sizeBytes: number;
  /** 0…100. */
  readonly percent: number;
  readonly ageUs: number;
  readonly aggregationIntervalUs: number;
}

/**
 * A figure for each region, with its bytes.
 * @throws ThermoclineError TC_INVALID where ages, intervals or passed bytes were not recorded
 */
export function regionValues(
  kept: readonly KeptSnapshot[],
  { weightedBy, likeDamo }: RegionFigures,
  figure: (region: RatedRegion) => number,
): WeightedValues {
  const values: number[] = [];
  const bytes: number[] = [];
  for (const one of kept) {
    const { snapshot } = one;
    const intervals = knownIntervals(one);
    const maxSamples = maxSamplesOf(intervals);
    const aged = likeDamo && one.series.intervals !== null ? one.series.intervals : intervals;
    for (let row = 0; row < snapshot.nrRegions; row++) {
      if (snapshot.age[row]! < 0) throw notRecorded('ages of regions');
      const percent = (snapshot.nrAccesses[row]! * 100) / maxSamples;
      values.push(
        figure({
          sizeBytes: snapshot.end[row]! - snapshot.start[row]!,
          percent: likeDamo ? Math.trunc(percent) : percent,
          ageUs: snapshot.age[row]! * aged.aggregationIntervalUs,
          aggregationIntervalUs: aged.aggregationIntervalUs,
        }),
      );
      bytes.push(weightOf(one, row, weightedBy));
    }
  }
  return { values, bytes };
}

/** For how long a region was not accessed, in microseconds; 0 while it is. */
export function idleTimeUs({ percent, ageUs, aggregationIntervalUs }: RatedRegion): number {
  return percent > 0 ? 0 : ageUs + aggregationIntervalUs;
}

/** Bytes a second, if each sample that found a region accessed counts for all of its bytes. */
export function bandwidthOf(kept: readonly KeptSnapshot[], weightedBy: RegionWeight): number {
  let bandwidth = 0;
  for (const one of kept) {
    let bytes = 0;
    for (let row = 0; row < one.snapshot.nrRegions; row++) {
      bytes += weightOf(one, row, weightedBy) * one.snapshot.nrAccesses[row]!;
    }
    bandwidth += (bytes * 1e6) / knownIntervals(one).aggregationIntervalUs;
  }
  return Math.trunc(bandwidth);
}

function weightOf({ snapshot }: KeptSnapshot, row: number, weightedBy: RegionWeight): number {
  if (weightedBy === 'size') return snapshot.end[row]! - snapshot.start[row]!;
  if (snapshot.filterPassedBytes === null) throw notRecorded('bytes that passed filters');
  return snapshot.filterPassedBytes[row]!;
}

function knownIntervals({ series, snapshot }: KeptSnapshot): IntervalsInForce {
  const intervals = intervalsInForce(series, snapshot);
  if (intervals === null) throw notRecorded('its intervals');
  return intervals;
}
