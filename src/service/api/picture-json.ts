import type { SnapshotFrame } from '../../client/snapshot-frame.ts';
import type { Snapshot } from '../../params/snapshot.ts';

type Columns =
  | 'nrRegions'
  | 'targetIndex'
  | 'start'
  | 'end'
  | 'nrAccesses'
  | 'age'
  | 'filterPassedBytes'
  | 'probeHits';

/** A picture with its regions as a list. */
export interface PictureJson extends Omit<Snapshot, Columns> {
  readonly spanUs: number;
  readonly regions: readonly {
    readonly targetIndex: number;
    readonly start: number;
    readonly end: number;
    readonly nrAccesses: number;
    readonly age: number;
    readonly filterPassedBytes?: number | undefined;
    readonly probeHits?: number[] | undefined;
  }[];
}

/** A picture as JSON, with the names that `thermocline watch --json` has. */
export function pictureJson({ snapshot, spanUs }: SnapshotFrame): PictureJson {
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
    targetIndex: targetIndex[row]!,
    start: start[row]!,
    end: end[row]!,
    nrAccesses: nrAccesses[row]!,
    age: age[row]!,
    ...(filterPassedBytes !== null && { filterPassedBytes: filterPassedBytes[row]! }),
    ...(probeHits !== null && { probeHits: [...probeHits.subarray(4 * row, 4 * row + 4)] }),
  }));
  return { ...rest, spanUs, regions };
}
