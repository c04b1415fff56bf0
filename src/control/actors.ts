/**
 * Who else on this machine watches, moves or limits memory. Two that do not know of each other
 * fight; so whoever is going to act looks here first, and says what it has seen. Plain reads only.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Roots } from '../host/host.ts';
import { readCgroups } from '../host/linux/cgroup-tree.ts';
import { listPids, readProcessStat } from '../host/linux/process-stat.ts';
import { readTextIfAny } from '../host/linux/read-file.ts';
import { ownerOf, readKernelDamon } from './kernel-damon.ts';

/** Somebody or something else that deals with memory. */
export interface Actor {
  /** Stable, for programs: `numa-balancing`. */
  readonly name: string;
  readonly present: boolean;
  /** One sentence: what it does and why that matters, or that it is not there. */
  readonly note: string;
}

/** Programs that deal with other processes' memory, by the name of their process. */
const PROGRAMS: readonly (readonly [name: string, note: string])[] = [
  ['damo', "drives the kernel's DAMON and may switch off every kdamond when it stops"],
  ['memtierd', 'moves pages between tiers and takes over running kdamonds'],
  ['senpai', 'lowers memory.high of cgroups until they feel it, and leaves it there when it ends'],
  ['systemd-oomd', 'kills cgroups under memory pressure, so pressure that we cause can cost lives'],
  ['oomd', 'kills cgroups under memory pressure, so pressure that we cause can cost lives'],
  ['earlyoom', 'kills processes when free memory or free swap run low; paging out fills swap'],
  ['kubelet', 'evicts pods by the memory that they use, and sets the limits of their cgroups'],
];

/** Every actor that is known, present or not, in a fixed order. */
export function detectActors(roots: Roots): Actor[] {
  return [
    kernelDamon(roots),
    numaBalancing(roots),
    demotion(roots),
    transparentHugePages(roots),
    multiGenLru(roots),
    ...swapAndZram(roots),
    zswap(roots),
    balloon(roots),
    memoryHigh(roots),
    ...programs(roots),
  ];
}

function kernelDamon(roots: Roots): Actor {
  const damon = readKernelDamon(roots);
  const running = damon.threads.map(({ pid, name }) => `${name} (${pid}), ${ownerOf(pid, damon)}`);
  return actor('kernel-damon', running.length > 0, {
    yes:
      `The kernel's DAMON runs: ${running.join('; ')}. It may move or reclaim memory by schemes of ` +
      'its own; it is not ours, so it is never touched.',
    no: "The kernel's DAMON does not run.",
  });
}

function numaBalancing(roots: Roots): Actor {
  const mode = Number(readTextIfAny(join(roots.proc, 'sys/kernel/numa_balancing')) ?? 0);
  const notes = [
    mode & 1 && 'moves pages to the node of the CPU that uses them',
    mode & 2 && 'promotes hot pages from slower tiers',
  ].filter(Boolean);
  return actor('numa-balancing', notes.length > 0, {
    yes: `NUMA balancing (mode ${mode}) ${notes.join(' and ')}: moving pages as well would undo its work.`,
    no: 'NUMA balancing is off.',
  });
}

function demotion(roots: Roots): Actor {
  const text = readTextIfAny(join(roots.sys, 'kernel/mm/numa/demotion_enabled')) ?? '';
  return actor('demotion', /^(true|1|Y)/i.test(text), {
    yes: 'Kernel reclaim demotes pages to slower nodes before it swaps: paged-out memory may go there.',
    no: 'Kernel reclaim does not demote pages to slower nodes.',
  });
}

function transparentHugePages(roots: Roots): Actor {
  const folder = join(roots.sys, 'kernel/mm/transparent_hugepage');
  const mode = /\[(\w+)\]/.exec(readTextIfAny(join(folder, 'enabled')) ?? '')?.[1] ?? 'never';
  return actor('transparent-huge-pages', mode !== 'never', {
    yes:
      `khugepaged joins small pages to huge ones (${mode}): one touch makes 2 MiB look hot, and ` +
      'paging out splits what it has joined.',
    no: 'Transparent huge pages are off.',
  });
}

function multiGenLru(roots: Roots): Actor {
  const text = readTextIfAny(join(roots.sys, 'kernel/mm/lru_gen/enabled')) ?? '0';
  return actor('multi-gen-lru', Number(text) !== 0, {
    yes: 'The multi-generational LRU reads and clears accessed bits, too: each sees fewer of them.',
    no: 'The multi-generational LRU is off.',
  });
}

function swapAndZram(roots: Roots): Actor[] {
  const lines = (readTextIfAny(join(roots.proc, 'swaps')) ?? '').trim().split('\n').slice(1);
  const devices = lines.map((line) => line.split(/\s/)[0]!);
  const isZram = (device: string) => device.includes('/zram');
  return [
    actor('swap', devices.length > 0, {
      yes: `Kernel reclaim swaps to ${devices.join(', ')}: memory that nobody uses may be there already.`,
      no: 'There is no swap: memory without a file behind it can not be paged out.',
    }),
    actor('zram', devices.some(isZram), {
      yes: 'Swap on zram keeps pages compressed in memory: paging out frees only a part of them.',
      no: 'No swap is on zram.',
    }),
  ];
}

function zswap(roots: Roots): Actor {
  const text = readTextIfAny(join(roots.sys, 'module/zswap/parameters/enabled')) ?? '';
  return actor('zswap', /^[Y1]/.test(text), {
    yes: 'zswap keeps swapped pages compressed in memory: paging out frees only a part of them.',
    no: 'zswap is off.',
  });
}

function balloon(roots: Roots): Actor {
  let devices: string[] = [];
  try {
    const names = readdirSync(join(roots.sys, 'bus/virtio/drivers/virtio_balloon'));
    devices = names.filter((name) => name.startsWith('virtio'));
  } catch {
    // No such driver.
  }
  return actor('balloon', devices.length > 0, {
    yes: 'A balloon is in this guest: its host may take memory away and give it back at any time.',
    no: 'No virtio balloon is in this machine.',
  });
}

function memoryHigh(roots: Roots): Actor {
  const limited = readCgroups(roots)
    .map(({ path }) => path)
    .filter((path) => {
      const limit = readTextIfAny(join(roots.cgroup, path, 'memory.high'));
      return limit !== null && limit.trim() !== 'max';
    });
  return actor('memory-high', limited.length > 0, {
    yes:
      `memory.high is set on ${limited.length} cgroups, ${limited[0]} for one: somebody ` +
      'throttles and reclaims there by a limit.',
    no: 'No cgroup that can be read has a memory.high.',
  });
}

function programs(roots: Roots): Actor[] {
  const pids = new Map<string, number>();
  for (const pid of listPids(roots)) {
    const stat = readProcessStat(roots, pid);
    if (stat) pids.set(stat.name.replace(/\.py$/, ''), pid);
  }
  return PROGRAMS.map(([name, note]) =>
    actor(name, pids.has(name), {
      yes: `${name} runs (process ${pids.get(name)}): it ${note}.`,
      no: `${name} does not run.`,
    }),
  );
}

function actor(name: string, present: boolean, note: { yes: string; no: string }): Actor {
  return { name, present, note: present ? note.yes : note.no };
}
