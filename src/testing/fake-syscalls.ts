import { type Advice, SyscallError, type Syscalls } from '../host/linux/syscalls.ts';

/** One advice as it was given. */
export interface AdvisedRange {
  readonly pid: number;
  readonly start: number;
  readonly lengthBytes: number;
  readonly advice: Advice;
}

/** System calls that succeed without doing anything, and are written down. */
export class FakeSyscalls implements Syscalls {
  readonly advised: AdvisedRange[] = [];
  /** Node of each page that is not on node 0, by address. */
  readonly nodeOfPage: Map<number, number> = new Map();
  /** When set, each call fails with this errno. */
  errno: string | null = null;
  /** Descriptors that are open now. */
  readonly open: Set<number> = new Set();

  /** The descriptor is the pid. */
  pidfdOpen(pid: number): number {
    this.#failIfAsked('pidfd_open');
    this.open.add(pid);
    return pid;
  }

  close(descriptor: number): void {
    this.open.delete(descriptor);
  }

  processMadvise(pidfd: number, start: number, lengthBytes: number, advice: Advice): number {
    this.#failIfAsked('process_madvise');
    this.advised.push({ pid: pidfd, start, lengthBytes, advice });
    return lengthBytes;
  }

  movePages(
    _pid: number,
    count: number,
    addresses: BigUint64Array,
    nodes: Int32Array | null,
    status: Int32Array,
  ): void {
    this.#failIfAsked('move_pages');
    for (let page = 0; page < count; page++) {
      const address = Number(addresses[page]);
      if (nodes !== null) this.nodeOfPage.set(address, nodes[page]!);
      status[page] = this.nodeOfPage.get(address) ?? 0;
    }
  }

  #failIfAsked(syscall: string): void {
    if (this.errno !== null) throw new SyscallError(syscall, this.errno);
  }
}
