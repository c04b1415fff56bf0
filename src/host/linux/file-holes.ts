/** Holes in a file: parts of it that take no memory, and read as zeros. */
import { checkedCall, type Koffi, loadKoffi } from './koffi.ts';
import { SyscallError } from './syscalls.ts';

/** The file keeps its size, and what is there goes back to the system. */
const PUNCH_HOLE_KEEP_SIZE = 3;
const SEEK_DATA = 3;

/** All throw `SyscallError`. */
export interface FileHoles {
  /** Gives a part of a file back; it reads as zeros from then on. */
  punch(fd: number, offset: number, lengthBytes: number): void;
  /** Whether no page of a part of a file is there. */
  isHole(fd: number, offset: number, lengthBytes: number): boolean;
}

/** @throws ThermoclineError TC_UNSUPPORTED without koffi */
export async function loadFileHoles(): Promise<FileHoles> {
  return new KoffiFileHoles(await loadKoffi());
}

class KoffiFileHoles implements FileHoles {
  readonly #koffi: Koffi;
  readonly #fallocate: (fd: number, mode: number, offset: number, length: number) => number;
  readonly #seek: (fd: number, offset: number, whence: number) => number;

  constructor(koffi: Koffi) {
    const libc = koffi.load(null);
    this.#koffi = koffi;
    this.#fallocate = libc.func('int fallocate(int, int, int64_t, int64_t)');
    this.#seek = libc.func('int64_t lseek(int, int64_t, int)');
  }

  punch(fd: number, offset: number, lengthBytes: number): void {
    const result = this.#fallocate(fd, PUNCH_HOLE_KEEP_SIZE, offset, lengthBytes);
    checkedCall(this.#koffi, 'fallocate', result);
  }

  isHole(fd: number, offset: number, lengthBytes: number): boolean {
    try {
      const data = checkedCall(this.#koffi, 'lseek', this.#seek(fd, offset, SEEK_DATA));
      return data >= offset + lengthBytes;
    } catch (error) {
      // There is no data up to the file's end.
      if (error instanceof SyscallError && error.errno === 'ENXIO') return true;
      throw error;
    }
  }
}
