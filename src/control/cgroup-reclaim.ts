/** The lever of cgroups: asks the kernel to reclaim from one, and leaves no state behind. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { ThermoclineError } from '../base/errors.ts';
import type { LeverStep, Roots } from '../host/host.ts';
import { errnoName, readTextIfAny } from '../host/linux/read-file.ts';
import type { ReclaimLever } from './policy-loop.ts';

/** Asked for at a time, so that one write does not take long. */
const STEP_BYTES = 16 * 2 ** 20;

/** `memory.reclaim` of one cgroup. */
export class CgroupReclaim implements ReclaimLever {
  readonly #folder: string;
  /** What the journal says of it. */
  readonly step: LeverStep;

  /** Throws TC_UNSUPPORTED where the cgroup has no such file. */
  constructor(roots: Roots, path: string) {
    this.#folder = join(roots.cgroup, path);
    const file = join(this.#folder, 'memory.reclaim');
    this.step = { text: `echo BYTES > ${file}, again and again`, undo: null };
    if (this.#current() !== null) return;
    throw new ThermoclineError(
      'TC_NOT_FOUND',
      `${this.#folder} has no memory.current, so nothing can be reclaimed from it; name a cgroup of ` +
        'version 2 with memory accounting.',
    );
  }

  /** The kernel may find less than was asked for; what it found is read from the usage. */
  async reclaim(bytes: number): Promise<number> {
    const before = this.#current() ?? 0;
    await writeReclaim(join(this.#folder, 'memory.reclaim'), bytes);
    return Math.max(0, before - (this.#current() ?? before));
  }

  #current(): number | null {
    const text = readTextIfAny(join(this.#folder, 'memory.current'));
    return text === null ? null : Number(text);
  }
}

/** Asks for so much, a little at a time, until no more is found. Throws TC_SYSTEM if that fails. */
export async function writeReclaim(file: string, bytes: number): Promise<void> {
  for (let left = bytes; left > 0; left -= STEP_BYTES) {
    if (!(await writeOnce(file, Math.min(left, STEP_BYTES)))) return;
  }
}

async function writeOnce(file: string, bytes: number): Promise<boolean> {
  try {
    const handle = await open(file, constants.O_WRONLY);
    try {
      await handle.write(String(bytes));
    } finally {
      await handle.close();
    }
    return true;
  } catch (cause) {
    // It could not reclaim all of it; what is left is in use.
    if (errnoName(cause) === 'EAGAIN') return false;
    throw new ThermoclineError(
      'TC_SYSTEM',
      `Writing to ${file} failed (${errnoName(cause)}); it takes Linux 5.19 and the right to write there.`,
      { cause },
    );
  }
}
