import type { Series, SeriesSnapshot } from '../record/recording.ts';

/** Intervals that one snapshot was taken with. */
export interface IntervalsInForce {
  readonly sampleIntervalUs: number;
  readonly aggregationIntervalUs: number;
}

/** A snapshot of tuned intervals that took about the recorded time was taken with those. */
const SAME_DURATION = 0.1;

/**
 * The intervals of one snapshot: what it says itself; else those of its series; where these were
 * tuned and the snapshot took clearly longer or shorter, its own duration in the series' ratio.
 * Null where the recording doesn't tell.
 */
export function intervalsInForce(
  series: Series,
  snapshot: SeriesSnapshot,
): IntervalsInForce | null {
  const recorded = series.intervals;
  const { sampleIntervalUs, aggregationIntervalUs } = snapshot;
  if (sampleIntervalUs !== null && aggregationIntervalUs !== null) {
    return { sampleIntervalUs, aggregationIntervalUs };
  }
  if (recorded === null) return null;
  const ratio = recorded.aggregationIntervalUs / recorded.sampleIntervalUs;
  if (sampleIntervalUs !== null) {
    return { sampleIntervalUs, aggregationIntervalUs: sampleIntervalUs * ratio };
  }
  if (recorded.goal === null) return recorded;
  const durationUs = Number(snapshot.endNs - snapshot.startNs) / 1000;
  const difference = Math.abs(durationUs - recorded.aggregationIntervalUs);
  if (difference / recorded.aggregationIntervalUs < SAME_DURATION) return recorded;
  return { sampleIntervalUs: durationUs / ratio, aggregationIntervalUs: durationUs };
}

/** Samples in one aggregation interval: the most that a region can have been found accessed. */
export function maxSamplesOf(intervals: IntervalsInForce): number {
  return Math.max(intervals.aggregationIntervalUs / intervals.sampleIntervalUs, 1);
}
