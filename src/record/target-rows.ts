import type { Snapshot } from '../params/snapshot.ts';

/** The rows of one target in a snapshot: parts of its columns, not copies. */
export interface TargetRows {
  readonly targetIndex: number;
  readonly nrRegions: number;
  readonly start: Float64Array;
  readonly end: Float64Array;
  readonly nrAccesses: Uint32Array;
  readonly age: Float64Array;
  readonly filterPassedBytes: Float64Array | null;
  readonly probeHits: Uint32Array | null;
}

const PROBES = 4;

/** A snapshot's rows, target by target; targets without regions are not there. */
export function rowsByTarget(snapshot: Snapshot): TargetRows[] {
  const { nrRegions, targetIndex } = snapshot;
  const parts: TargetRows[] = [];
  for (let from = 0; from < nrRegions; ) {
    let to = from + 1;
    while (to < nrRegions && targetIndex[to] === targetIndex[from]) to += 1;
    parts.push({
      targetIndex: targetIndex[from]!,
      nrRegions: to - from,
      start: snapshot.start.subarray(from, to),
      end: snapshot.end.subarray(from, to),
      nrAccesses: snapshot.nrAccesses.subarray(from, to),
      age: Float64Array.from(snapshot.age.subarray(from, to)),
      filterPassedBytes: snapshot.filterPassedBytes?.subarray(from, to) ?? null,
      probeHits: snapshot.probeHits?.subarray(from * PROBES, to * PROBES) ?? null,
    });
    from = to;
  }
  return parts;
}
