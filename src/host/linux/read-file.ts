import { readFileSync } from 'node:fs';
import { type ErrorCode, ThermoclineError } from '../../base/errors.ts';

/** The name of the errno that a failed file or system call left: `EACCES`, or `unknown`. */
export function errnoName(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : 'unknown';
}

/** Whether the error says that the file, or the process that it tells of, is gone. */
export function isGone(error: unknown): boolean {
  const name = errnoName(error);
  return name === 'ENOENT' || name === 'ESRCH' || name === 'ENOTDIR' || name === 'ENODEV';
}

/** Turns a failed read of `path` into one sentence with a way out. */
export function fileProblem(path: string, error: unknown): ThermoclineError {
  const name = errnoName(error);
  const [code, reason] = reasonOf(name);
  return new ThermoclineError(code, `${path} can't be read: ${reason} (${name}).`, {
    cause: error,
  });
}

function reasonOf(name: string): [ErrorCode, string] {
  switch (name) {
    case 'EACCES':
    case 'EPERM':
      return ['TC_DENIED', 'you need to be its owner or root'];
    case 'ENOENT':
    case 'ENOTDIR':
      return ['TC_NOT_FOUND', 'it does not exist'];
    case 'ESRCH':
      return ['TC_NOT_FOUND', 'the process has ended'];
    case 'EOPNOTSUPP':
    case 'ENODEV':
      return ['TC_UNSUPPORTED', 'this kernel does not provide it'];
    default:
      return ['TC_SYSTEM', 'the system refused'];
  }
}

/** The whole file. Throws one sentence when it can't be read. */
export function readTextFile(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    throw fileProblem(path, error);
  }
}

/** The whole file, or null when it can't be read, for whatever reason. */
export function readTextIfAny(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return null;
  }
}
