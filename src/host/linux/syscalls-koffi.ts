import { closeSync } from 'node:fs';
import { ThermoclineError } from '../../base/errors.ts';
import { checkedCall, type Koffi, loadKoffi } from './koffi.ts';
import { type Advice, MADVISE, type Syscalls } from './syscalls.ts';

interface Numbers {
  readonly movePages: number;
  readonly pidfdOpen: number;
  readonly processMadvise: number;
}

const NUMBERS: Readonly<Record<string, Numbers>> = {
  x64: { movePages: 279, pidfdOpen: 434, processMadvise: 440 },
  arm64: { movePages: 239, pidfdOpen: 434, processMadvise: 440 },
};

/** Moves pages even when other processes map them too. Needs CAP_SYS_NICE. */
const MPOL_MF_MOVE_ALL = 4;

type Argument = number | bigint | ArrayBufferView | null;

/**
 * The system calls of this machine. `koffi` is loaded here only, since most commands never act.
 * Throws `TC_UNSUPPORTED` where it is not installed or the machine's architecture is unknown.
 */
export async function loadSyscalls(): Promise<Syscalls> {
  const numbers = NUMBERS[process.arch];
  if (process.platform !== 'linux' || numbers === undefined) {
    const here = `${process.platform} on ${process.arch}`;
    throw new ThermoclineError(
      'TC_UNSUPPORTED',
      `Acting needs Linux on x64 or arm64, not ${here}.`,
    );
  }
  return new KoffiSyscalls(await loadKoffi(), numbers);
}

class KoffiSyscalls implements Syscalls {
  readonly #numbers: Numbers;
  readonly #koffi: Koffi;
  readonly #plain: (number: number, a: number, b: number) => number;
  readonly #madvise: (number: number, ...rest: Argument[]) => number;
  readonly #move: (number: number, ...rest: Argument[]) => number;
  /** One `struct iovec`. */
  readonly #range = new BigUint64Array(2);

  constructor(koffi: Koffi, numbers: Numbers) {
    const libc = koffi.load(null);
    this.#numbers = numbers;
    this.#koffi = koffi;
    this.#plain = libc.func('long syscall(long, long, long)');
    this.#madvise = libc.func('long syscall(long, long, void *, long, long, long)');
    this.#move = libc.func('long syscall(long, long, long, void *, void *, void *, long)');
  }

  pidfdOpen(pid: number): number {
    return this.#checked('pidfd_open', this.#plain(this.#numbers.pidfdOpen, pid, 0));
  }

  close(descriptor: number): void {
    closeSync(descriptor);
  }

  processMadvise(pidfd: number, start: number, lengthBytes: number, advice: Advice): number {
    this.#range[0] = BigInt(start);
    this.#range[1] = BigInt(lengthBytes);
    const { processMadvise } = this.#numbers;
    const result = this.#madvise(processMadvise, pidfd, this.#range, 1, MADVISE[advice], 0);
    return this.#checked('process_madvise', result);
  }

  movePages(
    pid: number,
    count: number,
    addresses: BigUint64Array,
    nodes: Int32Array | null,
    status: Int32Array,
  ): void {
    const { movePages } = this.#numbers;
    const result = this.#move(movePages, pid, count, addresses, nodes, status, MPOL_MF_MOVE_ALL);
    this.#checked('move_pages', result);
  }

  #checked(syscall: string, result: number): number {
    return checkedCall(this.#koffi, syscall, result);
  }
}
