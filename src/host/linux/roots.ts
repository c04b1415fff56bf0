import { resolve } from 'node:path';
import type { Roots } from '../host.ts';

/**
 * Folders that a user named on the command line: `--proc-root`, `--sysfs-root`, `--cgroup-root`.
 */
export interface RootOptions {
  readonly procRoot?: string | undefined;
  readonly sysfsRoot?: string | undefined;
  readonly cgroupRoot?: string | undefined;
}

/**
 * Where to read the machine: what the user named, else the environment (`THERMOCLINE_PROC_ROOT`,
 * `THERMOCLINE_SYSFS_ROOT`, `THERMOCLINE_CGROUP_ROOT`), else the usual places.
 */
export function resolveRoots(
  options: RootOptions = {},
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Roots {
  const choose = (named: string | undefined, variable: string, usual: string) =>
    resolve(named || environment[variable] || usual);
  return {
    proc: choose(options.procRoot, 'THERMOCLINE_PROC_ROOT', '/proc'),
    sys: choose(options.sysfsRoot, 'THERMOCLINE_SYSFS_ROOT', '/sys'),
    cgroup: choose(options.cgroupRoot, 'THERMOCLINE_CGROUP_ROOT', '/sys/fs/cgroup'),
  };
}
