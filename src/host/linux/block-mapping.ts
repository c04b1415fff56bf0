/** Memory of a file, mapped into this process: Node has no such call. */
import { checkedCall, type Koffi, loadKoffi } from './koffi.ts';

const READ_WRITE = 3;
/** Shared, and there at once: what is in the file already is mapped without being touched. */
const SHARED_POPULATE = 0x1 | 0x8000;

/** All throw `SyscallError`. */
export interface BlockMapping {
  /** Has the beginning of an open file be there, and maps it. @returns where */
  map(fd: number, lengthBytes: number): number;
  fill(address: number, content: Uint8Array): void;
  unmap(address: number, lengthBytes: number): void;
}

/** @throws ThermoclineError TC_UNSUPPORTED without koffi */
export async function loadBlockMapping(): Promise<BlockMapping> {
  return new KoffiBlockMapping(await loadKoffi());
}

class KoffiBlockMapping implements BlockMapping {
  readonly #koffi: Koffi;
  readonly #fallocate: (fd: number, mode: number, offset: number, length: number) => number;
  readonly #mmap: (...args: number[]) => number;
  readonly #munmap: (address: number, length: number) => number;
  readonly #memcpy: (to: number, from: Uint8Array, length: number) => number;

  constructor(koffi: Koffi) {
    const libc = koffi.load(null);
    this.#koffi = koffi;
    this.#fallocate = libc.func('int fallocate(int, int, int64_t, int64_t)');
    this.#mmap = libc.func('intptr_t mmap(intptr_t, size_t, int, int, int, int64_t)');
    this.#munmap = libc.func('int munmap(intptr_t, size_t)');
    this.#memcpy = libc.func('intptr_t memcpy(intptr_t, const void *, size_t)');
  }

  map(fd: number, lengthBytes: number): number {
    // What can't be had fails here; at the first access it would be a signal.
    checkedCall(this.#koffi, 'fallocate', this.#fallocate(fd, 0, 0, lengthBytes));
    const address = this.#mmap(0, lengthBytes, READ_WRITE, SHARED_POPULATE, fd, 0);
    return checkedCall(this.#koffi, 'mmap', address);
  }

  fill(address: number, content: Uint8Array): void {
    this.#memcpy(address, content, content.length);
  }

  unmap(address: number, lengthBytes: number): void {
    checkedCall(this.#koffi, 'munmap', this.#munmap(address, lengthBytes));
  }
}
