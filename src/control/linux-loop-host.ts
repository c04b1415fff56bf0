/** This machine, a cgroup or processes of it, as the loop sees them. */
import { join } from 'node:path';
import { type Clock, monotonicClock } from '../base/clock.ts';
import type { HostFacts, Roots } from '../host/host.ts';
import { parseCounters } from '../host/linux/fields.ts';
import { LinuxHost } from '../host/linux/linux-host.ts';
import { readMemoryTotals } from '../host/linux/memory-totals.ts';
import { readPressure } from '../host/linux/pressure.ts';
import { listPids, readProcessMemory, readProcessStat } from '../host/linux/process-stat.ts';
import { readTextIfAny } from '../host/linux/read-file.ts';
import { readReclaimCounters } from '../host/linux/reclaim-counters.ts';
import type { Subject } from '../policies/policy.ts';
import { swapIsCompressed, swapIsOnDisk } from '../policies/swap-cost.ts';
import { detectActors } from './actors.ts';
import type { LoopHost, LoopTotals } from './loop-host.ts';

/** Programs that would undo what we do, and we what they do. */
const RIVALS = ['damo', 'memtierd', 'senpai'];
/** Looking for them reads every process, so it is done rarely. */
const RIVALS_EVERY_US = 30_000_000;

/** Figures of the subject alone, where it has its own. */
type Own = Pick<LoopTotals, 'residentBytes' | 'swappedBytes' | 'refaultedBytes' | 'memoryPressure'>;

/** Reads everything anew at each call. */
export class LinuxLoopHost implements LoopHost {
  readonly #roots: Roots;
  readonly #subject: Subject;
  readonly #clock: Clock;
  readonly #facts: HostFacts;
  #rivals: readonly string[] = [];
  #rivalsAtUs = Number.NEGATIVE_INFINITY;

  /** @param clock of the run; the machine's monotonic one by default */
  constructor(roots: Roots, subject: Subject, clock: Clock = monotonicClock) {
    this.#roots = roots;
    this.#subject = subject;
    this.#clock = clock;
    this.#facts = new LinuxHost(roots).facts();
  }

  facts(): HostFacts {
    return this.#facts;
  }

  totals(): LoopTotals {
    const { swapTotalBytes, swapFreeBytes } = readMemoryTotals(this.#roots);
    const { refaultedBytes, ...counters } = readReclaimCounters(this.#roots);
    return {
      timeUs: this.#clock.nowUs(),
      memoryPressure: readPressure(join(this.#roots.proc, 'pressure/memory')),
      ioPressure: readPressure(join(this.#roots.proc, 'pressure/io')),
      refaultedBytes,
      ...this.#own(),
      ...counters,
      swapTotalBytes,
      swapIsCompressed: swapIsCompressed(this.#facts),
      swapIsOnDisk: swapIsOnDisk(this.#facts),
      swapUsedBytes: swapTotalBytes - swapFreeBytes,
    };
  }

  rivals(): readonly string[] {
    const nowUs = this.#clock.nowUs();
    if (nowUs - this.#rivalsAtUs >= RIVALS_EVERY_US) {
      this.#rivalsAtUs = nowUs;
      this.#rivals = detectActors(this.#roots)
        .filter(({ name, present }) => present && RIVALS.includes(name))
        .map(({ note }) => note);
    }
    return this.#rivals;
  }

  #own(): Omit<Own, 'refaultedBytes' | 'memoryPressure'> & Partial<Own> {
    switch (this.#subject.kind) {
      case 'machine':
        return this.#machine();
      case 'cgroup':
        return this.#cgroup(this.#subject.path);
      case 'processes':
        return this.#processes(this.#subject.pids);
    }
  }

  #machine() {
    const { totalBytes, freeBytes, swapTotalBytes, swapFreeBytes } = readMemoryTotals(this.#roots);
    return {
      residentBytes: totalBytes - freeBytes,
      swappedBytes: swapTotalBytes - swapFreeBytes,
    };
  }

  #cgroup(path: string) {
    const folder = join(this.#roots.cgroup, path);
    const number = (file: string) => Number(readTextIfAny(join(folder, file)) ?? 0);
    const counters = parseCounters(readTextIfAny(join(folder, 'memory.stat')) ?? '');
    const refaults = (kind: string) => counters.get(`workingset_refault_${kind}`) ?? 0;
    return {
      residentBytes: number('memory.current'),
      swappedBytes: number('memory.swap.current'),
      refaultedBytes: (refaults('anon') + refaults('file')) * this.#facts.pageSizeBytes,
      memoryPressure: readPressure(join(folder, 'memory.pressure')),
    };
  }

  /** The named processes and what they have started; each refault of theirs is a major fault. */
  #processes(named: readonly number[]) {
    const stats = new Map(
      listPids(this.#roots).map((pid) => [pid, readProcessStat(this.#roots, pid)] as const),
    );
    const isOurs = (pid: number): boolean => {
      if (named.includes(pid)) return true;
      const parent = stats.get(pid)?.parentPid ?? 0;
      return parent > 1 && isOurs(parent);
    };
    const own = { residentBytes: 0, swappedBytes: 0, refaultedBytes: 0 };
    for (const [pid, stat] of stats) {
      if (stat === null || !isOurs(pid)) continue;
      const { residentBytes, swappedBytes } = readProcessMemory(this.#roots, pid);
      own.residentBytes += residentBytes;
      own.swappedBytes += swappedBytes;
      own.refaultedBytes += stat.majorFaults * this.#facts.pageSizeBytes;
    }
    return own;
  }
}
