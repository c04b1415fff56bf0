import { type Dirent, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ThermoclineError } from '../../base/errors.ts';
import type { CgroupFacts, Roots } from '../host.ts';
import { parseCounters } from './fields.ts';
import { readMemoryTotals } from './memory-totals.ts';
import { readPressure } from './pressure.ts';
import { readTextFile, readTextIfAny } from './read-file.ts';

/** The walk stops at so many cgroups; a machine with more is told apart by its own tools. */
const MAX_NR_CGROUPS = 10_000;

/** Null, or the sentence that says why the tree can't tell about memory. */
export function whyCgroupsUnusable(roots: Roots): string | null {
  const path = join(roots.cgroup, 'cgroup.controllers');
  const controllers = readTextIfAny(path);
  if (controllers === null) {
    return (
      `${roots.cgroup} is not a cgroup version 2 tree (it has no readable cgroup.controllers); ` +
      'mount version 2, or name its mount with --cgroup-root.'
    );
  }
  if (!controllers.split(/\s/).includes('memory')) {
    return (
      `The cgroup version 2 tree at ${roots.cgroup} has no memory controller; ` +
      'boot with systemd.unified_cgroup_hierarchy=1 (or cgroup_no_v1=memory) to move it there.'
    );
  }
  return null;
}

/**
 * The cgroup v2 tree, parents before children. Where there is none, the root stands alone with the
 * reason in `unreadable`.
 */
export function readCgroups(roots: Roots): CgroupFacts[] {
  const problem = whyCgroupsUnusable(roots);
  if (problem !== null) return [unreadableCgroup('/', problem)];
  const found: CgroupFacts[] = [];
  const pending = ['/'];
  for (let next = 0; next < pending.length && next < MAX_NR_CGROUPS; next++) {
    const path = pending[next]!;
    const facts = path === '/' ? readRoot(roots) : readCgroup(roots, path);
    if (facts === null) continue;
    found.push(facts);
    for (const child of childNames(join(roots.cgroup, path))) {
      pending.push(path === '/' ? `/${child}` : `${path}/${child}`);
    }
  }
  return found;
}

/** Path of a process' cgroup in the version 2 tree; null for a process that is gone. */
export function readCgroupOfProcess(roots: Roots, pid: number): string | null {
  const text = readTextIfAny(join(roots.proc, String(pid), 'cgroup')) ?? '';
  return /^0::(.*)$/m.exec(text)?.[1] ?? null;
}

/** Null when the cgroup went away in between, or has no accounting of its own. */
function readCgroup(roots: Roots, path: string): CgroupFacts | null {
  const folder = join(roots.cgroup, path);
  try {
    const current = readTextFile(join(folder, 'memory.current'));
    return {
      path,
      currentBytes: Number(current),
      // Absent on a kernel without swap accounting.
      swappedBytes: Number(readTextIfAny(join(folder, 'memory.swap.current')) ?? 0),
      refaults: readRefaults(folder),
      pressure: readPressure(join(folder, 'memory.pressure')),
      unreadable: null,
    };
  } catch (error) {
    if (!(error instanceof ThermoclineError)) throw error;
    return error.code === 'TC_NOT_FOUND' ? null : unreadableCgroup(path, error.message);
  }
}

/** The root has no figures of its own: it is the machine. */
function readRoot(roots: Roots): CgroupFacts {
  const memory = readMemoryTotals(roots);
  return {
    path: '/',
    currentBytes: memory.totalBytes - memory.freeBytes,
    swappedBytes: memory.swapTotalBytes - memory.swapFreeBytes,
    refaults: readRefaults(roots.cgroup),
    pressure: readPressure(join(roots.proc, 'pressure/memory')),
    unreadable: null,
  };
}

function readRefaults(folder: string): number {
  const counters = parseCounters(readTextIfAny(join(folder, 'memory.stat')) ?? '');
  const refaults = (kind: string) => counters.get(`workingset_refault_${kind}`) ?? 0;
  return refaults('anon') + refaults('file');
}

function unreadableCgroup(path: string, unreadable: string): CgroupFacts {
  return { path, currentBytes: 0, swappedBytes: 0, refaults: 0, pressure: null, unreadable };
}

function childNames(folder: string): string[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}
