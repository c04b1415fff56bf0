import type { SnapshotFrame } from '../../client/snapshot-frame.ts';
import type { Snapshot } from '../../params/snapshot.ts';
import { timeOf } from '../figures.ts';
import { thinned } from './thinned.ts';
import type { TimeRange } from './time-range.ts';

/**
 * What is in memory, and what is on disk where that is finer or reaches further back.
 * @param memory all pictures in memory, the oldest first; those that stand for several windows are
 * the older ones
 * @param read pictures of a part of the time on disk, whose times are those of `timeOf`
 */
export async function wholeHistory(
  memory: readonly SnapshotFrame[],
  range: TimeRange,
  read: (part: TimeRange) => Promise<SnapshotFrame[]>,
): Promise<SnapshotFrame[]> {
  if (range.limit === 0) return [];
  const inMemory = memory.filter((frame) => isWithin(frame, range));
  const [oldest] = memory;
  const reachesBack = oldest !== undefined && frameTime(oldest) - oldest.spanUs <= range.fromUs;
  if (reachesBack && inMemory.length >= range.limit) return thinnedTo(inMemory, range);
  const fineFromUs = fineFrom(memory);
  const toUs = Math.min(range.toUs, fineFromUs - 1);
  const past = toUs < range.fromUs ? [] : await read({ ...range, toUs });
  const pastFromUs = past.length === 0 ? fineFromUs : frameTime(past[0]!);
  const before = inMemory.filter((frame) => frameTime(frame) < pastFromUs);
  const after = inMemory.filter((frame) => frameTime(frame) >= fineFromUs);
  const clock = clockOf(memory.at(-1)?.snapshot);
  const all = [...before, ...past.map((frame) => onClock(frame, clock)), ...after];
  return thinnedTo(all, range);
}

/** Those of the range that are in memory. */
export function fromMemory(memory: readonly SnapshotFrame[], range: TimeRange): SnapshotFrame[] {
  const found = memory.filter((frame) => isWithin(frame, range));
  return thinnedTo(found, range);
}

function isWithin(frame: SnapshotFrame, { fromUs, toUs }: TimeRange): boolean {
  const timeUs = frameTime(frame);
  return timeUs >= fromUs && timeUs <= toUs;
}

function thinnedTo(frames: readonly SnapshotFrame[], { limit }: TimeRange): SnapshotFrame[] {
  return thinned(frames, frameTime, limit);
}

function frameTime({ snapshot }: SnapshotFrame): number {
  return timeOf(snapshot);
}

/** The moment from which on memory has each picture as it came; beyond all time without one. */
function fineFrom(memory: readonly SnapshotFrame[]): number {
  let fineFromUs = Number.MAX_SAFE_INTEGER;
  for (const frame of memory.toReversed()) {
    if (frame.spanUs > frame.snapshot.aggregationIntervalUs) break;
    fineFromUs = frameTime(frame);
  }
  return fineFromUs;
}

/** How far the time of day is ahead of the monitor's own clock; null where it has no other. */
function clockOf(newest: Snapshot | undefined): number | null {
  if (newest === undefined) return 0;
  return newest.wallTimeUs === null ? null : newest.wallTimeUs - newest.timeUs;
}

/** A recording has the time of day; views put pictures beside each other by the monitor's clock. */
function onClock({ snapshot, spanUs }: SnapshotFrame, aheadUs: number | null): SnapshotFrame {
  const { timeUs } = snapshot;
  const times =
    aheadUs === null ? { wallTimeUs: null } : { wallTimeUs: timeUs, timeUs: timeUs - aheadUs };
  return { snapshot: { ...snapshot, ...times }, spanUs };
}
