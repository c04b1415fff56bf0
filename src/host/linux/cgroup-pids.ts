import { type Dirent, readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { ThermoclineError } from '../../base/errors.ts';
import type { Roots } from '../host.ts';

/** Far more cgroups than anybody watches at a time. */
const MAX_NR_CGROUPS = 1000;

/**
 * Processes in a cgroup of the version 2 tree and in those below it.
 * @param path below the cgroup root, or with the root in front
 */
export function cgroupPids(path: string, roots: Roots): number[] {
  const top = cgroupFolder(path, roots);
  const pids: number[] = [];
  const pending = [top];
  for (let next = 0; next < pending.length && next < MAX_NR_CGROUPS; next++) {
    const folder = pending[next]!;
    pids.push(...readPids(folder, folder === top ? path : null));
    pending.push(...childFolders(folder));
  }
  if (pids.length > 0) return pids;
  throw new ThermoclineError('TC_NOT_FOUND', `The cgroup ${path} has no processes to watch.`);
}

/**
 * The folder of a cgroup.
 * @param path below the cgroup root, or with the root in front
 */
export function cgroupFolder(path: string, roots: Roots): string {
  const folder = resolve(path).startsWith(`${roots.cgroup}/`)
    ? resolve(path)
    : join(roots.cgroup, path);
  if (!relative(roots.cgroup, folder).startsWith('..')) return folder;
  throw new ThermoclineError(
    'TC_INVALID',
    `The cgroup "${path}" leaves ${roots.cgroup}; name one below it.`,
  );
}

/** @param named what the user wrote; null for a cgroup below it, which may go at any time */
function readPids(folder: string, named: string | null): number[] {
  try {
    const text = readFileSync(join(folder, 'cgroup.procs'), 'latin1');
    return text.split('\n').filter(Boolean).map(Number);
  } catch (cause) {
    if (named === null) return [];
    throw new ThermoclineError(
      'TC_NOT_FOUND',
      `The cgroup ${named} can't be read: there is no readable cgroup.procs in ${folder}; name one ` +
        'below the version 2 tree, and that tree with --cgroup-root where it is elsewhere.',
      { cause },
    );
  }
}

function childFolders(folder: string): string[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(folder, entry.name));
}
