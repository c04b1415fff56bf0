/** Cgroups of the simulated machine: what they use, their limits, their pressure. */
import type { SimulatedMachine } from './machine.ts';
import { PAGE_SIZE } from './page.ts';
import type { SimProcess } from './process.ts';
import type { CgroupSpec, Scenario } from './scenario.ts';

/** A cgroup that is above `memory.high` by this part of it (its inverse) is stopped entirely. */
const THROTTLE = 10;

/** One cgroup; it has what its descendants have, too. */
export class SimCgroup {
  readonly path: string;
  readonly processes: readonly SimProcess[];
  /** Time in which some, and in which all of its processes waited for memory. */
  someStallUs = 0;
  fullStallUs = 0;
  maxPages: number;
  readonly #machine: SimulatedMachine;
  #highPages: number;

  constructor(
    machine: SimulatedMachine,
    { path, highBytes, maxBytes }: CgroupSpec,
    processes: readonly SimProcess[],
  ) {
    this.#machine = machine;
    this.path = path;
    this.processes = processes;
    this.#highPages = Math.floor(highBytes / PAGE_SIZE);
    this.maxPages = Math.floor(maxBytes / PAGE_SIZE);
  }

  /** `memory.current`. What zram holds belongs to no cgroup, as on Linux. */
  get currentPages(): number {
    return this.processes.reduce((sum, { residentPages }) => sum + residentPages, 0);
  }

  get currentBytes(): number {
    return this.currentPages * PAGE_SIZE;
  }

  get highPages(): number {
    return this.#highPages;
  }

  /** Writes `memory.high`; what is above is reclaimed at once, by whoever writes. */
  setHigh(bytes: number): void {
    this.#highPages = Math.floor(bytes / PAGE_SIZE);
    this.#reclaim(this.currentPages - this.#highPages);
  }

  /** Writes `memory.reclaim`; returns the bytes that went. */
  reclaim(bytes: number): number {
    return this.#reclaim(Math.floor(bytes / PAGE_SIZE)) * PAGE_SIZE;
  }

  /**
   * Makes one of its processes reclaim what is above `limitPages`.
   * @returns microseconds that the process takes for that
   */
  makeReclaim(limitPages: number): number {
    const { counters } = this.#machine;
    const beforeUs = counters.reclaimWorkUs;
    this.#reclaim(this.currentPages - limitPages);
    return counters.reclaimWorkUs - beforeUs;
  }

  #reclaim(pages: number): number {
    if (pages <= 0) return 0;
    const { counters, reclaimer, nowUs } = this.#machine;
    const reclaimed = reclaimer.reclaim(pages, { processes: this.processes }, nowUs);
    counters.reclaimedPages += reclaimed.pages;
    counters.reclaimWorkUs += reclaimed.workUs;
    return reclaimed.pages;
  }
}

/** What may be charged to a process's cgroups. */
export interface Charge {
  /** So many pages, from those that it asked for. */
  readonly room: number;
  /** Microseconds that it reclaimed others for them. */
  readonly stallUs: number;
}

/** Makes room below `memory.max` in all cgroups of a process. */
export function charge(machine: SimulatedMachine, process: SimProcess, pages: number): Charge {
  let room = pages;
  let stallUs = 0;
  for (const cgroup of machine.cgroups.values()) {
    if (cgroup.maxPages === Infinity || !cgroup.processes.includes(process)) continue;
    if (cgroup.currentPages + pages > cgroup.maxPages) {
      stallUs += cgroup.makeReclaim(Math.max(0, cgroup.maxPages - pages));
    }
    room = Math.max(0, Math.min(room, cgroup.maxPages - cgroup.currentPages));
  }
  return { room, stallUs };
}

/**
 * What `memory.high` costs a process whose cgroups are above it: it reclaims the excess, and where
 * that is not enough, it is held up.
 * @returns microseconds
 */
export function overHighUs(
  machine: SimulatedMachine,
  process: SimProcess,
  sliceUs: number,
): number {
  let stallUs = 0;
  for (const cgroup of machine.cgroups.values()) {
    const { highPages } = cgroup;
    if (highPages === Infinity || !cgroup.processes.includes(process)) continue;
    if (cgroup.currentPages <= highPages) continue;
    stallUs += cgroup.makeReclaim(highPages);
    const overShare = (cgroup.currentPages - highPages) / Math.max(1, highPages);
    if (overShare > 0) stallUs += sliceUs * Math.min(1, overShare * THROTTLE);
  }
  return stallUs;
}

/** All cgroups that processes are in, those above them, and those that have limits; by path. */
export function cgroupsOf(
  machine: SimulatedMachine,
  scenario: Scenario,
  processes: readonly SimProcess[],
): ReadonlyMap<string, SimCgroup> {
  const specs = new Map<string, CgroupSpec>();
  for (const path of processes.flatMap(({ spec }) => ancestors(spec.cgroup))) {
    specs.set(path, { path, highBytes: Infinity, maxBytes: Infinity });
  }
  for (const spec of scenario.cgroups) specs.set(spec.path, spec);
  return new Map(
    [...specs].map(([path, spec]) => {
      const members = processes.filter((process) => isWithin(process.spec.cgroup, path));
      return [path, new SimCgroup(machine, spec, members)];
    }),
  );
}

/** Whether a cgroup is `ancestor` or below it. */
export function isWithin(cgroup: string, ancestor: string): boolean {
  const prefix = ancestor.endsWith('/') ? ancestor : `${ancestor}/`;
  return cgroup === ancestor || cgroup.startsWith(prefix);
}

/** A path and all above it: `/a/b`, `/a`, `/`. */
function ancestors(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '');
  return ['/', ...parts.map((_, depth) => `/${parts.slice(0, depth + 1).join('/')}`)];
}
