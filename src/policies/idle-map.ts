/**
 * For how long each part of memory has been idle, and which share of it a scheme has taken or, in
 * a shadow, would have taken. Made of snapshots alone, so it works on every monitor, and on memory
 * whose ages the monitor forgets because it has acted on it.
 */
import type { Snapshot } from '../params/snapshot.ts';
import type { AddressRange } from '../params/types.ts';

/** A part of memory with one history. */
interface Segment {
  readonly start: number;
  readonly end: number;
  readonly idleSinceUs: number;
  /** When a scheme came by last, with which its age began anew; -Infinity before the first time. */
  readonly triedUs: number;
  /** Share of its pages that is out. */
  readonly outShare: number;
}

/** Neighbours whose idle times differ by less than this part of the longer one become one. */
const ALIKE = 0.1;
/** ... and whose shares differ by no more than this. */
const SAME_SHARE = 1 / 64;

const EVERYWHERE: AddressRange = { start: 0, end: Number.POSITIVE_INFINITY };

/** What an access to a region says of its pages. */
export interface AccessRule {
  /** Up to how many accesses in a window a region counts as idle. */
  readonly mostAccesses: number;
  /** All of a region that is not idle is in memory again; else only its idle time ends. */
  readonly comesBack: boolean;
}

/** The share of the pages at an address that leave when a scheme comes by after so long a time. */
export type PassShare = (address: number, waitedUs: number) => number;

/** What a scheme has done in one go, in bytes. */
export interface Taken {
  /** What its quota counts. */
  readonly charged: number;
  /** What was in memory and left. */
  readonly left: number;
}

/** What a scheme may do in one go. */
export interface TakeLimit {
  readonly bytes: number;
  /** The part of what it came by and that stayed, which counts. */
  readonly failShare: number;
}

/** The idle times of everything that a monitor watches. */
export class IdleMap {
  /** By target; each in order of addresses, without overlaps. */
  #targets: Segment[][] = [];
  #nowUs = 0;
  readonly #within: readonly AddressRange[] | null;
  readonly #cuts: readonly number[];

  /**
   * @param within the addresses that count, in order; null: all
   * @param cuts addresses at which memory of one history is two parts nevertheless, in order
   */
  constructor(within: readonly AddressRange[] | null = null, cuts: readonly number[] = []) {
    this.#within = within;
    this.#cuts = cuts;
  }

  /**
   * Takes a snapshot that is later than the last one.
   * @returns bytes that have come back
   */
  update(snapshot: Snapshot, { mostAccesses, comesBack }: AccessRule): number {
    const before = this.outBytes;
    const nowUs = snapshot.timeUs;
    const targets: Segment[][] = snapshot.targetPids.map(() => []);
    let returned = 0;
    let cursor = 0;
    let target = -1;
    for (let row = 0; row < snapshot.nrRegions; row++) {
      if (snapshot.targetIndex[row] !== target) {
        target = snapshot.targetIndex[row]!;
        cursor = 0;
      }
      const old = this.#targets[target] ?? [];
      const accessed = snapshot.nrAccesses[row]! > mostAccesses;
      const ageUs = snapshot.age[row]! * snapshot.aggregationIntervalUs;
      const into = targets[target]!;
      for (const { start, end } of this.#counted(snapshot.start[row]!, snapshot.end[row]!)) {
        while (cursor < old.length && old[cursor]!.end <= start) cursor += 1;
        if (accessed && comesBack) {
          for (const one of overlapping(old, cursor, start, end)) returned += outBytesOf(one);
          this.#append(into, { start, end, ...freshAt(nowUs) }, nowUs);
          continue;
        }
        let from = start;
        const fresh = freshAt(accessed ? nowUs : nowUs - ageUs);
        for (const one of overlapping(old, cursor, start, end)) {
          if (one.start > from)
            this.#append(into, { start: from, end: one.start, ...fresh }, nowUs);
          this.#append(into, accessed ? { ...one, idleSinceUs: nowUs } : one, nowUs);
          from = one.end;
        }
        if (from < end) this.#append(into, { start: from, end, ...fresh }, nowUs);
      }
    }
    this.#targets = targets;
    this.#nowUs = nowUs;
    return Math.min(returned, before);
  }

  /**
   * Has a scheme come by memory that has been idle for `minIdleUs` at least, and by none more often
   * than that; what waits longest comes first.
   */
  take(minIdleUs: number, { bytes: most, failShare }: TakeLimit, passShare: PassShare): Taken {
    const nowUs = this.#nowUs;
    const waitsSince = ({ idleSinceUs, triedUs }: Segment) => Math.max(idleSinceUs, triedUs);
    const candidates = this.#targets
      .flat()
      .filter((one) => nowUs - waitsSince(one) >= minIdleUs)
      .sort((left, right) => waitsSince(left) - waitsSince(right));
    let room = most;
    let left = 0;
    const tried = new Map<Segment, { bytes: number; outShare: number }>();
    for (const segment of candidates) {
      if (room <= 0) break;
      const waitedUs = nowUs - waitsSince(segment);
      const outShare = Math.max(segment.outShare, passShare(segment.start, waitedUs));
      const leaving = outShare - segment.outShare;
      const charge = leaving + (1 - leaving) * failShare;
      const bytes = Math.min(room / charge, sizeOf(segment));
      tried.set(segment, { bytes, outShare });
      room -= bytes * charge;
      left += bytes * leaving;
    }
    this.#targets = this.#targets.map((segments) => {
      const into: Segment[] = [];
      for (const segment of segments) {
        const { start, end } = segment;
        const { bytes, outShare } = tried.get(segment) ?? { bytes: 0, outShare: segment.outShare };
        if (bytes > 0) {
          this.#append(into, { ...segment, end: start + bytes, outShare, triedUs: nowUs }, nowUs);
        }
        if (start + bytes < end) this.#append(into, { ...segment, start: start + bytes }, nowUs);
      }
      return into;
    });
    return { charged: most - room, left };
  }

  /**
   * Has a share of what is out between two addresses come back.
   * @returns the bytes
   */
  comeBack({ start, end }: AddressRange, share: number): number {
    const before = this.outBytes;
    this.#targets = this.#targets.map((segments) => {
      const into: Segment[] = [];
      for (const one of segments) {
        const from = Math.min(Math.max(start, one.start), one.end);
        const to = Math.max(Math.min(end, one.end), from);
        const outShare = one.outShare * (1 - share);
        if (one.start < from) this.#append(into, { ...one, end: from }, this.#nowUs);
        if (from < to) this.#append(into, { ...one, start: from, end: to, outShare }, this.#nowUs);
        if (to < one.end) this.#append(into, { ...one, start: to }, this.#nowUs);
      }
      return into;
    });
    return before - this.outBytes;
  }

  /** Has the next `take` come by memory between two addresses, whenever it did last. */
  comeByAgain({ start, end }: AddressRange): void {
    const triedUs = Number.NEGATIVE_INFINITY;
    this.#targets = this.#targets.map((segments) =>
      segments.map((one) => (start <= one.start && one.end <= end ? { ...one, triedUs } : one)),
    );
  }

  /** Bytes that are out at present. */
  get outBytes(): number {
    return this.#sum(() => true, outBytesOf);
  }

  /** Bytes in a range that have been idle for `minIdleUs` at least, in memory or out. */
  idleBytes(minIdleUs: number, { start, end }: AddressRange = EVERYWHERE): number {
    return this.#sum(
      ({ idleSinceUs }) => this.#nowUs - idleSinceUs >= minIdleUs,
      (one) => Math.max(0, Math.min(end, one.end) - Math.max(start, one.start)),
    );
  }

  /** The parts of a region that count. */
  #counted(start: number, end: number): readonly AddressRange[] {
    const edges = [start, ...this.#cuts.filter((cut) => start < cut && cut < end), end];
    const parts = edges.slice(1).map((to, at) => ({ start: edges[at]!, end: to }));
    if (this.#within === null) return parts;
    return this.#within.flatMap((range) =>
      parts
        .map((part) => ({
          start: Math.max(part.start, range.start),
          end: Math.min(part.end, range.end),
        }))
        .filter((part) => part.start < part.end),
    );
  }

  /** Joins it to the last one where both have nearly the same history; the younger one counts. */
  #append(into: Segment[], next: Segment, nowUs: number): void {
    const last = into.at(-1);
    const joins =
      last !== undefined &&
      last.end === next.start &&
      isAlike(last, next, nowUs) &&
      !this.#cuts.includes(next.start);
    if (!joins) {
      into.push(next);
      return;
    }
    const share = sizeOf(next) / (sizeOf(last) + sizeOf(next));
    into[into.length - 1] = {
      start: last.start,
      end: next.end,
      idleSinceUs: Math.max(last.idleSinceUs, next.idleSinceUs),
      triedUs: Math.max(last.triedUs, next.triedUs),
      outShare: last.outShare + (next.outShare - last.outShare) * share,
    };
  }

  #sum(counts: (segment: Segment) => boolean, bytesOf: (segment: Segment) => number): number {
    let bytes = 0;
    for (const segments of this.#targets) {
      for (const segment of segments) if (counts(segment)) bytes += bytesOf(segment);
    }
    return bytes;
  }
}

function sizeOf({ start, end }: Segment): number {
  return end - start;
}

function outBytesOf(segment: Segment): number {
  return sizeOf(segment) * segment.outShare;
}

function freshAt(idleSinceUs: number) {
  return { idleSinceUs, triedUs: Number.NEGATIVE_INFINITY, outShare: 0 };
}

/** The parts of segments that lie in a range. */
function* overlapping(old: readonly Segment[], cursor: number, start: number, end: number) {
  for (let at = cursor; at < old.length && old[at]!.start < end; at++) {
    const first = Math.max(start, old[at]!.start);
    const last = Math.min(end, old[at]!.end);
    if (last > first) yield { ...old[at]!, start: first, end: last };
  }
}

function isAlike(one: Segment, other: Segment, nowUs: number): boolean {
  return (
    near(one.idleSinceUs, other.idleSinceUs, nowUs) &&
    near(one.triedUs, other.triedUs, nowUs) &&
    Math.abs(one.outShare - other.outShare) <= SAME_SHARE
  );
}

function near(oneUs: number, otherUs: number, nowUs: number): boolean {
  if (oneUs === otherUs) return true;
  return Math.abs(oneUs - otherUs) < (nowUs - Math.min(oneUs, otherUs)) * ALIKE;
}
