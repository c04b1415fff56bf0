import { type Advice, MADVISE, SyscallError, type Syscalls } from '../../host/linux/syscalls.ts';
import type { Scheme } from '../../params/types.ts';
import type { WatchedProcess } from './watched-process.ts';

/** Pages that one `move_pages` call handles. */
const BATCH_PAGES = 512;

/** Dry runs keep the latest so many calls. */
const MAX_NR_CALLS = 1000;

/** What acts on a range of one mapping. Both return the bytes on which the action succeeded. */
export interface Actor {
  advise(watched: WatchedProcess, start: number, end: number, advice: Advice): number;
  /** @param fromNid pages of other nodes stay where they are; null: pages of all nodes move */
  migrate(
    watched: WatchedProcess,
    start: number,
    end: number,
    scheme: Scheme,
    fromNid: number | null,
  ): number;
  /** Null, or a sentence about calls that failed. */
  readonly problem: string | null;
}

/** Acts by system calls. A failed call counts as 0 bytes, and the last failure is kept. */
export class SyscallActor implements Actor {
  readonly #syscalls: Syscalls;
  readonly #pageSizeBytes: number;
  readonly #addresses = new BigUint64Array(BATCH_PAGES);
  readonly #wanted = new Int32Array(BATCH_PAGES);
  readonly #status = new Int32Array(BATCH_PAGES);
  #failures = 0;
  #lastFailure = '';

  constructor(syscalls: Syscalls, pageSizeBytes: number) {
    this.#syscalls = syscalls;
    this.#pageSizeBytes = pageSizeBytes;
  }

  get problem(): string | null {
    if (this.#failures === 0) return null;
    return `${this.#failures} calls that should have acted failed; the last one: ${this.#lastFailure}`;
  }

  advise(watched: WatchedProcess, start: number, end: number, advice: Advice): number {
    return this.#counted(watched, () => {
      const pidfd = this.#syscalls.pidfdOpen(watched.pid);
      try {
        // The descriptor stands for whoever has the pid now: only then is it certain who that is.
        if (!watched.isAlive()) return 0;
        return this.#syscalls.processMadvise(pidfd, start, end - start, advice);
      } finally {
        this.#syscalls.close(pidfd);
      }
    });
  }

  migrate(
    watched: WatchedProcess,
    start: number,
    end: number,
    scheme: Scheme,
    fromNid: number | null,
  ): number {
    const batchBytes = BATCH_PAGES * this.#pageSizeBytes;
    return this.#counted(watched, () => {
      let moved = 0;
      for (let at = start; at < end; at += batchBytes) {
        if (!watched.isAlive()) break;
        const batchEnd = Math.min(end, at + batchBytes);
        moved += this.#migrateBatch(watched.pid, at, batchEnd, scheme, fromNid);
      }
      return moved;
    });
  }

  /** Asks first where the pages are: those that are there already are neither moved nor counted. */
  #migrateBatch(
    pid: number,
    start: number,
    end: number,
    scheme: Scheme,
    fromNid: number | null,
  ): number {
    const pageSize = this.#pageSizeBytes;
    const nrPages = (end - start) / pageSize;
    for (let page = 0; page < nrPages; page++) {
      this.#addresses[page] = BigInt(start + page * pageSize);
    }
    this.#syscalls.movePages(pid, nrPages, this.#addresses, null, this.#status);
    let nrToMove = 0;
    for (let page = 0; page < nrPages; page++) {
      const nid = destinationOf(scheme, start / pageSize + page);
      const isAt = this.#status[page]!;
      if (isAt < 0 || nid < 0 || isAt === nid || isAt !== (fromNid ?? isAt)) continue;
      this.#addresses[nrToMove] = BigInt(start + page * pageSize);
      this.#wanted[nrToMove] = nid;
      nrToMove += 1;
    }
    if (nrToMove === 0) return 0;
    this.#syscalls.movePages(pid, nrToMove, this.#addresses, this.#wanted, this.#status);
    let moved = 0;
    for (let page = 0; page < nrToMove; page++) {
      if (this.#status[page] === this.#wanted[page]) moved += pageSize;
    }
    return moved;
  }

  #counted(watched: WatchedProcess, work: () => number): number {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error;
      if (error.errno === 'ESRCH') return 0;
      this.#failures += 1;
      this.#lastFailure = `on process ${watched.pid}, ${error.message}`;
      return 0;
    }
  }
}

/** Writes down what would be called, and does nothing. */
export class DryRunActor implements Actor {
  readonly calls: string[] = [];
  readonly problem: null = null;

  advise(watched: WatchedProcess, start: number, end: number, advice: Advice): number {
    const flag = `MADV_${advice.toUpperCase()}`;
    return this.#note(`process_madvise(pid ${watched.pid}, ${range(start, end)}, ${flag})`);
  }

  migrate(watched: WatchedProcess, start: number, end: number, scheme: Scheme): number {
    const nids = scheme.destinations.map(({ nid }) => nid);
    const to = nids.length > 0 ? `nodes ${nids.join(', ')}` : `node ${scheme.targetNid}`;
    return this.#note(`move_pages(pid ${watched.pid}, ${range(start, end)}, ${to})`);
  }

  #note(call: string): number {
    this.calls.push(call);
    if (this.calls.length > MAX_NR_CALLS) this.calls.shift();
    return 0;
  }
}

/** The advice that carries out an action, or null when none does. */
export function adviceFor(action: Scheme['action']): Advice | null {
  return action in MADVISE ? (action as Advice) : null;
}

/**
 * The node that a page goes to, or -1: pages are dealt out by weight (spec 3.1), counted by their
 * address and not, as in the kernel, by their offset in the file.
 */
function destinationOf(scheme: Scheme, pageNumber: number): number {
  const { destinations, targetNid } = scheme;
  if (destinations.length === 0) return targetNid;
  let sum = 0;
  for (const { weight } of destinations) sum += weight;
  if (sum === 0) return -1;
  let place = pageNumber % sum;
  for (const { nid, weight } of destinations) {
    if (place < weight) return nid;
    place -= weight;
  }
  return -1;
}

function range(start: number, end: number): string {
  return `0x${start.toString(16)}-0x${end.toString(16)}`;
}
