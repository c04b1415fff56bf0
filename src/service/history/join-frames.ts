import type { SnapshotFrame } from '../../client/snapshot-frame.ts';
import type { Snapshot } from '../../params/snapshot.ts';

/** Neighbours are one region when their counts differ by this part of what is possible, or less. */
const SIMILAR = 0.1;

/** Regions of one target while they are being joined, in the order of addresses. */
interface Pieces {
  readonly start: number[];
  readonly end: number[];
  /** Sums over all windows. */
  readonly nrAccesses: number[];
  /** Of the newest picture that has the piece. */
  readonly age: number[];
}

/** Rows of one target in one picture. */
interface TargetRows {
  readonly snapshot: Snapshot;
  at: number;
  readonly to: number;
}

/**
 * Pictures that follow one another as one, which stands for all of their time: counts and what they
 * are out of are sums. It has no more regions than the largest of them had, so neighbours that are
 * alike become one.
 */
export function joinFrames(frames: readonly SnapshotFrame[]): SnapshotFrame {
  const last = frames.at(-1)!.snapshot;
  const first = frames[0]!;
  const maxNrAccesses = frames.reduce((sum, { snapshot }) => sum + snapshot.maxNrAccesses, 0);
  const maxRows = Math.max(...frames.map(({ snapshot }) => snapshot.nrRegions));
  const targets = last.targetPids.map((pid, index) =>
    overlay(frames.map(({ snapshot }) => rowsOf(snapshot, pid, index))),
  );
  const limits = [SIMILAR, 2 * SIMILAR, 4 * SIMILAR, 1].map((share) => share * maxNrAccesses);
  let merged = targets;
  for (const limit of limits) {
    merged = merged.map((pieces) => mergeSimilar(pieces, limit));
    if (merged.reduce((sum, { start }) => sum + start.length, 0) <= maxRows) break;
  }
  return {
    snapshot: { ...last, ...columnsOf(merged), maxNrAccesses, windowSamples: maxNrAccesses },
    spanUs: last.timeUs - first.snapshot.timeUs + first.spanUs,
  };
}

/** A target is the same one when it has the same process, or the same place where it has none. */
function rowsOf(snapshot: Snapshot, pid: number | null, index: number): TargetRows {
  const target = pid === null ? index : snapshot.targetPids.indexOf(pid);
  let at = 0;
  while (at < snapshot.nrRegions && snapshot.targetIndex[at] !== target) at += 1;
  let to = at;
  while (to < snapshot.nrRegions && snapshot.targetIndex[to] === target) to += 1;
  return { snapshot, at, to };
}

/** Cuts at every bound of every picture, and sums up what lies over one another. */
function overlay(pictures: readonly TargetRows[]): Pieces {
  const pieces: Pieces = { start: [], end: [], nrAccesses: [], age: [] };
  let from = Number.NEGATIVE_INFINITY;
  while (true) {
    let to = Number.POSITIVE_INFINITY;
    let sum = 0;
    let age = -1;
    for (const rows of pictures) {
      const { start, end, nrAccesses, age: ages } = rows.snapshot;
      while (rows.at < rows.to && end[rows.at]! <= from) rows.at += 1;
      if (rows.at >= rows.to) continue;
      const isInside = start[rows.at]! <= from;
      to = Math.min(to, isInside ? end[rows.at]! : start[rows.at]!);
      if (!isInside) continue;
      sum += nrAccesses[rows.at]!;
      age = ages[rows.at]!;
    }
    if (to === Number.POSITIVE_INFINITY) return pieces;
    if (age >= 0) {
      pieces.start.push(from);
      pieces.end.push(to);
      pieces.nrAccesses.push(sum);
      pieces.age.push(age);
    }
    from = to;
  }
}

function mergeSimilar(pieces: Pieces, limit: number): Pieces {
  const merged: Pieces = { start: [], end: [], nrAccesses: [], age: [] };
  for (let row = 0; row < pieces.start.length; row++) {
    const last = merged.start.length - 1;
    const nrAccesses = pieces.nrAccesses[row]!;
    const touches = last >= 0 && merged.end[last] === pieces.start[row];
    if (touches && Math.abs(merged.nrAccesses[last]! - nrAccesses) <= limit) {
      const before = merged.end[last]! - merged.start[last]!;
      const size = pieces.end[row]! - pieces.start[row]!;
      const mean = (a: number, b: number) => (a * before + b * size) / (before + size);
      merged.nrAccesses[last] = mean(merged.nrAccesses[last]!, nrAccesses);
      merged.age[last] = mean(merged.age[last]!, pieces.age[row]!);
      merged.end[last] = pieces.end[row]!;
      continue;
    }
    merged.start.push(pieces.start[row]!);
    merged.end.push(pieces.end[row]!);
    merged.nrAccesses.push(nrAccesses);
    merged.age.push(pieces.age[row]!);
  }
  return merged;
}

type Columns = Pick<
  Snapshot,
  | 'nrRegions'
  | 'targetIndex'
  | 'start'
  | 'end'
  | 'nrAccesses'
  | 'age'
  | 'probeHits'
  | 'filterPassedBytes'
>;

function columnsOf(targets: readonly Pieces[]): Columns {
  const all = (of: (pieces: Pieces) => number[]) => targets.flatMap(of);
  const start = Float64Array.from(all((pieces) => pieces.start));
  return {
    nrRegions: start.length,
    targetIndex: Uint32Array.from(targets.flatMap((one, index) => one.start.map(() => index))),
    start,
    end: Float64Array.from(all((pieces) => pieces.end)),
    nrAccesses: Uint32Array.from(all((pieces) => pieces.nrAccesses.map(Math.round))),
    age: Uint32Array.from(all((pieces) => pieces.age.map(Math.round))),
    probeHits: null,
    filterPassedBytes: null,
  };
}
