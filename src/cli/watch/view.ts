import type { MappingView, MonitorDescription, MonitorStats } from '../../monitor/monitor.ts';
import type { Snapshot } from '../../params/snapshot.ts';
import type { Scheme } from '../../params/types.ts';
import type { ShownRange } from '../terminal/address-layout.ts';
import type { HeatColumn } from '../terminal/heat-map.ts';
import { safeText } from '../terminal/line.ts';

/** Everything that one drawing of a watched target shows. */
export interface WatchView {
  /** What is watched: `pid 1234 (postgres)`. */
  readonly subject: string;
  /** What schemes do here: `counting only`, `acting`, …; empty without schemes. */
  readonly mode: string;
  readonly description: MonitorDescription;
  readonly schemes: readonly Scheme[];
  readonly elapsedUs: number;
  readonly snapshot: Snapshot;
  readonly stats: MonitorStats;
  /** CPU time of this whole program since its start: monitoring, drawing and all else. */
  readonly processCpuUs: number;
  /** The same as a share of one CPU since the last look, 0…1. */
  readonly processCpuShare: number;
  /** Newest last. */
  readonly history: readonly HeatColumn[];
}

/**
 * Room for the address space of one target, far above any user address with 4-level page tables.
 */
const TARGET_SPAN = 2 ** 48;

/** Puts the address spaces of all targets one after another. */
function pictureAddress(targetIndex: number, address: number): number {
  return targetIndex * TARGET_SPAN + address;
}

/** An address of the picture as one of its own target. */
export function ownAddress(pictureAddress: number): number {
  return pictureAddress % TARGET_SPAN;
}

/** A snapshot as one column of the picture. */
export function heatColumnOf(snapshot: Snapshot): HeatColumn {
  const { nrRegions, targetIndex, maxNrAccesses } = snapshot;
  const start = new Float64Array(nrRegions);
  const end = new Float64Array(nrRegions);
  const heat = new Float64Array(nrRegions);
  for (let row = 0; row < nrRegions; row++) {
    start[row] = pictureAddress(targetIndex[row]!, snapshot.start[row]!);
    end[row] = pictureAddress(targetIndex[row]!, snapshot.end[row]!);
    heat[row] = snapshot.nrAccesses[row]! / maxNrAccesses;
  }
  return { timeUs: snapshot.timeUs, start, end, heat };
}

/**
 * What the picture shows: mappings by what of them is in memory or swapped, or, where mappings are
 * not known, the stretches without gaps that the regions cover.
 */
export function shownRanges(snapshot: Snapshot, mappings: readonly MappingView[]): ShownRange[] {
  if (mappings.length > 0) {
    return mappings.map((mapping) => ({
      start: pictureAddress(mapping.targetIndex, mapping.start),
      end: pictureAddress(mapping.targetIndex, mapping.end),
      weight: mapping.residentBytes + mapping.swappedBytes,
      name: safeText(mapping.name),
    }));
  }
  const ranges: { start: number; end: number }[] = [];
  for (let row = 0; row < snapshot.nrRegions; row++) {
    const start = pictureAddress(snapshot.targetIndex[row]!, snapshot.start[row]!);
    const end = pictureAddress(snapshot.targetIndex[row]!, snapshot.end[row]!);
    const last = ranges.at(-1);
    if (last !== undefined && last.end === start) last.end = end;
    else ranges.push({ start, end });
  }
  return ranges.map(({ start, end }) => ({ start, end, weight: end - start, name: '' }));
}
