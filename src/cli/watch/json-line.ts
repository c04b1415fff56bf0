import { exactJson } from '../../base/exact-json.ts';
import type { WatchView } from './view.ts';

type SnapshotView = Pick<WatchView, 'snapshot' | 'stats' | 'processCpuUs'>;

/**
 * One snapshot as a line of JSON: exact numbers, bytes and microseconds, no line break at its end.
 */
export function snapshotJson({ snapshot, stats, processCpuUs }: SnapshotView): string {
  const { filterPassedBytes } = snapshot;
  const regions: object[] = [];
  for (let row = 0; row < snapshot.nrRegions; row++) {
    regions.push({
      targetIndex: snapshot.targetIndex[row],
      start: snapshot.start[row],
      end: snapshot.end[row],
      nrAccesses: snapshot.nrAccesses[row],
      age: snapshot.age[row],
      ...(filterPassedBytes && { filterPassedBytes: filterPassedBytes[row] }),
    });
  }
  return exactJson({
    timeUs: snapshot.timeUs,
    wallTimeUs: snapshot.wallTimeUs,
    tick: snapshot.tick,
    sampleIntervalUs: snapshot.sampleIntervalUs,
    aggregationIntervalUs: snapshot.aggregationIntervalUs,
    maxNrAccesses: snapshot.maxNrAccesses,
    windowSamples: snapshot.windowSamples,
    targetPids: snapshot.targetPids,
    regions,
    mappings: stats.mappings,
    schemes: stats.schemes,
    cost: { ...stats.cost, processCpuUs },
    warnings: stats.warnings,
    dryRunCalls: stats.dryRunCalls,
  });
}
