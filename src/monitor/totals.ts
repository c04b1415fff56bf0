import type { Snapshot } from '../params/snapshot.ts';
import type { MappingView } from './monitor.ts';

/** Sums over all that is watched, in bytes. */
export interface Totals {
  /** Touched in the last sampling interval, or in regions that were accessed. */
  readonly workingSetBytes: number;
  /** All that is watched. */
  readonly watchedBytes: number;
  /** Null where the operations set knows no mappings. */
  readonly residentBytes: number | null;
  readonly swappedBytes: number | null;
}

/** The sums over all that is watched. */
export function totalsOf(snapshot: Snapshot, mappings: readonly MappingView[]): Totals {
  let watchedBytes = 0;
  let accessedBytes = 0;
  for (let row = 0; row < snapshot.nrRegions; row++) {
    const size = snapshot.end[row]! - snapshot.start[row]!;
    watchedBytes += size;
    if (snapshot.nrAccesses[row]! > 0) accessedBytes += size;
  }
  if (mappings.length === 0) {
    return {
      workingSetBytes: accessedBytes,
      watchedBytes,
      residentBytes: null,
      swappedBytes: null,
    };
  }
  const sum = (of: (mapping: MappingView) => number) => mappings.reduce((a, m) => a + of(m), 0);
  return {
    workingSetBytes: sum((mapping) => mapping.touchedBytes),
    watchedBytes,
    residentBytes: sum((mapping) => mapping.residentBytes),
    swappedBytes: sum((mapping) => mapping.swappedBytes),
  };
}
