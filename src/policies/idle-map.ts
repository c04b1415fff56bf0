/**
 * For how long each part of memory has been idle, and which parts a scheme has taken or, in a
 * shadow, would have taken. Made of snapshots alone, so it works on every monitor, and on memory
 * whose ages the monitor forgets because it has acted on it.
 */
import type { Snapshot } from '../params/snapshot.ts';
import type { AddressRange } from '../params/types.ts';

/** A part of memory with one history. */
interface Segment {
  readonly start: number;
  readonly end: number;
  readonly idleSinceUs: number;
  /** Null while it is in memory. */
  readonly outSinceUs: number | null;
}

/** Memory that was accessed again after it had been idle. */
export interface Return {
  readonly bytes: number;
  readonly idleUs: number;
  /** For how long it was out; null when it had not been taken. */
  readonly outUs: number | null;
}

/** Neighbours whose idle times differ by less than this part of the longer one become one. */
const ALIKE = 0.1;

/** The idle times of everything that a monitor watches. */
export class IdleMap {
  /** By target; each in order of addresses, without overlaps. */
  #targets: Segment[][] = [];
  #nowUs = 0;
  readonly #within: readonly AddressRange[] | null;

  /** @param within the addresses that count, in order; null: all */
  constructor(within: readonly AddressRange[] | null = null) {
    this.#within = within;
  }

  /**
   * Takes a snapshot that is later than the last one.
   * @param mostAccesses up to how many accesses in a window a region counts as idle
   * @returns what was accessed since, by parts
   */
  update(snapshot: Snapshot, mostAccesses = 0): Return[] {
    const returns: Return[] = [];
    const nowUs = snapshot.timeUs;
    const targets: Segment[][] = snapshot.targetPids.map(() => []);
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
        if (accessed) {
          noteReturns(old, cursor, start, end, nowUs, returns);
          append(into, { start, end, idleSinceUs: nowUs, outSinceUs: null }, nowUs);
        } else {
          keepIdle(old, cursor, start, end, nowUs - ageUs, nowUs, into);
        }
      }
    }
    this.#targets = targets;
    this.#nowUs = nowUs;
    return returns;
  }

  /**
   * Takes memory that has been idle for `minIdleUs` at least, the longest idle first.
   * @returns bytes taken, `budgetBytes` at most
   */
  take(minIdleUs: number, budgetBytes: number): number {
    const nowUs = this.#nowUs;
    const candidates = this.#targets
      .flat()
      .filter((one) => one.outSinceUs === null && nowUs - one.idleSinceUs >= minIdleUs)
      .sort((left, right) => left.idleSinceUs - right.idleSinceUs);
    let left = budgetBytes;
    const taken = new Map<Segment, number>();
    for (const segment of candidates) {
      if (left <= 0) break;
      const bytes = Math.min(left, segment.end - segment.start);
      taken.set(segment, bytes);
      left -= bytes;
    }
    this.#targets = this.#targets.map((segments) => {
      const into: Segment[] = [];
      for (const segment of segments) {
        const cut = segment.start + (taken.get(segment) ?? 0);
        const { start, end } = segment;
        if (cut > start) append(into, { ...segment, end: cut, outSinceUs: nowUs }, nowUs);
        if (cut < end) append(into, { ...segment, start: cut }, nowUs);
      }
      return into;
    });
    return budgetBytes - left;
  }

  /** Bytes that are out at present. */
  get outBytes(): number {
    return this.#sum(({ outSinceUs }) => outSinceUs !== null);
  }

  /** Bytes that have been idle for `minIdleUs` at least, in memory or out. */
  idleBytes(minIdleUs: number): number {
    return this.#sum(({ idleSinceUs }) => this.#nowUs - idleSinceUs >= minIdleUs);
  }

  /** The parts of a region that count. */
  #counted(start: number, end: number): readonly AddressRange[] {
    if (this.#within === null) return [{ start, end }];
    return this.#within
      .map((range) => ({ start: Math.max(start, range.start), end: Math.min(end, range.end) }))
      .filter((range) => range.start < range.end);
  }

  #sum(counts: (segment: Segment) => boolean): number {
    let bytes = 0;
    for (const segments of this.#targets) {
      for (const segment of segments) if (counts(segment)) bytes += segment.end - segment.start;
    }
    return bytes;
  }
}

function noteReturns(
  old: readonly Segment[],
  cursor: number,
  start: number,
  end: number,
  nowUs: number,
  returns: Return[],
): void {
  for (let at = cursor; at < old.length && old[at]!.start < end; at++) {
    const { idleSinceUs, outSinceUs } = old[at]!;
    const bytes = Math.min(end, old[at]!.end) - Math.max(start, old[at]!.start);
    if (bytes <= 0) continue;
    const outUs = outSinceUs === null ? null : nowUs - outSinceUs;
    returns.push({ bytes, idleUs: nowUs - idleSinceUs, outUs });
  }
}

/** What was known of the range goes on; the rest begins with the age that the monitor tells. */
function keepIdle(
  old: readonly Segment[],
  cursor: number,
  start: number,
  end: number,
  idleSinceUs: number,
  nowUs: number,
  into: Segment[],
): void {
  let from = start;
  for (let at = cursor; at < old.length && old[at]!.start < end; at++) {
    const segment = old[at]!;
    const first = Math.max(start, segment.start);
    const last = Math.min(end, segment.end);
    if (first > from)
      append(into, { start: from, end: first, idleSinceUs, outSinceUs: null }, nowUs);
    if (last > first) append(into, { ...segment, start: first, end: last }, nowUs);
    from = Math.max(from, last);
  }
  if (from < end) append(into, { start: from, end, idleSinceUs, outSinceUs: null }, nowUs);
}

/** Joins it to the last one where both have nearly the same history; the younger one counts. */
function append(into: Segment[], next: Segment, nowUs: number): void {
  const last = into.at(-1);
  const joins =
    last !== undefined &&
    last.end === next.start &&
    alike(last.idleSinceUs, next.idleSinceUs, nowUs) &&
    (last.outSinceUs === null
      ? next.outSinceUs === null
      : next.outSinceUs !== null && alike(last.outSinceUs, next.outSinceUs, nowUs));
  if (!joins) {
    into.push(next);
    return;
  }
  into[into.length - 1] = {
    start: last.start,
    end: next.end,
    idleSinceUs: Math.max(last.idleSinceUs, next.idleSinceUs),
    outSinceUs:
      last.outSinceUs === null ? null : Math.max(last.outSinceUs, next.outSinceUs as number),
  };
}

function alike(oneUs: number, otherUs: number, nowUs: number): boolean {
  const longest = nowUs - Math.min(oneUs, otherUs);
  return Math.abs(oneUs - otherUs) <= longest * ALIKE;
}
