/** A rectangle of the picture: some time, some addresses. What is below the picture follows. */
import type { Snapshot } from '../../src/params/snapshot.ts';
import type { AddressAxis } from './address-axis.ts';
import type { HeatHistory } from './heat-history.ts';

/** Half-open in both directions. */
export interface HeatSelection {
  readonly fromUs: number;
  readonly toUs: number;
  /** Offsets on the address axis. */
  readonly fromOffset: number;
  readonly toOffset: number;
}

/** One region, or the part of it that is selected. */
export interface SelectedRegion {
  readonly targetIndex: number;
  readonly start: number;
  readonly end: number;
  readonly nrAccesses: number;
  /** 0…1. */
  readonly heat: number;
  /** How long it has been about as hot. */
  readonly ageUs: number;
  /** For how long it was not accessed; 0 while it is. */
  readonly idleUs: number;
}

/** Bytes of a snapshot that were accessed at all, within the addresses of a selection. */
export function accessedWithin(
  snapshot: Snapshot,
  axis: AddressAxis,
  { fromOffset, toOffset }: HeatSelection,
): number {
  let bytes = 0;
  for (const { targetIndex, start, end, offset } of axis.segments) {
    const from = Math.max(start, start + fromOffset - offset);
    const to = Math.min(end, start + toOffset - offset);
    if (from >= to) continue;
    for (let row = 0; row < snapshot.nrRegions; row++) {
      if (snapshot.nrAccesses[row] === 0 || snapshot.targetIndex[row] !== targetIndex) continue;
      const shared = Math.min(snapshot.end[row]!, to) - Math.max(snapshot.start[row]!, from);
      if (shared > 0) bytes += shared;
    }
  }
  return bytes;
}

/** The regions of the last snapshot of a selection, or of the newest; cut to its addresses. */
export function selectedRegions(
  history: HeatHistory,
  axis: AddressAxis,
  selection: HeatSelection | null,
): SelectedRegion[] {
  const entry =
    selection === null ? history.latest : history.within(selection.fromUs, selection.toUs).at(-1);
  if (entry === undefined) return [];
  const { snapshot } = entry;
  const regions: SelectedRegion[] = [];
  for (let row = 0; row < snapshot.nrRegions; row++) {
    const targetIndex = snapshot.targetIndex[row]!;
    const nrAccesses = snapshot.nrAccesses[row]!;
    const ageUs = snapshot.age[row]! * snapshot.aggregationIntervalUs;
    const figures = {
      targetIndex,
      nrAccesses,
      heat: nrAccesses / snapshot.maxNrAccesses,
      ageUs,
      idleUs: nrAccesses > 0 ? 0 : ageUs + snapshot.aggregationIntervalUs,
    };
    const start = snapshot.start[row]!;
    const end = snapshot.end[row]!;
    if (selection === null) {
      regions.push({ ...figures, start, end });
      continue;
    }
    for (const segment of axis.segments) {
      if (segment.targetIndex !== targetIndex) continue;
      const shift = segment.start - segment.offset;
      const from = Math.max(start, segment.start, selection.fromOffset + shift);
      const to = Math.min(end, segment.end, selection.toOffset + shift);
      if (from < to) regions.push({ ...figures, start: from, end: to });
    }
  }
  return regions;
}
