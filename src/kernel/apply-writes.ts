/** Writes to the kernel, each read back, with errors that say what went wrong and why. */
import { ThermoclineError } from '../base/errors.ts';
import { PATIENCE_MS, patiently } from './patience.ts';
import type { SysfsWrite } from './staging.ts';
import { ADMIN_FOLDER, readValue, SysfsError, type SysfsFiles } from './sysfs-files.ts';

/** For a start, which EBUSY may also refuse for good. */
const START_PATIENCE_MS = 500;

/** A write that the kernel refused, or that did not stay. Nothing after it was written. */
export class KernelWriteError extends ThermoclineError {
  /** The write that failed. */
  readonly write: SysfsWrite;
  /** The name of the error number, or null when what is read back differs. */
  readonly errno: string | null;

  constructor(write: SysfsWrite, cause: SysfsError | null, message: string) {
    const code = cause === null ? 'TC_BUSY' : cause.code;
    super(code, message, cause === null ? undefined : { cause });
    this.name = 'KernelWriteError';
    this.write = write;
    this.errno = cause?.errno ?? null;
  }
}

/** How writes are applied. */
export interface ApplyOptions {
  /** Called in front of each write; what it throws stops too. */
  readonly before?: (write: SysfsWrite) => void;
  /** How long to wait for commands of others to end. */
  readonly patienceMs?: number | undefined;
}

/**
 * Applies `writes` in order and stops at the first that fails with a `KernelWriteError`. While
 * somebody else's command is under way, it waits.
 */
export async function applyWrites(
  files: SysfsFiles,
  writes: readonly SysfsWrite[],
  { before, patienceMs = PATIENCE_MS }: ApplyOptions = {},
): Promise<void> {
  for (const write of writes) {
    before?.(write);
    const path = `${ADMIN_FOLDER}/${write.path}`;
    const isStart = isCommand(write) && write.text === 'on';
    const limitMs = isStart ? Math.min(patienceMs, START_PATIENCE_MS) : patienceMs;
    try {
      await patiently(() => files.write(path, write.text), limitMs);
    } catch (error) {
      if (!(error instanceof SysfsError)) throw error;
      throw new KernelWriteError(write, error, refused(files, write, error.errno));
    }
    if (!isCommand(write)) checkStayed(files, write);
  }
}

/** Whether the write is a command to a kdamond and not a value that stays. */
export function isCommand({ path }: SysfsWrite): boolean {
  return path.endsWith('/state');
}

function checkStayed(files: SysfsFiles, write: SysfsWrite): void {
  const found = readValue(files, `${ADMIN_FOLDER}/${write.path}`);
  if (found === write.text) return;
  throw new KernelWriteError(
    write,
    null,
    `${write.path} was written as ${shown(write.text)} and reads ${shown(found)}: something else ` +
      'writes there too. Stop it, or use another slot.',
  );
}

function refused(files: SysfsFiles, write: SysfsWrite, errno: string): string {
  const { path, text } = write;
  const meaning = isCommand(write)
    ? commandMeaning(text, errno)
    : valueMeaning(errno, files.exists(`${ADMIN_FOLDER}/${path}`));
  return `Writing ${shown(text)} to ${path} failed with ${errno}: ${meaning}.`;
}

function shown(text: string): string {
  return text === '' ? 'nothing' : text;
}

/** What an error number most likely says about a file that holds a value (spec section 10). */
function valueMeaning(errno: string, exists: boolean): string {
  if (!exists) return 'this kernel has no such file, or its folder was removed meanwhile';
  switch (errno) {
    case 'EACCES':
    case 'EPERM':
      return 'only root may write there';
    case 'EINVAL':
      return 'this kernel does not know the word, or does not take the number';
    case 'ERANGE':
      return 'the number is too large for the field';
    case 'EBUSY':
      return 'a kdamond runs that forbids it, or another command is under way; try again when it is done';
    default:
      return 'the kernel refused';
  }
}

const COMMAND_EINVAL: Readonly<Record<string, string>> = {
  on:
    'the kernel does not take the set-up as a whole: most likely a process that is gone, ranges ' +
    'out of order, or attributes that contradict each other',
  commit:
    'the kernel does not take the change as a whole, or nothing was ever started in this slot; ' +
    'what runs goes on unchanged',
};

/** The same about a command to a kdamond (spec 10.1). */
function commandMeaning(command: string, errno: string): string {
  switch (errno) {
    case 'EBUSY':
      return command === 'on'
        ? 'a kdamond runs in this slot already, or one runs that shares DAMON with nobody, such as ' +
            "a module's"
        : 'another command is under way; try again when it is done';
    case 'ECANCELED':
      return 'the kdamond has ended or is inactive, or it has no scheme that could answer';
    case 'EINVAL':
      return (
        COMMAND_EINVAL[command] ??
        'this kernel does not know the command, or no kdamond runs in this slot'
      );
    case 'ENOMEM':
      return (
        'a scheme could not be built: most likely a cgroup of a filter that does not exist, or a ' +
        'range that ends before it starts'
      );
    case 'EPERM':
      return 'nothing runs in this slot any more, or only root may write there';
    case 'EACCES':
      return 'only root may write there, and only to a slot that exists';
    default:
      return 'the kernel refused';
  }
}
