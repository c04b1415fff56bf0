import { type ErrorCode, ThermoclineError } from '../../base/errors.ts';

/** Advice that `process_madvise` takes for other processes, with the kernel's numbers. */
export const MADVISE = {
  willneed: 3,
  cold: 20,
  pageout: 21,
  collapse: 25,
} as const;
export type Advice = keyof typeof MADVISE;

/** The few system calls that act on other processes. All throw `SyscallError`. */
export interface Syscalls {
  /** A descriptor that stands for the process, and for no later one with its pid. */
  pidfdOpen(pid: number): number;
  close(descriptor: number): void;
  /** Returns the bytes that were advised, which may be fewer than `lengthBytes`. */
  processMadvise(pidfd: number, start: number, lengthBytes: number, advice: Advice): number;
  /**
   * Moves the first `count` pages to the nodes of `nodes`, or only asks where they are when it is
   * null. `status` gets the node of each page, or a negative errno.
   */
  movePages(
    pid: number,
    count: number,
    addresses: BigUint64Array,
    nodes: Int32Array | null,
    status: Int32Array,
  ): void;
}

/** A system call that failed. */
export class SyscallError extends ThermoclineError {
  readonly syscall: string;
  /** `EPERM` and so on. */
  readonly errno: string;

  constructor(syscall: string, errno: string) {
    const [code, reason] = reasonOf(errno);
    super(code, `${syscall} failed: ${reason} (${errno}).`);
    this.name = 'SyscallError';
    this.syscall = syscall;
    this.errno = errno;
  }
}

function reasonOf(errno: string): [ErrorCode, string] {
  switch (errno) {
    case 'EPERM':
    case 'EACCES':
      return [
        'TC_DENIED',
        'it needs CAP_SYS_NICE and the right to read the memory map; run as root',
      ];
    case 'ESRCH':
      return ['TC_NOT_FOUND', 'the process has ended'];
    case 'ENOSYS':
      return ['TC_UNSUPPORTED', 'this kernel does not have the call'];
    case 'EINVAL':
      return ['TC_UNSUPPORTED', 'this memory, or this kernel, does not take the request'];
    default:
      return ['TC_SYSTEM', 'the kernel refused'];
  }
}
