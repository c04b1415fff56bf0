/**
 * The kernel has one lock for all of DAMON's files (spec section 10): while a command of anybody
 * blocks, others are told EBUSY. That passes, so it is tried again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { SysfsError } from './sysfs-files.ts';

/** Longer than the longest command of ours; somebody else's may still last longer. */
export const PATIENCE_MS = 5_000;
const PAUSE_MS = 5;

/**
 * Does `work` until it is not refused with EBUSY any more.
 * @param limitMs after which the refusal is passed on
 */
export async function patiently<T>(
  work: () => T | Promise<T>,
  limitMs: number = PATIENCE_MS,
): Promise<T> {
  const endMs = performance.now() + limitMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const passes = error instanceof SysfsError && error.errno === 'EBUSY';
      if (!passes || performance.now() >= endMs) throw error;
      await sleep(PAUSE_MS);
    }
  }
}
