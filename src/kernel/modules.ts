/** The kernel's modules that run DAMON by themselves (spec section 9), by plain reads. */
import { readValue, type SysfsReader } from './sysfs-files.ts';

export const DAMON_MODULES = ['damon_stat', 'damon_reclaim', 'damon_lru_sort'] as const;

export type DamonModule = (typeof DAMON_MODULES)[number];

/**
 * Modules that are switched on. While one runs, the kernel starts nothing else, and the other way
 * round.
 */
export function runningModules(files: SysfsReader): DamonModule[] {
  return DAMON_MODULES.filter((name) => {
    const enabled = `module/${name}/parameters/enabled`;
    return files.exists(enabled) && readValue(files, enabled) === 'Y';
  });
}
