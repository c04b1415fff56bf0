/**
 * DAMON by plain writes to its files, as a second opinion beside the project's own code. Only in
 * guests.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { assertInGuest } from './harness.ts';

/** The folder of all kdamonds. */
export const kdamondsFolder = '/sys/kernel/mm/damon/admin/kdamonds';
const statSwitch = '/sys/module/damon_stat/parameters/enabled';

/** A region as the kernel tells it. */
export interface KernelRegion {
  readonly start: number;
  readonly end: number;
  readonly nrAccesses: number;
  readonly age: number;
}

/** What to watch: a process, or a range of physical memory. */
export type Watched =
  | { readonly operations: 'vaddr'; readonly pid: number }
  | { readonly operations: 'paddr'; readonly start: number; readonly end: number };

/** Whether the module DAMON_STAT runs; null where there is none. */
export function damonStatState(): boolean | null {
  return existsSync(statSwitch) ? readFileSync(statSwitch, 'utf8').trim() === 'Y' : null;
}

/** Ends DAMON_STAT, which would let no other kdamond start. */
export function switchDamonStatOff(): void {
  assertInGuest();
  if (damonStatState()) writeFileSync(statSwitch, 'N');
}

/** One of several slots; the first makes all of them, and has to go last. */
export interface SlotOf {
  readonly index: number;
  readonly count: number;
}

/** Names of the kernel's threads that are kdamonds. */
export function kdamondThreads(): string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && existsSync(`/proc/${entry}/comm`))
    .map((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').trim())
    .filter((name) => name.startsWith('kdamond'));
}

/** One kdamond with a scheme that only counts. Samples every 5 ms, aggregates every 100 ms. */
export class HandMadeKdamond implements Disposable {
  readonly #index: number;
  readonly #slot: string;
  readonly #scheme: string;

  constructor(watched: Watched, { index, count }: SlotOf = { index: 0, count: 1 }) {
    assertInGuest();
    const slot = path.join(kdamondsFolder, `${index}`);
    const context = path.join(slot, 'contexts/0');
    const scheme = path.join(context, 'schemes/0');
    this.#index = index;
    this.#slot = slot;
    this.#scheme = scheme;
    if (index === 0) write(kdamondsFolder, 'nr_kdamonds', count);
    write(slot, 'contexts/nr_contexts', 1);
    write(context, 'operations', watched.operations);
    write(context, 'monitoring_attrs/intervals/sample_us', 5000);
    write(context, 'monitoring_attrs/intervals/aggr_us', 100_000);
    write(context, 'monitoring_attrs/nr_regions/min', 10);
    write(context, 'monitoring_attrs/nr_regions/max', 1000);
    write(context, 'targets/nr_targets', 1);
    if (watched.operations === 'vaddr') {
      write(context, 'targets/0/pid_target', watched.pid);
    } else {
      write(context, 'targets/0/regions/nr_regions', 1);
      write(context, 'targets/0/regions/0/start', watched.start);
      write(context, 'targets/0/regions/0/end', watched.end);
    }
    write(context, 'schemes/nr_schemes', 1);
    write(scheme, 'action', 'stat');
    for (const [range, max] of [
      ['sz', 2n ** 64n - 1n],
      ['nr_accesses', 2 ** 32 - 1],
      ['age', 2 ** 32 - 1],
    ] as const) {
      write(scheme, `access_pattern/${range}/min`, 0);
      write(scheme, `access_pattern/${range}/max`, max);
    }
  }

  /** @throws Error with the kernel's code, as EBUSY */
  command(word: string): void {
    write(this.#slot, 'state', word);
  }

  /** All regions, by address. */
  regions(): KernelRegion[] {
    this.command('update_schemes_tried_regions');
    const folder = path.join(this.#scheme, 'tried_regions');
    return readdirSync(folder)
      .filter((name) => /^\d+$/.test(name))
      .map((name) => {
        const read = (file: string) => Number(readFileSync(path.join(folder, name, file), 'utf8'));
        return {
          start: read('start'),
          end: read('end'),
          nrAccesses: read('nr_accesses'),
          age: read('age'),
        };
      })
      .sort((a, b) => a.start - b.start);
  }

  [Symbol.dispose](): void {
    if (readFileSync(path.join(this.#slot, 'state'), 'utf8').trim() === 'on') this.command('off');
    if (this.#index === 0) write(kdamondsFolder, 'nr_kdamonds', 0);
  }
}

/** Bytes of `regions` with at least `nrAccesses` within a range. */
export function hotBytes(
  regions: readonly KernelRegion[],
  nrAccesses: number,
  range: { readonly start: number; readonly end: number },
): number {
  return regions
    .filter((region) => region.nrAccesses >= nrAccesses)
    .map(({ start, end }) => Math.min(end, range.end) - Math.max(start, range.start))
    .reduce((sum, bytes) => sum + Math.max(0, bytes), 0);
}

function write(folder: string, file: string, value: string | number | bigint): void {
  writeFileSync(path.join(folder, file), `${value}`);
}
