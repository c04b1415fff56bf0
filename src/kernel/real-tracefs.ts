/** Tracefs as files of this machine. */
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readSync,
  rmdirSync,
  statfsSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { type ErrorCode, ThermoclineError } from '../base/errors.ts';
import type { Roots } from '../host/host.ts';
import { errnoName } from '../host/linux/read-file.ts';
import type { TraceFiles, TracePipe } from './trace-files.ts';

/** What `statfs` calls the file system tracefs. */
const TRACEFS_MAGIC = 0x74726163;
/** The kernel gives a page or two at a time. */
const BUFFER_BYTES = 65_536;
/** Below the root of sysfs: its own place, and the one of old. */
const PLACES = ['kernel/tracing', 'kernel/debug/tracing'];

/** The folder that stands for the root of tracefs, whether it is mounted or not. */
export function tracefsRoot(roots: Roots): string {
  const folders = PLACES.map((place) => join(roots.sys, place));
  return folders.find((folder) => existsSync(join(folder, 'instances'))) ?? folders[0]!;
}

/**
 * Makes instances of its own and writes below those only. The tracefs of this machine is refused
 * with `TC_DENIED` unless `allowRealTree` opens it.
 */
export class RealTracefs implements TraceFiles {
  readonly #root: string;
  readonly #allowRealTree: boolean;

  /** @param root the folder that stands for the root of tracefs */
  constructor(root: string, options: { readonly allowRealTree?: boolean } = {}) {
    this.#root = root;
    this.#allowRealTree = options.allowRealTree ?? false;
  }

  exists(path: string): boolean {
    return existsSync(join(this.#root, path));
  }

  makeFolder(path: string): void {
    this.#attempt(path, 'made', (folder) => mkdirSync(folder, { mode: 0o700 }));
  }

  removeFolder(path: string): void {
    if (!this.exists(path)) return;
    this.#attempt(path, 'removed', (folder) => rmdirSync(folder));
  }

  write(path: string, text: string): void {
    this.#attempt(path, 'written', (name) => {
      // Never made where it is missing, as in the kernel's own tree.
      const file = openSync(name, constants.O_WRONLY | constants.O_TRUNC);
      try {
        writeSync(file, text);
      } finally {
        closeSync(file);
      }
    });
  }

  openPipe(path: string): TracePipe {
    const flags = constants.O_RDONLY | constants.O_NONBLOCK;
    const file = this.#attempt(path, 'read', (name) => openSync(name, flags));
    const buffer = Buffer.alloc(BUFFER_BYTES);
    return {
      read: () => {
        try {
          const length = readSync(file, buffer);
          return length === 0 ? null : buffer.subarray(0, length);
        } catch (error) {
          if (errnoName(error) === 'EAGAIN') return null;
          throw problem(path, 'read', error);
        }
      },
      [Symbol.dispose]: () => closeSync(file),
    };
  }

  #attempt<T>(path: string, done: string, work: (name: string) => T): T {
    this.#refuseRealTree();
    try {
      return work(join(this.#root, path));
    } catch (error) {
      throw problem(path, done, error);
    }
  }

  #refuseRealTree(): void {
    const root = this.#root;
    if (this.#allowRealTree || !existsSync(root)) return;
    if (statfsSync(root).type !== TRACEFS_MAGIC) return;
    throw new ThermoclineError(
      'TC_DENIED',
      `${root} is the real tracefs of this machine, and nothing here may write to it; give another root.`,
    );
  }
}

function problem(path: string, done: string, error: unknown): ThermoclineError {
  const name = errnoName(error);
  return new ThermoclineError(
    CODES[name] ?? 'TC_SYSTEM',
    `${path} of tracefs can't be ${done}: the kernel said ${name}.`,
    { cause: error },
  );
}

const CODES: Readonly<Record<string, ErrorCode>> = {
  EACCES: 'TC_DENIED',
  EPERM: 'TC_DENIED',
  ENOENT: 'TC_NOT_FOUND',
  EBUSY: 'TC_BUSY',
  EINVAL: 'TC_INVALID',
};
