/**
 * Things that take long to make, kept between runs. Names tell what went into them, so that what
 * is there is right; several runs may share the folder.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

/** What nobody has used for longer is deleted: a saved machine takes a third of a gigabyte. */
const keptForMs = 2 * 24 * 3_600_000;

/** Where everything is kept. Anybody may delete it at any time that no guest runs. */
export const cacheFolder: string =
  process.env['THERMOCLINE_GUEST_CACHE'] ?? path.join(homedir(), '.cache/thermocline/guest');

/**
 * Path of a file in the cache, made now if it isn't there.
 *
 * @param name with a folder, whose files count as alike: making one deletes those long unused
 * @param make writes the file that it is given, which gets its name only when it is whole
 */
export async function cached(
  name: string,
  make: (temporary: string) => void | Promise<void>,
): Promise<string> {
  const file = path.join(cacheFolder, name);
  if (existsSync(file)) {
    const now = new Date();
    utimesSync(file, now, now);
    return file;
  }
  const folder = path.dirname(file);
  mkdirSync(folder, { recursive: true });
  deleteUnused(folder);
  const temporary = `${file}.${process.pid}`;
  try {
    await make(temporary);
    renameSync(temporary, file);
  } finally {
    rmSync(temporary, { force: true });
  }
  return file;
}

function deleteUnused(folder: string): void {
  for (const name of readdirSync(folder)) {
    const file = path.join(folder, name);
    const lastUseMs = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (Date.now() - lastUseMs > keptForMs) rmSync(file, { force: true });
  }
}
