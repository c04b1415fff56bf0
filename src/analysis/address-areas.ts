import type { AddressRange } from '../params/types.ts';

/** A stretch of addresses without a gap, with how much was accessed in it. */
export interface AddressArea extends AddressRange {
  /** Sum over snapshots and regions of bytes times samples. */
  readonly heat: number;
}

/** Columns that areas are made of. */
interface RegionColumns {
  readonly nrRegions: number;
  readonly start: Float64Array;
  readonly end: Float64Array;
  readonly nrAccesses: Uint32Array;
}

/**
 * The addresses that regions have covered so far, as few stretches, in memory that does not grow
 * with the number of snapshots.
 */
export class AddressAreas {
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #heats: number[] = [];
  /** Holes that every snapshot so far had between two of its regions; null before the first. */
  #holes: AddressRange[] | null = null;

  /** Takes the regions of one snapshot. */
  add(regions: RegionColumns): void {
    const { nrRegions, start, end, nrAccesses } = regions;
    if (nrRegions === 0) return;
    const holes: AddressRange[] = [];
    let runStart = start[0]!;
    let runEnd = runStart;
    let heat = 0;
    for (let row = 0; row < nrRegions; row++) {
      const rowStart = start[row]!;
      if (rowStart > runEnd || rowStart < runStart) {
        if (rowStart > runEnd) holes.push({ start: runEnd, end: rowStart });
        this.#cover(runStart, runEnd, heat);
        runStart = rowStart;
        runEnd = rowStart;
        heat = 0;
      }
      const rowEnd = end[row]!;
      heat += (rowEnd - rowStart) * nrAccesses[row]!;
      if (rowEnd > runEnd) runEnd = rowEnd;
    }
    this.#cover(runStart, runEnd, heat);
    this.#holes = this.#holes === null ? holes : intersect(this.#holes, holes);
  }

  /** What any snapshot covered, by address. */
  covered(): AddressArea[] {
    return this.#starts.map((start, index) => ({
      start,
      end: this.#ends[index]!,
      heat: this.#heats[index]!,
    }));
  }

  /** damo's areas: from the lowest to the highest address, without the holes of all snapshots. */
  withoutCommonHoles(): AddressArea[] {
    const covered = this.covered();
    const areas: AddressArea[] = [];
    let from = 0;
    const limits = [...(this.#holes ?? []).map((hole) => hole.start), Number.POSITIVE_INFINITY];
    for (const limit of limits) {
      const parts: AddressArea[] = [];
      for (; from < covered.length && covered[from]!.end <= limit; from++) {
        parts.push(covered[from]!);
      }
      const last = parts.at(-1);
      if (last === undefined) continue;
      const heat = parts.reduce((sum, part) => sum + part.heat, 0);
      areas.push({ start: parts[0]!.start, end: last.end, heat });
    }
    return areas;
  }

  #cover(start: number, end: number, heat: number): void {
    if (end <= start) return;
    const first = this.#firstReaching(start);
    let from = start;
    let to = end;
    let sum = heat;
    let next = first;
    for (; next < this.#starts.length && this.#starts[next]! <= end; next++) {
      from = Math.min(from, this.#starts[next]!);
      to = Math.max(to, this.#ends[next]!);
      sum += this.#heats[next]!;
    }
    if (next === first + 1) {
      this.#starts[first] = from;
      this.#ends[first] = to;
      this.#heats[first] = sum;
      return;
    }
    this.#starts.splice(first, next - first, from);
    this.#ends.splice(first, next - first, to);
    this.#heats.splice(first, next - first, sum);
  }

  #firstReaching(address: number): number {
    let low = 0;
    let high = this.#ends.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#ends[middle]! >= address) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** The area with the most accesses a byte. */
export function hottestArea(areas: readonly AddressArea[]): AddressArea | null {
  const density = (area: AddressArea) => area.heat / (area.end - area.start);
  let best: AddressArea | null = null;
  for (const area of areas) {
    if (best === null || density(area) > density(best)) best = area;
  }
  return best;
}

function intersect(left: readonly AddressRange[], right: readonly AddressRange[]): AddressRange[] {
  const both: AddressRange[] = [];
  let index = 0;
  for (const range of left) {
    while (index < right.length && right[index]!.end <= range.start) index += 1;
    for (let at = index; at < right.length && right[at]!.start < range.end; at++) {
      const start = Math.max(range.start, right[at]!.start);
      both.push({ start, end: Math.min(range.end, right[at]!.end) });
    }
  }
  return both;
}
