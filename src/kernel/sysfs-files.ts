/** How this layer sees the kernel's sysfs tree, so that a fake can stand in for it. */
import { type ErrorCode, ThermoclineError } from '../base/errors.ts';

/** Where DAMON's own files are, below the root of sysfs. */
export const ADMIN_FOLDER = 'kernel/mm/damon/admin';

/** Files that can be read. Paths are relative to the root of sysfs; failures are `SysfsError`s. */
export interface SysfsReader {
  /** The whole file. */
  read(path: string): string;
  /** The names in a folder, in no order. */
  list(path: string): readonly string[];
  exists(path: string): boolean;
}

/** Files that can be written too. */
export interface SysfsFiles extends SysfsReader {
  /**
   * Writes `text` to an existing file. A promise, because a write can block in the kernel: some
   * commands last as long as the longest apply interval (spec 10.1).
   */
  write(path: string, text: string): Promise<void>;
}

/** What the kernel said about one file. */
export class SysfsError extends ThermoclineError {
  readonly path: string;
  /** The name of the error number: `EINVAL`. */
  readonly errno: string;

  constructor(operation: 'read' | 'written', path: string, errno: string, options?: ErrorOptions) {
    super(codeOf(errno), `${path} can't be ${operation}: the kernel said ${errno}.`, options);
    this.name = 'SysfsError';
    this.path = path;
    this.errno = errno;
  }
}

function codeOf(errno: string): ErrorCode {
  switch (errno) {
    case 'EACCES':
    case 'EPERM':
      return 'TC_DENIED';
    case 'ENOENT':
    case 'ENOTDIR':
      return 'TC_NOT_FOUND';
    case 'EBUSY':
      return 'TC_BUSY';
    case 'EINVAL':
    case 'ERANGE':
      return 'TC_INVALID';
    default:
      return 'TC_SYSTEM';
  }
}

/** The folder of a slot below the root of sysfs, or the path of a file in it. */
export function slotPath(slot: number, file?: string): string {
  const folder = `${ADMIN_FOLDER}/kdamonds/${slot}`;
  return file === undefined ? folder : `${folder}/${file}`;
}

/** What is missing where {@link hasDamon} says no, and the way out. */
export const NO_DAMON: string =
  `${ADMIN_FOLDER} does not exist: this kernel has no DAMON, or none with the sysfs interface. ` +
  'Thermocline watches processes from user space there: leave --kernel out.';

/** Whether the kernel has such files at all. */
export function hasDamon(files: SysfsReader): boolean {
  return files.exists(`${ADMIN_FOLDER}/kdamonds`);
}

/** Throws `TC_UNSUPPORTED` where it has not. */
export function requireDamon(files: SysfsReader): void {
  if (!hasDamon(files)) throw new ThermoclineError('TC_UNSUPPORTED', NO_DAMON);
}

/** The file without the newline that ends every answer of sysfs. */
export function readValue(files: SysfsReader, path: string): string {
  return files.read(path).replace(/\n$/, '');
}

/** The numbers of all slots, ours or not. */
export function slotIndexes(files: SysfsReader): number[] {
  return files
    .list(`${ADMIN_FOLDER}/kdamonds`)
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}
