import type { Target } from '../params/types.ts';

/**
 * Targets for a commit that makes exactly `pids` the watched processes: those that stay keep what
 * was learnt of them, those that are gone are marked obsolete (spec 7.2).
 * @param targets as they run
 * @returns null when nothing changes, or when no process is left, which ends monitoring by itself
 */
export function followTargets(
  targets: readonly Target[],
  pids: readonly number[],
): Target[] | null {
  const known = new Set(targets.map(({ pid }) => pid));
  const added = pids.filter((pid) => !known.has(pid));
  const gone = targets.filter(({ pid }) => pid === undefined || !pids.includes(pid));
  if (pids.length === 0 || added.length + gone.length === 0) return null;
  return [
    ...targets.map((target) => ({ ...target, regions: [], obsolete: gone.includes(target) })),
    ...added.map((pid) => ({ pid, regions: [], obsolete: false })),
  ];
}
