import type { SnapshotFrame } from '../../client/snapshot-frame.ts';

/** A picture as JSON, with the names that `thermocline watch --json` has. */
export function pictureJson({ snapshot, spanUs }: SnapshotFrame): object {
  const {
    nrRegions,
    targetIndex,
    start,
    end,
    nrAccesses,
    age,
    filterPassedBytes,
    probeHits,
    ...rest
  } = snapshot;
  const regions = Array.from({ length: nrRegions }, (_, row) => ({
    targetIndex: targetIndex[row],
    start: start[row],
    end: end[row],
    nrAccesses: nrAccesses[row],
    age: age[row],
    ...(filterPassedBytes !== null && { filterPassedBytes: filterPassedBytes[row] }),
    ...(probeHits !== null && { probeHits: [...probeHits.subarray(4 * row, 4 * row + 4)] }),
  }));
  return { ...rest, spanUs, regions };
}
