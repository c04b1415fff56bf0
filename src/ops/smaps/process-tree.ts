import type { Roots } from '../../host/host.ts';
import {
  hasEnded,
  listPids,
  type ProcessStat,
  readProcessStat,
} from '../../host/linux/process-stat.ts';

/** More processes than this are never followed. */
const MAX_NR_PROCESSES = 256;

/** The processes that the user named and, when wished, those that they have started since. */
export class ProcessTree {
  readonly #roots: Roots;
  readonly #followChildren: boolean;
  /** Start time of each known process, by pid. */
  readonly #known = new Map<number, number>();

  constructor(roots: Roots, pids: readonly number[], followChildren: boolean) {
    this.#roots = roots;
    this.#followChildren = followChildren;
    for (const pid of pids) {
      const stat = readProcessStat(roots, pid);
      if (stat !== null) this.#known.set(pid, stat.startTicks);
    }
  }

  /**
   * The processes that belong now, those named first. A child belongs for as long as it lives, also
   * when its parent has ended; a pid that has gone to another process does not.
   */
  currentPids(): number[] {
    for (const [pid, startTicks] of this.#known) {
      const stat = readProcessStat(this.#roots, pid);
      if (stat?.startTicks !== startTicks || hasEnded(stat)) this.#known.delete(pid);
    }
    if (this.#followChildren) this.#addChildren();
    return [...this.#known.keys()];
  }

  /** Whether the process was named, or has been found to be a child of one that was. */
  has(stat: ProcessStat): boolean {
    return this.#known.get(stat.pid) === stat.startTicks;
  }

  #addChildren(): void {
    const children = new Map<number, ProcessStat[]>();
    for (const pid of listPids(this.#roots)) {
      const stat = readProcessStat(this.#roots, pid);
      // A shell that is watched may well have started us.
      if (stat === null || hasEnded(stat) || pid === process.pid) continue;
      const siblings = children.get(stat.parentPid);
      if (siblings === undefined) children.set(stat.parentPid, [stat]);
      else siblings.push(stat);
    }
    // A map hands out what is added while it is walked, so grandchildren follow.
    for (const pid of this.#known.keys()) {
      for (const child of children.get(pid) ?? []) {
        if (this.#known.size >= MAX_NR_PROCESSES) return;
        this.#known.set(child.pid, child.startTicks);
      }
    }
  }
}
