/** How many huge pages beyond those set aside a guest may make when they are asked for. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ThermoclineError } from '../../base/errors.ts';
import type { Roots } from '../host.ts';
import { errnoName, readTextFile } from './read-file.ts';

const POOL = 'kernel/mm/hugepages/hugepages-2048kB';

/** The pool of 2 MiB, of which only `nr_overcommit_hugepages` is written, and put back. */
export class HugePagePool {
  readonly #folder: string;
  /** What was there before us, for whoever comes after a crash; gone once it is put back. */
  readonly #before: string;

  /** @param folder of the blocks that are held */
  constructor({ sys }: Roots, folder: string) {
    this.#folder = join(sys, POOL);
    this.#before = `${folder}.before`;
  }

  /** @throws ThermoclineError TC_BUSY where pages are set aside and free, which would be taken */
  assertNoneIsFree(): void {
    if (this.#count('free_hugepages') > this.#count('resv_hugepages')) {
      throw new ThermoclineError(
        'TC_BUSY',
        `${this.#folder}/free_hugepages is not 0: pages that were set aside for others would be held; ` +
          'set nr_hugepages to what is in use.',
      );
    }
  }

  /**
   * Lets so many be held beside what was allowed before.
   * @throws ThermoclineError TC_DENIED or TC_NOT_FOUND where the pool can't be told
   */
  allow(nrBlocks: number): void {
    const isOurs = existsSync(this.#before);
    if (nrBlocks === 0) {
      if (!isOurs) return;
      this.#write(Number(readTextFile(this.#before)));
      rmSync(this.#before);
      return;
    }
    if (!isOurs) writeFileSync(this.#before, `${this.#count('nr_overcommit_hugepages')}\n`);
    this.#write(Number(readTextFile(this.#before)) + nrBlocks);
  }

  #count(name: string): number {
    return Number(readTextFile(join(this.#folder, name)));
  }

  #write(count: number): void {
    const file = join(this.#folder, 'nr_overcommit_hugepages');
    try {
      writeFileSync(file, `${count}\n`);
    } catch (cause) {
      const sentence = `${file} can't be written (${errnoName(cause)}); run the agent as root.`;
      throw new ThermoclineError('TC_DENIED', sentence, { cause });
    }
  }
}
