import { join } from 'node:path';
import type { Roots } from '../host.ts';
import { readTextIfAny } from './read-file.ts';
import { SyscallError, type Syscalls } from './syscalls.ts';

/** Bits of the kernel's capability sets. */
const CAPABILITY_BITS = { CAP_SYS_PTRACE: 19n, CAP_SYS_NICE: 23n } as const;

/**
 * Null, or the sentence that says why this process can't advise memory of others. The kernel is
 * asked by a call that does nothing: advice for 0 bytes of this process itself.
 */
export function whyNoProcessMadvise(roots: Roots, syscalls: Syscalls): string | null {
  try {
    const pidfd = syscalls.pidfdOpen(process.pid);
    try {
      syscalls.processMadvise(pidfd, 0, 0, 'cold');
    } finally {
      syscalls.close(pidfd);
    }
  } catch (error) {
    if (error instanceof SyscallError) return error.message;
    throw error;
  }
  // The right to read their memory maps, which is needed too, has whoever watches them.
  return whyRightsMissing(roots, ['CAP_SYS_NICE']);
}

/** Null, or the sentence that names the rights that this process lacks. */
export function whyRightsMissing(
  roots: Roots,
  needed: readonly (keyof typeof CAPABILITY_BITS)[],
): string | null {
  const status = readTextIfAny(join(roots.proc, 'self/status')) ?? '';
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`);
  const missing = needed.filter((name) => ((effective >> CAPABILITY_BITS[name]) & 1n) === 0n);
  if (missing.length === 0) return null;
  return `Acting on other processes needs ${missing.join(' and ')}; run as root.`;
}
