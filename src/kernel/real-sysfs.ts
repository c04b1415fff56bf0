/** Sysfs as files of this machine. */
import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readdirSync,
  readSync,
  statfsSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ThermoclineError } from '../base/errors.ts';
import { errnoName } from '../host/linux/read-file.ts';
import { SysfsError, type SysfsFiles, type SysfsReader } from './sysfs-files.ts';

/** What `statfs` calls the file system sysfs. */
const SYSFS_MAGIC = 0x62656572;
/** More than the kernel ever answers with, which is a page. */
const BUFFER_BYTES = 65_536;

/** Reads the tree and has no way to write to it, so it may be pointed at any. */
export class RealSysfsReader implements SysfsReader {
  readonly #root: string;
  readonly #buffer: Buffer = Buffer.alloc(BUFFER_BYTES);

  /** @param root the folder that stands for the root of sysfs */
  constructor(root: string) {
    this.#root = resolve(root);
  }

  read(path: string): string {
    try {
      const file = openSync(this.absolute(path), 'r');
      try {
        const length = readSync(file, this.#buffer, 0, BUFFER_BYTES, 0);
        return this.#buffer.toString('latin1', 0, length);
      } finally {
        closeSync(file);
      }
    } catch (error) {
      throw new SysfsError('read', path, errnoName(error), { cause: error });
    }
  }

  list(path: string): readonly string[] {
    try {
      return readdirSync(this.absolute(path));
    } catch (error) {
      throw new SysfsError('read', path, errnoName(error), { cause: error });
    }
  }

  exists(path: string): boolean {
    return existsSync(this.absolute(path));
  }

  protected absolute(path: string): string {
    return `${this.#root}/${path}`;
  }
}

/**
 * Reads and writes. The kernel's own tree is refused with `TC_DENIED`, at each write too, so that a
 * link in a tree of a test can't lead there; only `allowRealTree` opens it.
 */
export class RealSysfs extends RealSysfsReader implements SysfsFiles {
  readonly #allowRealTree: boolean;

  constructor(root: string, options: { readonly allowRealTree?: boolean } = {}) {
    super(root);
    this.#allowRealTree = options.allowRealTree ?? false;
    this.#refuseRealTree(resolve(root));
  }

  async write(path: string, text: string): Promise<void> {
    this.#refuseRealTree(this.absolute(path));
    try {
      // Never made where it is missing: in a tree of a test, a slip must not look like a feature.
      const file = await open(this.absolute(path), constants.O_WRONLY | constants.O_TRUNC);
      try {
        await file.write(text, 0, 'latin1');
      } finally {
        await file.close();
      }
    } catch (error) {
      throw new SysfsError('written', path, errnoName(error), { cause: error });
    }
  }

  #refuseRealTree(path: string): void {
    if (this.#allowRealTree || !existsSync(path) || statfsSync(path).type !== SYSFS_MAGIC) return;
    throw new ThermoclineError(
      'TC_DENIED',
      `${path} is the real sysfs of this machine, and nothing here may write to it; give another root.`,
    );
  }
}
