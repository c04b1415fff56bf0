/**
 * Blocks that an agent in a guest holds: each is a file of a hugetlbfs mount of our own, so that it
 * outlives the agent. Huge pages come when they are needed, and go back to the guest with the file
 * (surplus pages); those that somebody has set aside are never taken.
 */
import { closeSync, openSync, readdirSync, readSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ThermoclineError } from '../../base/errors.ts';
import type { Roots } from '../host.ts';
import type { BlockMapping } from './block-mapping.ts';
import { HELD_BLOCK_BYTES, heldPattern } from './held-pattern.ts';
import { HugePagePool } from './huge-page-pool.ts';
import { readPageSize } from './page-size.ts';
import { errnoName } from './read-file.ts';
import { SyscallError } from './syscalls.ts';

const FILE = /^block-\d+$/;
/** Of an entry of `/proc/PID/pagemap`: the page is there, and its number. */
const PRESENT = 1n << 63n;
const FRAME = (1n << 55n) - 1n;
/** What the kernel says where it has no huge page. */
const NO_MORE: ReadonlySet<string> = new Set(['ENOSPC', 'ENOMEM']);

/** What holds blocks for a host; addresses are guest-physical. */
export interface BlockKeeper {
  readonly nrHeld: number;
  /** Holds up to `nrBlocks` more, filled; fewer where the guest can't, in the order of fills. */
  hold(nrBlocks: number, nonce: string): number[];
  /** @returns those that are held no more, also those that never were */
  release(addresses: readonly number[]): number[];
  /** Those that are held, from an address on, in ascending order. */
  listFrom(address: number): number[];
  releaseAll(): void;
}

/** How blocks are held. */
export interface HeldFilesOptions {
  readonly roots: Roots;
  /** Where the hugetlbfs is mounted; for nobody else. */
  readonly folder: string;
  readonly mapping: BlockMapping;
}

/** All that a guest holds, also what an agent before this one has left. */
export class HeldFiles implements BlockKeeper {
  readonly #pagemap: string;
  readonly #pageBytes: number;
  readonly #folder: string;
  readonly #mapping: BlockMapping;
  readonly #pool: HugePagePool;
  /** Where each file is mapped here. */
  readonly #mapped = new Map<string, number>();
  #lastNumber = 0;

  /** @throws ThermoclineError as its parts do */
  constructor({ roots, folder, mapping }: HeldFilesOptions) {
    this.#pagemap = join(roots.proc, 'self/pagemap');
    this.#pageBytes = readPageSize(roots);
    this.#folder = folder;
    this.#mapping = mapping;
    this.#pool = new HugePagePool(roots, folder);
    for (const name of readdirSync(folder).filter((one) => FILE.test(one))) {
      this.#lastNumber = Math.max(this.#lastNumber, Number(name.slice('block-'.length)));
      this.#addFile(name);
    }
  }

  get nrHeld(): number {
    return this.#mapped.size;
  }

  hold(nrBlocks: number, nonce: string): number[] {
    this.#pool.assertNoneIsFree();
    this.#pool.allow(this.#mapped.size + nrBlocks);
    const addresses: number[] = [];
    for (let index = 0; index < nrBlocks; index++) {
      const at = this.#addFile(`block-${this.#lastNumber + 1}`);
      if (at === null) break;
      this.#lastNumber += 1;
      this.#mapping.fill(at, heldPattern(nonce, index));
      addresses.push(this.#addressOf(at));
    }
    return addresses;
  }

  release(addresses: readonly number[]): number[] {
    const asked = new Set(addresses);
    for (const [name, at] of this.#mapped) {
      if (asked.has(this.#addressOf(at))) this.#let(name, at);
    }
    this.#pool.allow(this.#mapped.size);
    return [...addresses];
  }

  listFrom(address: number): number[] {
    const all = [...this.#mapped.values()].map((at) => this.#addressOf(at));
    return all.filter((one) => one >= address).sort((a, b) => a - b);
  }

  releaseAll(): void {
    for (const [name, at] of this.#mapped) this.#let(name, at);
    this.#pool.allow(0);
  }

  /** Null where the guest has no more: then there is no such file either. */
  #addFile(name: string): number | null {
    try {
      const at = this.#map(name);
      this.#mapped.set(name, at);
      return at;
    } catch (error) {
      this.#remove(name);
      if (error instanceof SyscallError && NO_MORE.has(error.errno)) return null;
      throw error;
    }
  }

  #let(name: string, at: number): void {
    this.#mapping.unmap(at, HELD_BLOCK_BYTES);
    this.#mapped.delete(name);
    this.#remove(name);
  }

  #remove(name: string): void {
    rmSync(join(this.#folder, name), { force: true });
  }

  #map(name: string): number {
    const fd = openSync(join(this.#folder, name), 'a+', 0o600);
    try {
      return this.#mapping.map(fd, HELD_BLOCK_BYTES);
    } finally {
      closeSync(fd);
    }
  }

  /** The kernel may move a block, so it is asked each time. */
  #addressOf(at: number): number {
    const entry = new BigUint64Array(1);
    const fd = openPagemap(this.#pagemap);
    try {
      readSync(fd, entry, 0, entry.byteLength, (at / this.#pageBytes) * entry.byteLength);
    } finally {
      closeSync(fd);
    }
    const frame = entry[0]! & FRAME;
    if ((entry[0]! & PRESENT) !== 0n && frame !== 0n) return Number(frame) * this.#pageBytes;
    throw new ThermoclineError(
      'TC_DENIED',
      `${this.#pagemap} does not say where a block is; run the agent as root.`,
    );
  }
}

function openPagemap(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (cause) {
    const sentence = `${path} can't be opened (${errnoName(cause)}); run the agent as root.`;
    throw new ThermoclineError('TC_DENIED', sentence, { cause });
  }
}
