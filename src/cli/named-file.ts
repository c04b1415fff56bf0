import { closeSync, openSync, readSync } from 'node:fs';
import { ThermoclineError } from '../base/errors.ts';

/** Far above any file that a person writes. */
const MAX_FILE_BYTES = 16 * 2 ** 20;

/**
 * The text of a file that was named on the command line.
 * @param what begins the error's sentence, in front of the file's name: `The scenario`
 * @throws ThermoclineError TC_NOT_FOUND, TC_INVALID for a folder or far too much, TC_SYSTEM
 */
export function readNamedFile(file: string, what: string): string {
  try {
    const bytes = readUpTo(file, MAX_FILE_BYTES + 1);
    if (bytes.length > MAX_FILE_BYTES) throw invalid(what, file, 'is larger than 16 MiB');
    return bytes.toString('utf8');
  } catch (cause) {
    if (cause instanceof ThermoclineError) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EISDIR') throw invalid(what, file, 'is a folder');
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new ThermoclineError('TC_NOT_FOUND', `${what} ${file} does not exist.`);
    }
    throw new ThermoclineError('TC_SYSTEM', `${what} ${file} can't be read (${code}).`, {
      cause,
    });
  }
}

/** The size that a pipe or a device claims tells neither how much it holds nor whether it ends. */
function readUpTo(file: string, limit: number): Buffer {
  const bytes = Buffer.alloc(limit);
  const fd = openSync(file, 'r');
  try {
    let length = 0;
    for (let got = -1; got !== 0 && length < limit; length += got) {
      got = readSync(fd, bytes, length, limit - length, null);
    }
    return bytes.subarray(0, length);
  } finally {
    closeSync(fd);
  }
}

function invalid(what: string, file: string, why: string): ThermoclineError {
  return new ThermoclineError('TC_INVALID', `${what} ${file} ${why}; name another file.`);
}
