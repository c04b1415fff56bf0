/** The kernel's modules that run DAMON by themselves (spec section 9), by plain reads. */
import { ThermoclineError } from '../base/errors.ts';
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

/**
 * Throws `TC_BUSY` while a module runs.
 * @param handedOver the one that is going to be switched off
 */
export function refuseWhileModulesRun(files: SysfsReader, handedOver?: DamonModule): void {
  const module = runningModules(files).find((name) => name !== handedOver);
  if (module === undefined) return;
  const wayOut =
    module === 'damon_stat'
      ? '--handover damon_stat switches it off and puts it back at the end'
      : 'have it switched off by whoever set it up';
  throw new ThermoclineError(
    'TC_BUSY',
    `The kernel's module ${module} runs, and DAMON serves nobody else meanwhile; ${wayOut}. Or watch ` +
      'without --kernel.',
  );
}
