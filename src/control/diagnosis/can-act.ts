import { join } from 'node:path';
import { formatBytes } from '../../base/units.ts';
import type { HostFacts, Roots } from '../../host/host.ts';
import { whyCgroupsUnusable } from '../../host/linux/cgroup-tree.ts';
import { whyNoProcessMadvise } from '../../host/linux/privileges.ts';
import { readTextIfAny } from '../../host/linux/read-file.ts';
import type { Syscalls } from '../../host/linux/syscalls.ts';
import { type Check, check } from './check.ts';

/**
 * What can be done to memory here.
 * @param syscalls the machine's, or the sentence that says why there are none
 */
export function canAct(roots: Roots, facts: HostFacts, syscalls: Syscalls | string): Check[] {
  const whyNot = typeof syscalls === 'string' ? syscalls : whyNoProcessMadvise(roots, syscalls);
  const whyNoCgroups = whyCgroupsUnusable(roots);
  const { swapTotalBytes, swapFreeBytes } = facts.memory;
  return [
    check('process-madvise', whyNot === null ? 'yes' : 'no', {
      yes: 'Memory of other processes can be paged out and marked cold (process_madvise).',
      no: `Memory of other processes can not be paged out: ${whyNot}`,
    }),
    check('move-pages', facts.nodes.length > 1 ? 'yes' : 'no', {
      yes: `Pages can be moved between ${facts.nodes.length} nodes (move_pages).`,
      no: 'Pages can not be moved: the machine has one node only.',
    }),
    capabilities(roots),
    check('swap', swapTotalBytes > 0 ? 'yes' : 'no', {
      yes: `${formatBytes(swapFreeBytes)} of ${formatBytes(swapTotalBytes)} of swap are free.`,
      no: 'There is no swap: only memory with a file behind it can be paged out.',
    }),
    check('cgroups', whyNoCgroups === null ? 'yes' : 'no', {
      yes: `cgroups of version 2 account for memory at ${roots.cgroup}.`,
      no: `${whyNoCgroups}`,
    }),
  ];
}

/** Rights that matter here, with the kernel's bit of each. */
const CAPABILITIES: readonly (readonly [bit: bigint, name: string])[] = [
  [1n, 'CAP_DAC_OVERRIDE'],
  [19n, 'CAP_SYS_PTRACE'],
  [21n, 'CAP_SYS_ADMIN'],
  [23n, 'CAP_SYS_NICE'],
];

function capabilities(roots: Roots): Check {
  const status = readTextIfAny(join(roots.proc, 'self/status')) ?? '';
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`);
  const has = ([bit]: readonly [bigint, string]) => ((effective >> bit) & 1n) === 1n;
  const names = (list: typeof CAPABILITIES) => list.map(([, name]) => name).join(', ');
  const missing = CAPABILITIES.filter((capability) => !has(capability));
  const held = names(CAPABILITIES.filter(has)) || 'none';
  return {
    name: 'capabilities',
    status: missing.length === 0 ? 'yes' : 'no',
    sentence:
      `Rights that matter: ${held}` +
      (missing.length === 0 ? '.' : `; missing: ${names(missing)}.`),
  };
}
