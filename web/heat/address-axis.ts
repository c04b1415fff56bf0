/**
 * Addresses as one straight line: what monitors watched, with the gaps between taken out, targets
 * one after the other. A place on it is an offset in bytes from its beginning.
 */
import { AddressAreas } from '../../src/analysis/address-areas.ts';
import type { Snapshot } from '../../src/params/snapshot.ts';

/** A stretch of addresses without a gap. */
export interface AxisSegment {
  readonly targetIndex: number;
  readonly start: number;
  readonly end: number;
  /** Bytes of the axis before it. */
  readonly offset: number;
}

/** An address of one target. */
export interface Place {
  readonly targetIndex: number;
  readonly address: number;
}

/** Fixed once made; `AxisBuilder` makes a new one when memory has come or moved. */
export class AddressAxis {
  /** By target, then by address. */
  readonly segments: readonly AxisSegment[];
  readonly totalBytes: number;

  constructor(ranges: readonly { targetIndex: number; start: number; end: number }[]) {
    let offset = 0;
    this.segments = ranges.map(({ targetIndex, start, end }) => {
      const segment = { targetIndex, start, end, offset };
      offset += end - start;
      return segment;
    });
    this.totalBytes = offset;
  }

  /** The place at an offset; offsets outside give the nearest end. Null on an empty axis. */
  placeAt(offset: number): Place | null {
    const segment = this.segments.findLast((one) => one.offset <= offset) ?? this.segments[0];
    if (segment === undefined) return null;
    const into = Math.min(Math.max(offset - segment.offset, 0), segment.end - segment.start - 1);
    return { targetIndex: segment.targetIndex, address: segment.start + Math.floor(into) };
  }

  /** The offsets that a range of addresses takes, in order; what is not on the axis is left out. */
  offsetsOf(targetIndex: number, start: number, end: number): { start: number; end: number }[] {
    return this.segments
      .filter((one) => one.targetIndex === targetIndex && one.start < end && one.end > start)
      .map((one) => ({
        start: one.offset + Math.max(start, one.start) - one.start,
        end: one.offset + Math.min(end, one.end) - one.start,
      }));
  }
}

/** Collects what snapshots cover. */
export class AxisBuilder {
  readonly #areas: AddressAreas[] = [];

  add(snapshot: Snapshot): void {
    const { targetIndex, nrRegions } = snapshot;
    for (let first = 0; first < nrRegions; ) {
      const target = targetIndex[first]!;
      let last = first + 1;
      while (last < nrRegions && targetIndex[last] === target) last += 1;
      while (this.#areas.length <= target) this.#areas.push(new AddressAreas());
      this.#areas[target]!.add({
        nrRegions: last - first,
        start: snapshot.start.subarray(first, last),
        end: snapshot.end.subarray(first, last),
        nrAccesses: snapshot.nrAccesses.subarray(first, last),
      });
      first = last;
    }
  }

  /** The axis of everything so far, or `before` where it is that one still. */
  build(before: AddressAxis): AddressAxis {
    const ranges = this.#areas.flatMap((areas, targetIndex) =>
      areas.covered().map(({ start, end }) => ({ targetIndex, start, end })),
    );
    const same =
      ranges.length === before.segments.length &&
      ranges.every(({ targetIndex, start, end }, index) => {
        const segment = before.segments[index]!;
        return (
          segment.targetIndex === targetIndex && segment.start === start && segment.end === end
        );
      });
    return same ? before : new AddressAxis(ranges);
  }
}
