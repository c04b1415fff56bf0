import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { Roots } from '../../host/host.ts';
import { hasEnded, type ProcessStat, readProcessStat } from '../../host/linux/process-stat.ts';
import { fileProblem, isGone } from '../../host/linux/read-file.ts';
import { MappingTable } from './mapping-table.ts';
import type { SmapsReader } from './smaps-reader.ts';

/** What `clear_refs` takes to clear the referenced bits of all pages. */
const CLEAR_ALL = Buffer.from('1');

/**
 * One process under watch. Its files stay open, and the kernel ties them to this very process: one
 * that gets the same pid later is never read or cleared.
 */
export class WatchedProcess implements Disposable {
  readonly pid: number;
  readonly startTicks: number;
  /** As of the last reading. */
  table: MappingTable = new MappingTable();
  #spare = new MappingTable();
  readonly #roots: Roots;
  #smaps: number;
  readonly #clearRefs: number;
  #cleared = false;

  /** Throws one sentence when the files can't be opened. */
  constructor(roots: Roots, stat: ProcessStat) {
    this.pid = stat.pid;
    this.startTicks = stat.startTicks;
    this.#roots = roots;
    this.#smaps = open(this.#path('smaps'), constants.O_RDONLY);
    try {
      this.#clearRefs = open(this.#path('clear_refs'), constants.O_WRONLY);
    } catch (error) {
      closeSync(this.#smaps);
      throw error;
    }
  }

  /** Whether the process still runs, and is the one that was opened. */
  isAlive(): boolean {
    const stat = readProcessStat(this.#roots, this.pid);
    return stat !== null && stat.startTicks === this.startTicks && !hasEnded(stat);
  }

  /** Clears the referenced bits of all its pages. */
  clear(): void {
    this.#cleared = ignoringGone(() => writeSync(this.#clearRefs, CLEAR_ALL)) === 1;
  }

  /** Reads the mappings, and what of them was touched since `clear`. */
  read(reader: SmapsReader, clock: Clock): void {
    const before = this.table;
    const table = this.#spare;
    ignoringGone(() => reader.read(this.#smaps, table, before));
    if (table.nr === 0 && this.isAlive()) {
      this.renew();
      ignoringGone(() => reader.read(this.#smaps, table, before));
    }
    table.carryOver(before, this.#cleared, clock.nowUs());
    this.#cleared = false;
    this.table = table;
    this.#spare = before;
  }

  /**
   * Opens the mappings anew. An open file stands for the memory that the process had then: after
   * `execve` that is the old program's, and of a child caught within `vfork` it is its parent's. A
   * program that runs with other rights than ours can't be opened; nothing is seen of it then.
   */
  renew(): void {
    let smaps: number;
    try {
      smaps = openSync(this.#path('smaps'), 'r');
    } catch (error) {
      if (isGone(error) || (error as NodeJS.ErrnoException).code === 'EACCES') return;
      throw error;
    }
    const unused = this.isAlive() ? this.#smaps : smaps;
    if (unused !== smaps) this.#smaps = smaps;
    closeSync(unused);
  }

  [Symbol.dispose](): void {
    closeSync(this.#smaps);
    closeSync(this.#clearRefs);
  }

  #path(name: string): string {
    return join(this.#roots.proc, String(this.pid), name);
  }
}

function open(path: string, mode: number): number {
  try {
    return openSync(path, mode);
  } catch (error) {
    throw fileProblem(path, error);
  }
}

/** A process may end at any moment: that is found out at the next tick, and is no error. */
function ignoringGone<Result>(work: () => Result): Result | null {
  try {
    return work();
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}
