import type { ReplayMoment, ReplayResult } from './replay.ts';

/** Figures of one parameter set, with what was not in memory taken off. */
export interface Outcome {
  /** In memory without the policy, and out with it; means over time. */
  readonly residentBytes: number;
  readonly savedBytes: number;
  /** The same less what swap itself takes of memory. */
  readonly netSavedBytes: number;
  /** Of what is in memory, 0…1. */
  readonly savedShare: number;
  readonly endSavedBytes: number;
  readonly pagedOutBytes: number;
  readonly refaultedBytes: number;
  readonly refaultsPerSecond: number;
  readonly stallUs: number;
  /** Of the target that waits most, 0…1. */
  readonly slowdownShare: number;
}

const PAGE_BYTES = 4096;

/** What is taken off what a replay says. */
export interface Corrections {
  /** Watched and not in memory, and can't be saved: it is taken to be cold. */
  readonly absentBytes: number;
  /** Share of what is saved that swap itself doesn't take. */
  readonly netShare: number;
}

/** The figures of a replay. */
export function outcomeOf(result: ReplayResult, { absentBytes, netShare }: Corrections): Outcome {
  const present = (bytes: number) => Math.max(0, Math.round(bytes - absentBytes));
  const residentBytes = present(result.watchedBytes);
  const savedBytes = present(result.savedBytes);
  return {
    residentBytes,
    savedBytes,
    netSavedBytes: Math.round(savedBytes * netShare),
    savedShare: residentBytes === 0 ? 0 : savedBytes / residentBytes,
    endSavedBytes: present(result.endSavedBytes),
    pagedOutBytes: present(result.pagedOutBytes),
    refaultedBytes: Math.round(result.refaultedBytes),
    refaultsPerSecond: (result.refaultedBytes / PAGE_BYTES / result.durationUs) * 1e6,
    stallUs: Math.round(result.stallUs),
    slowdownShare: result.slowdownShare,
  };
}

/** The same of each moment. */
export function momentsOf({ overTime }: ReplayResult, absentBytes: number): ReplayMoment[] {
  return overTime.map(({ timeUs, watchedBytes, savedBytes, refaultedBytes }) => ({
    timeUs: Math.round(timeUs),
    watchedBytes: Math.max(0, watchedBytes - absentBytes),
    savedBytes: Math.max(0, Math.round(savedBytes - absentBytes)),
    refaultedBytes: Math.round(refaultedBytes),
  }));
}
