import { ThermoclineError } from '../base/errors.ts';
import type { SeriesSnapshot } from './recording.ts';

/** Regions of one snapshot, and of all snapshots that a reader has open at once. */
export const MAX_REGIONS: number = 2 ** 20;
/** Series of one recording. */
export const MAX_SERIES = 1024;

const FIRST_ROWS = 64;
/** Columns that grew larger for one snapshot are not kept for the next. */
const KEPT_ROWS = 2 ** 16;
const PROBES = 4;

/** All of a snapshot but its regions. */
export type SnapshotHead = Omit<
  SeriesSnapshot,
  'nrRegions' | 'start' | 'end' | 'nrAccesses' | 'age' | 'filterPassedBytes' | 'probeHits'
>;

/**
 * The regions of a snapshot that is being read. Grows with what is there, not with what is said.
 */
export class SnapshotColumns {
  nrRegions = 0;
  hasFilterPassed = false;
  hasProbeHits = false;
  start: Float64Array = new Float64Array(FIRST_ROWS);
  end: Float64Array = new Float64Array(FIRST_ROWS);
  nrAccesses: Uint32Array = new Uint32Array(FIRST_ROWS);
  age: Float64Array = new Float64Array(FIRST_ROWS);
  filterPassed: Float64Array = new Float64Array(FIRST_ROWS);
  probeHits: Uint32Array = new Uint32Array(FIRST_ROWS * PROBES);

  /**
   * Adds a row.
   * @throws ThermoclineError TC_INVALID for a region that ends before it starts or has no figures
   */
  add(start: number, end: number, nrAccesses: number, age: number): void {
    if (!(start <= end && nrAccesses >= 0 && nrAccesses < 2 ** 32)) {
      throw new ThermoclineError(
        'TC_INVALID',
        `A region from ${start} to ${end} with ${nrAccesses} accesses can't be.`,
      );
    }
    const row = this.nrRegions;
    if (row === this.start.length) this.#grow();
    this.start[row] = start;
    this.end[row] = end;
    this.nrAccesses[row] = nrAccesses;
    this.age[row] = age;
    this.filterPassed[row] = 0;
    if (this.hasProbeHits) this.probeHits.fill(0, row * PROBES, (row + 1) * PROBES);
    this.nrRegions = row + 1;
  }

  /** Sets what passed the filters of the last row; rows that are given none count as 0. */
  setFilterPassed(bytes: number): void {
    this.hasFilterPassed = true;
    this.filterPassed[this.nrRegions - 1] = bytes;
  }

  /** Sets the hits of the last row from `hits[from]` on; rows that are given none count as 0. */
  setProbeHits(hits: ArrayLike<number>, from: number): void {
    if (!this.hasProbeHits) this.probeHits.fill(0);
    this.hasProbeHits = true;
    const row = (this.nrRegions - 1) * PROBES;
    for (let probe = 0; probe < PROBES; probe++) {
      this.probeHits[row + probe] = hits[from + probe] ?? 0;
    }
  }

  /** The columns as they are now: no copy. */
  snapshot(head: SnapshotHead): SeriesSnapshot {
    const { nrRegions, start, end, nrAccesses, age } = this;
    const filterPassedBytes = this.hasFilterPassed ? this.filterPassed : null;
    const probeHits = this.hasProbeHits ? this.probeHits : null;
    return { ...head, nrRegions, start, end, nrAccesses, age, filterPassedBytes, probeHits };
  }

  clear(): void {
    this.nrRegions = 0;
    this.hasFilterPassed = false;
    this.hasProbeHits = false;
    if (this.start.length > KEPT_ROWS) this.#resize(FIRST_ROWS);
  }

  #grow(): void {
    if (this.nrRegions >= MAX_REGIONS) {
      throw new ThermoclineError(
        'TC_INVALID',
        `One snapshot has more than ${MAX_REGIONS} regions; DAMON never makes so many.`,
      );
    }
    this.#resize(this.start.length * 2);
  }

  #resize(rows: number): void {
    this.start = moved(this.start, new Float64Array(rows));
    this.end = moved(this.end, new Float64Array(rows));
    this.nrAccesses = moved(this.nrAccesses, new Uint32Array(rows));
    this.age = moved(this.age, new Float64Array(rows));
    this.filterPassed = moved(this.filterPassed, new Float64Array(rows));
    this.probeHits = moved(this.probeHits, new Uint32Array(rows * PROBES));
  }
}

function moved<Column extends Float64Array | Uint32Array>(from: Column, to: Column): Column {
  to.set(from.subarray(0, to.length));
  return to;
}
