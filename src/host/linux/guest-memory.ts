/** The files that a guest's memory is in, and blocks of them, by guest-physical address. */
import { closeSync, constants, fstatSync, openSync, readSync, statfsSync, statSync } from 'node:fs';
import { ThermoclineError } from '../../base/errors.ts';
import type { Roots } from '../host.ts';
import type { FileHoles } from './file-holes.ts';
import { HELD_BLOCK_BYTES } from './held-pattern.ts';
import { type FilePlace, placeOfBlock } from './qemu-memory-map.ts';
import { descriptors, qemuProcessOf } from './qemu-process.ts';
import type { Qmp } from './qmp.ts';

/** Of `statfs`: what memfds and `/dev/shm` are on. Elsewhere a hole may not be what it is here. */
const TMPFS_MAGIC = 0x01021994;

/** A block as the host has it. */
export interface BlockPlace {
  readonly fd: number;
  readonly offset: number;
}

/** Of one guest. Whoever has it can write all of the guest's memory. */
export class GuestMemory implements Disposable {
  readonly #qmp: Qmp;
  readonly #roots: Roots;
  readonly #holes: FileHoles;
  readonly #pid: number;
  /** Open files by device and inode. */
  readonly #files = new Map<string, number>();
  readonly #seen = Buffer.alloc(HELD_BLOCK_BYTES);

  /** @throws ThermoclineError TC_UNSUPPORTED where QEMU's process can't be told */
  constructor(qmp: Qmp, roots: Roots, holes: FileHoles) {
    this.#qmp = qmp;
    this.#roots = roots;
    this.#holes = holes;
    this.#pid = qemuProcessOf(roots, qmp.path);
  }

  /** @returns why there is no such place, as the end of a sentence */
  async place(address: number): Promise<BlockPlace | string> {
    const found = await placeOfBlock(this.#qmp, this.#roots, this.#pid, address);
    if (typeof found === 'string') return found;
    const fd = this.#open(found);
    return typeof fd === 'string' ? fd : { fd, offset: found.offset };
  }

  /** Whether each byte of the block is as in `pattern`. */
  matches({ fd, offset }: BlockPlace, pattern: Uint8Array): boolean {
    const length = readSync(fd, this.#seen, 0, HELD_BLOCK_BYTES, offset);
    return length === HELD_BLOCK_BYTES && this.#seen.equals(pattern);
  }

  /** Gives the block back to the host. */
  punch({ fd, offset }: BlockPlace): void {
    this.#holes.punch(fd, offset, HELD_BLOCK_BYTES);
  }

  /** Whether nothing of it has come back. */
  isHole({ fd, offset }: BlockPlace): boolean {
    return this.#holes.isHole(fd, offset, HELD_BLOCK_BYTES);
  }

  [Symbol.dispose](): void {
    for (const fd of this.#files.values()) closeSync(fd);
    this.#files.clear();
  }

  #open(place: FilePlace): number | string {
    const key = `${place.deviceId}:${place.inode}`;
    const known = this.#files.get(key);
    if (known !== undefined) return known;
    const path = descriptors(this.#roots, this.#pid)
      .map((one) => one.path)
      .find((one) => isSame(statSync(one, { throwIfNoEntry: false }), place));
    if (path === undefined) return 'QEMU has closed the file that its memory is in';
    if (statfsSync(path).type !== TMPFS_MAGIC) {
      return 'its memory is in no memfd and no file of a tmpfs';
    }
    const fd = opened(path);
    // Between the look and the opening, the descriptor may have become another file's.
    if (!isSame(fstatSync(fd), place)) {
      closeSync(fd);
      return 'QEMU has closed the file that its memory is in';
    }
    this.#files.set(key, fd);
    return fd;
  }
}

interface FileNumbers {
  readonly dev: number;
  readonly ino: number;
}

function isSame(file: FileNumbers | undefined, { deviceId, inode }: FilePlace): boolean {
  return file?.dev === deviceId && file.ino === inode;
}

function opened(path: string): number {
  try {
    return openSync(path, constants.O_RDWR);
  } catch (cause) {
    const sentence = `${path}, which a guest's memory is in, can't be opened; be root, or QEMU's user.`;
    throw new ThermoclineError('TC_DENIED', sentence, { cause });
  }
}
