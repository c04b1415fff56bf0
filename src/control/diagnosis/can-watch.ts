import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Roots } from '../../host/host.ts';
import { whyRightsMissing } from '../../host/linux/privileges.ts';
import { ourKernelSlots } from '../../monitor/our-kernel-slots.ts';
import { type KernelDamon, ownerOf, readKernelDamon } from '../kernel-damon.ts';
import { type Check, check } from './check.ts';

/**
 * What can be watched here, from user space and by the kernel.
 * @param stateDir checked by whoever opens it
 */
export function canWatch(roots: Roots, stateDir: string): Check[] {
  const idle = existsSync(join(roots.sys, 'kernel/mm/page_idle/bitmap'));
  return [
    smaps(roots),
    {
      name: 'idle-page-tracking',
      status: 'note',
      sentence: idle
        ? 'Idle page tracking is there and not used: it costs a look at each page.'
        : 'Idle page tracking is not there (CONFIG_IDLE_PAGE_TRACKING); it is not needed.',
    },
    {
      name: 'pagemap-scan',
      status: 'note',
      sentence: 'PAGEMAP_SCAN is not used: it finds pages that were written, and misses reads.',
    },
    ...kernelDamon(readKernelDamon(roots), ourKernelSlots(roots, stateDir)),
  ];
}

function smaps(roots: Roots): Check {
  const readable = canAccess(join(roots.proc, 'self/smaps'), constants.R_OK);
  if (!readable || !canAccess(join(roots.proc, 'self/clear_refs'), constants.W_OK)) {
    return {
      name: 'smaps',
      status: 'no',
      sentence:
        'Processes can not be watched: /proc/PID/smaps and clear_refs are missing ' +
        '(the kernel needs CONFIG_PROC_PAGE_MONITOR).',
    };
  }
  const whose = whyRightsMissing(roots, ['CAP_SYS_PTRACE'])
    ? 'your own processes, not those of others (that takes CAP_SYS_PTRACE, or root)'
    : 'all processes';
  return {
    name: 'smaps',
    status: 'yes',
    sentence: `smaps and clear_refs show how much of each mapping is touched, for ${whose}.`,
  };
}

function kernelDamon(damon: KernelDamon, ours: ReadonlySet<number>): Check[] {
  const isOurThread = (pid: number) =>
    damon.slots.some((slot) => slot.pid === pid && ours.has(slot.index));
  const others = {
    slots: damon.slots.filter(({ index }) => !ours.has(index)),
    threads: damon.threads.filter(({ pid }) => !isOurThread(pid)),
  };
  const isOthers = others.slots.length > 0 || others.threads.length > 0;
  const checks: Check[] = [
    check('kernel-damon', isOthers ? 'note' : damon.isWritable ? 'yes' : 'no', {
      yes: 'The kernel has DAMON, and these rights could set it up.',
      note:
        'The kernel has DAMON, but somebody else has set it up: it stays theirs, and Thermocline ' +
        'watches from user space.',
      no: damon.hasSysfs
        ? 'The kernel has DAMON; setting it up takes root.'
        : 'The kernel has no DAMON interface (CONFIG_DAMON_SYSFS is off, or sysfs is not ' +
          'mounted); Thermocline watches from user space.',
    }),
  ];
  const offered = damon.availableOperations;
  if (offered.length > 0) {
    const missing = ['vaddr', 'paddr'].filter((set) => !offered.includes(set));
    checks.push({
      name: 'kernel-damon-operations',
      status: missing.length > 0 ? 'note' : 'yes',
      sentence:
        `It can watch ${offered.join(', ')}` +
        (missing.length > 0 ? `, and not ${missing.join(' or ')} (not built in).` : '.'),
    });
  }
  for (const { pid, name: thread } of damon.threads) {
    checks.push({
      name: 'kernel-damon-running',
      status: 'note',
      sentence: isOurThread(pid)
        ? `${thread} (process ${pid}) runs for Thermocline; "thermocline status" tells what it does.`
        : `${thread} (process ${pid}) runs, ${ownerOf(pid, damon)}: we will not touch it.`,
    });
  }
  for (const module of damon.modulesOn) {
    checks.push({
      name: 'kernel-damon-module',
      status: 'note',
      sentence: `The module ${module} is on: while it runs, no other set-up of the kernel can start.`,
    });
  }
  return checks;
}

function canAccess(file: string, mode: number): boolean {
  try {
    accessSync(file, mode);
    return true;
  } catch {
    return false;
  }
}
