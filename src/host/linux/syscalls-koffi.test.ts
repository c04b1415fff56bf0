import { expect, test } from 'vitest';
import { FakeSyscalls } from '../../testing/fake-syscalls.ts';
import { FakeTree } from '../../testing/fake-tree.ts';
import { whyNoProcessMadvise, whyRightsMissing } from './privileges.ts';
import { resolveRoots } from './roots.ts';
import { SyscallError, type Syscalls } from './syscalls.ts';
import { loadSyscalls } from './syscalls-koffi.ts';

/** Beyond the largest pid that Linux gives. */
const NO_PID = 2 ** 22 + 1;

function failureOf(call: () => void): SyscallError {
  try {
    call();
  } catch (error) {
    if (error instanceof SyscallError) return error;
    throw error;
  }
  throw new Error('the call succeeded');
}

test('the calls of this machine work, and their failures have names', async () => {
  const syscalls: Syscalls = await loadSyscalls();
  const pidfd = syscalls.pidfdOpen(process.pid);
  expect(syscalls.processMadvise(pidfd, 0, 0, 'cold')).toBe(0);
  // Not at a page's boundary.
  expect(failureOf(() => syscalls.processMadvise(pidfd, 1, 4096, 'cold')).errno).toBe('EINVAL');
  syscalls.close(pidfd);

  const status = new Int32Array([7]);
  syscalls.movePages(process.pid, 1, new BigUint64Array([4096n]), null, status);
  // Nothing is mapped there.
  expect(status[0]).toBeLessThan(0);

  const gone = failureOf(() => syscalls.pidfdOpen(NO_PID));
  expect(gone).toMatchObject({ errno: 'ESRCH', code: 'TC_NOT_FOUND' });
  expect(gone.message).toBe('pidfd_open failed: the process has ended (ESRCH).');
});

test('rights that lack are named', () => {
  using tree = new FakeTree({ 'proc/self/status': 'Name:\tx\nCapEff:\t0000000000080000\n' });
  expect(whyRightsMissing(tree.roots, ['CAP_SYS_PTRACE'])).toBeNull();
  expect(whyRightsMissing(tree.roots, ['CAP_SYS_NICE', 'CAP_SYS_PTRACE'])).toBe(
    'Acting on other processes needs CAP_SYS_NICE; run as root.',
  );
});

test('a kernel without process_madvise says so', () => {
  const syscalls = new FakeSyscalls();
  syscalls.errno = 'ENOSYS';
  expect(whyNoProcessMadvise(resolveRoots({}, {}), syscalls)).toBe(
    'pidfd_open failed: this kernel does not have the call (ENOSYS).',
  );
});
