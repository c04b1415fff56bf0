/** What a picture comes to: the figures that dashboards and metrics show. */
import { weightedPercentiles } from '../analysis/weighted-distribution.ts';
import type { FiguresPoint } from '../client/api-types.ts';
import type { MonitorStats } from '../monitor/monitor.ts';
import { totalsOf } from '../monitor/totals.ts';
import { schemeFigures } from '../params/scheme-figures.ts';
import type { Snapshot } from '../params/snapshot.ts';

/** As long as DAMON_RECLAIM waits before it takes memory for cold (spec 9.1). */
const COLD_FROM_US = 120_000_000;
/** Share of the samples from which on memory is hot. */
const HOT_FROM = 0.5;

const IDLE_PERCENTILES: readonly number[] = [0, 25, 50, 75, 90, 99, 100];

/** Bytes and idle time of each region. */
interface IdleTimes {
  readonly values: number[];
  readonly bytes: number[];
}

/** For how long each region was not accessed: microseconds, 0 while it is, with its bytes. */
export function idleTimesOf(snapshot: Snapshot): IdleTimes {
  const values: number[] = [];
  const bytes: number[] = [];
  for (let row = 0; row < snapshot.nrRegions; row++) {
    const windows = snapshot.nrAccesses[row]! > 0 ? 0 : snapshot.age[row]! + 1;
    values.push(windows * snapshot.aggregationIntervalUs);
    bytes.push(snapshot.end[row]! - snapshot.start[row]!);
  }
  return { values, bytes };
}

/** The moment of a snapshot: the time of day, or that of a virtual clock. */
export function timeOf({ wallTimeUs, timeUs }: Snapshot): number {
  return wallTimeUs ?? timeUs;
}

/** All figures of one moment. */
export function figuresOf(snapshot: Snapshot, stats: MonitorStats): FiguresPoint {
  const idle = idleTimesOf(snapshot);
  const percentiles = weightedPercentiles(idle, IDLE_PERCENTILES);
  return {
    timeUs: timeOf(snapshot),
    ...totalsOf(snapshot, stats.mappings),
    ...heatOf(snapshot, idle),
    idlePercentilesUs: IDLE_PERCENTILES.map((one) => percentiles[String(one)] ?? 0),
    bandwidthBytesPerSecond: bandwidthOf(snapshot),
    nrRegions: snapshot.nrRegions,
    sampleIntervalUs: snapshot.sampleIntervalUs,
    cpuShare: stats.cost.cpuShare,
    schemes: stats.schemes.map(schemeFigures),
  };
}

function heatOf(
  snapshot: Snapshot,
  { values, bytes }: IdleTimes,
): Pick<FiguresPoint, 'hotBytes' | 'warmBytes' | 'coldBytes'> {
  let hotBytes = 0;
  let warmBytes = 0;
  let coldBytes = 0;
  const hotFrom = snapshot.maxNrAccesses * HOT_FROM;
  for (let row = 0; row < snapshot.nrRegions; row++) {
    if (values[row]! >= COLD_FROM_US) coldBytes += bytes[row]!;
    else if (snapshot.nrAccesses[row]! > 0 && snapshot.nrAccesses[row]! >= hotFrom) {
      hotBytes += bytes[row]!;
    } else warmBytes += bytes[row]!;
  }
  return { hotBytes, warmBytes, coldBytes };
}

function bandwidthOf(snapshot: Snapshot): number {
  let bytes = 0;
  for (let row = 0; row < snapshot.nrRegions; row++) {
    bytes += (snapshot.end[row]! - snapshot.start[row]!) * snapshot.nrAccesses[row]!;
  }
  return Math.round((bytes * 1e6) / snapshot.aggregationIntervalUs);
}
