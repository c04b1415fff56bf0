import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ByteSource } from '../../record/recording.ts';
import { writeWholeFile } from '../record-files.ts';

/**
 * Standard input as a file: some formats can only be read in two passes. It is gone when disposed
 * of.
 * @throws ThermoclineError TC_SYSTEM for a full disk and the like
 */
export async function spooledInput(
  input: ByteSource,
): Promise<{ readonly path: string } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'thermocline-input-'));
  const dispose = () => rm(folder, { recursive: true, force: true });
  const path = join(folder, 'recording');
  try {
    await writeWholeFile(path, input);
  } catch (error) {
    await dispose();
    throw error;
  }
  return { path, [Symbol.asyncDispose]: dispose };
}
