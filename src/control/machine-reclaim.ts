/** The lever of a whole machine: `memory.reclaim` of the root of its cgroups. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ThermoclineError } from '../base/errors.ts';
import type { Roots } from '../host/host.ts';
import { readMemoryTotals } from '../host/linux/memory-totals.ts';
import { writeReclaim } from './cgroup-reclaim.ts';
import type { ReclaimLever } from './policy-loop.ts';

/** Leaves no state behind. */
export class MachineReclaim implements ReclaimLever {
  readonly #roots: Roots;
  readonly #file: string;

  /** Throws TC_UNSUPPORTED where the root has no such file. */
  constructor(roots: Roots) {
    this.#roots = roots;
    this.#file = join(roots.cgroup, 'memory.reclaim');
    if (existsSync(this.#file)) return;
    throw new ThermoclineError(
      'TC_UNSUPPORTED',
      `There is no ${this.#file}, by which memory is reclaimed; it takes Linux 5.19 and cgroups of ` +
        'version 2.',
    );
  }

  /** What was found is read from the machine's free memory, so others' part in that counts too. */
  async reclaim(bytes: number): Promise<number> {
    const free = () => readMemoryTotals(this.#roots).freeBytes;
    const before = free();
    await writeReclaim(this.#file, bytes);
    return Math.min(bytes, Math.max(0, free() - before));
  }
}
