import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ThermoclineError } from '../base/errors.ts';
import type { Roots } from '../host/host.ts';
import { errnoName } from '../host/linux/read-file.ts';

/** Where the kernel is asked for it. */
export function compactionFile(roots: Roots): string {
  return join(roots.proc, 'sys/vm/compact_memory');
}

/**
 * Has the kernel move memory of the whole machine together, which leaves no state behind, and takes
 * up to seconds. Throws TC_SYSTEM where that can't be asked for.
 */
export async function compactMemory(roots: Roots): Promise<void> {
  const file = compactionFile(roots);
  try {
    await writeFile(file, '1');
  } catch (cause) {
    const why = `${file} can't be written (${errnoName(cause)}), so nothing is compacted`;
    throw new ThermoclineError('TC_SYSTEM', `${why}; be root.`, { cause });
  }
}
