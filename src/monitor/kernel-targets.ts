/** Which targets a kdamond gets as processes come and go. Pure. */
import type { Snapshot } from '../params/snapshot.ts';
import type { Target } from '../params/types.ts';
import { followTargets } from './follow-targets.ts';

/** Targets for a commit. */
export interface NextTargets {
  /** What to stage: those that are gone are in it, marked as obsolete. */
  readonly staged: readonly Target[];
  /** What the kernel has afterwards, in its order. */
  readonly after: readonly Target[];
}

/**
 * Targets that make exactly `pids` the watched processes.
 * @param running what the kernel has, in its order
 * @param removes whether this kernel can remove a target and keep those behind it
 * @returns null when nothing changes, or no process is left
 */
export function nextTargets(
  running: readonly Target[],
  pids: readonly number[],
  removes: boolean,
): NextTargets | null {
  const followed = followTargets(running, pids);
  if (followed === null) return null;
  const after = followed.filter(({ obsolete }) => !obsolete);
  if (!removes) return { staged: after, after };
  // The kernel looks up the process of each target, of those that it is to remove, too.
  const someone = { pid: after[0]!.pid! };
  const staged = followed.map((one) => (one.obsolete ? { ...one, ...someone } : one));
  return { staged, after };
}

/**
 * Targets of the rows of a snapshot in which one scheme has seen them all: rows come target by
 * target and by address, so the next target begins where addresses go back.
 */
export function targetsByOrder({ nrRegions, start, end }: Snapshot): Uint32Array {
  const targetIndex = new Uint32Array(nrRegions);
  for (let row = 1; row < nrRegions; row++) {
    const isNext = start[row]! < end[row - 1]!;
    targetIndex[row] = targetIndex[row - 1]! + (isNext ? 1 : 0);
  }
  return targetIndex;
}
