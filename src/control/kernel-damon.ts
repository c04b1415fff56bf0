/** The kernel's own DAMON, by plain reads: what is set up, what runs, and whose it is. */
import { accessSync, constants, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Roots } from '../host/host.ts';
import { listPids, readProcessStat } from '../host/linux/process-stat.ts';
import { readTextIfAny } from '../host/linux/read-file.ts';

const MODULES = ['damon_stat', 'damon_reclaim', 'damon_lru_sort'] as const;

/** One slot of the kernel's sysfs interface. */
export interface KdamondSlot {
  readonly index: number;
  /** Null where it can't be read. */
  readonly isOn: boolean | null;
  /** The kernel thread's process number while it runs. */
  readonly pid: number | null;
  readonly operations: string | null;
}

/** What there is of DAMON in the kernel. */
export interface KernelDamon {
  /** Whether the kernel has the interface at all. */
  readonly hasSysfs: boolean;
  /** Whether this process could write there. It doesn't. */
  readonly isWritable: boolean;
  /** Operations sets that the kernel offers; empty where no set-up is there to tell. */
  readonly availableOperations: readonly string[];
  readonly slots: readonly KdamondSlot[];
  /** DAMON modules that are switched on. */
  readonly modulesOn: readonly string[];
  /** Kernel threads that monitor, whoever started them: anybody may see these. */
  readonly threads: readonly { readonly pid: number; readonly name: string }[];
}

/** Reads only, and only files that reading leaves as they are (spec 10). */
export function readKernelDamon(roots: Roots): KernelDamon {
  const folder = join(roots.sys, 'kernel/mm/damon/admin/kdamonds');
  const indexes = slotIndexes(folder);
  const offered = (indexes ?? []).map((index) =>
    readTextIfAny(join(folder, String(index), 'contexts/0/avail_operations')),
  );
  return {
    hasSysfs: indexes !== null,
    isWritable: canWrite(join(folder, 'nr_kdamonds')),
    availableOperations: (offered.find((text) => text !== null) ?? '').split('\n').filter(Boolean),
    slots: (indexes ?? []).map((index) => readSlot(join(folder, String(index)), index)),
    modulesOn: MODULES.filter((name) => {
      const enabled = join(roots.sys, 'module', name, 'parameters/enabled');
      return readTextIfAny(enabled)?.startsWith('Y');
    }),
    threads: kdamondThreads(roots),
  };
}

/** Who set a monitoring thread up, in a few words, as far as these rights can tell. */
export function ownerOf(pid: number, damon: KernelDamon): string {
  const slot = damon.slots.find((other) => other.isOn && other.pid === pid);
  if (slot) return `set up in slot ${slot.index} of the sysfs interface`;
  if (damon.slots.some((other) => other.isOn === null)) return 'set up by somebody else';
  const [module] = damon.modulesOn;
  return module ? `most likely of the module ${module}` : 'set up by the kernel itself';
}

function readSlot(folder: string, index: number): KdamondSlot {
  const state = readTextIfAny(join(folder, 'state'))?.trim() ?? null;
  const pid = Number(readTextIfAny(join(folder, 'pid')) ?? -1);
  return {
    index,
    isOn: state === null ? null : state === 'on',
    pid: pid > 0 ? pid : null,
    operations: readTextIfAny(join(folder, 'contexts/0/operations'))?.trim() ?? null,
  };
}

function slotIndexes(folder: string): number[] | null {
  try {
    const names = readdirSync(folder).filter((name) => /^\d+$/.test(name));
    return names.map(Number).sort((a, b) => a - b);
  } catch {
    return null;
  }
}

function kdamondThreads(roots: Roots): KernelDamon['threads'] {
  return listPids(roots).flatMap((pid) => {
    const stat = readProcessStat(roots, pid);
    return stat?.isKernelThread && stat.name.startsWith('kdamond.')
      ? [{ pid, name: stat.name }]
      : [];
  });
}

function canWrite(file: string): boolean {
  try {
    accessSync(file, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
