import type { WatchView } from './view.ts';

type SnapshotView = Pick<WatchView, 'snapshot' | 'stats' | 'processCpuUs'>;

/**
 * One snapshot as a line of JSON: exact numbers, bytes and microseconds, no line break at its end.
 */
export function snapshotJson({ snapshot, stats, processCpuUs }: SnapshotView): string {
  const regions: object[] = [];
  for (let row = 0; row < snapshot.nrRegions; row++) {
    regions.push({
      targetIndex: snapshot.targetIndex[row],
      start: snapshot.start[row],
      end: snapshot.end[row],
      nrAccesses: snapshot.nrAccesses[row],
      age: snapshot.age[row],
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
    regions,
    mappings: stats.mappings,
    schemes: stats.schemes,
    cost: { ...stats.cost, processCpuUs },
    warnings: stats.warnings,
    dryRunCalls: stats.dryRunCalls,
  });
}

/** Since 2023 in the language, not yet in the compiler's library. */
const { rawJSON } = JSON as typeof JSON & { rawJSON(text: string): unknown };

/** `JSON.stringify` with every digit of whole numbers, also of bigints and beyond 2^53. */
export function exactJson(value: unknown, indent?: number): string {
  return JSON.stringify(
    value,
    (_key, part) => (isWide(part) ? rawJSON(String(BigInt(part))) : part),
    indent,
  );
}

function isWide(part: unknown): part is bigint | number {
  if (typeof part === 'bigint') return true;
  return Number.isInteger(part) && !Number.isSafeInteger(part);
}
