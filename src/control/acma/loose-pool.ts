/**
 * Contiguous memory of a real machine, kept ready without being held: the pool is what its page
 * allocator has free in blocks of 2 MiB. Nothing is left behind, and whoever is short of memory has
 * it at once.
 */
import { join } from 'node:path';
import { type Clock, monotonicClock } from '../../base/clock.ts';
import { ThermoclineError } from '../../base/errors.ts';
import type { LeverStep, Roots } from '../../host/host.ts';
import { parseKilobytes } from '../../host/linux/fields.ts';
import { nrFreeBlocks } from '../../host/linux/free-blocks.ts';
import { isOwnScript } from '../../host/linux/own-scripts.ts';
import { readPressure } from '../../host/linux/pressure.ts';
import { readTextFile } from '../../host/linux/read-file.ts';
import { BLOCK_BYTES } from '../../policies/acma/observation.ts';
import type { PoolDecision, PoolObservation } from '../../policies/acma/pool.ts';
import { compactionFile, compactMemory } from '../compact-memory.ts';
import { LinuxLoopHost } from '../linux-loop-host.ts';
import { DEFAULT_LIMITS, LoopGuards, type Verdict } from '../loop-guards.ts';
import type { LoopTotals } from '../loop-host.ts';
import { MachineReclaim } from '../machine-reclaim.ts';
import type { ReclaimLever } from '../policy-loop.ts';

/** Compaction walks all of memory: more often would cost more than it brings. */
export const COMPACT_EVERY_MS = 10_000;

/** How a pool is kept. */
export interface LoosePoolOptions {
  readonly roots: Roots;
  /** What has memory leave; the machine's `memory.reclaim` by default. */
  readonly lever?: ReclaimLever;
  readonly clock?: Clock;
}

/** One machine. */
export class LoosePool {
  readonly name = 'free blocks of the machine';
  readonly steps: readonly LeverStep[];
  readonly #roots: Roots;
  readonly #reclaimFile: string;
  readonly #pressureFile: string;
  readonly #lever: ReclaimLever;
  readonly #clock: Clock;
  readonly #host: LinuxLoopHost;
  readonly #guards = new LoopGuards(DEFAULT_LIMITS);
  #totals: LoopTotals;
  #verdict: Verdict = { state: 'go', sentence: '' };

  /**
   * @throws ThermoclineError TC_UNSUPPORTED where free blocks or pressure can't be read, or where
   * memory can't be asked to leave; TC_DENIED for this machine's own files in a test or a bench
   */
  constructor({ roots, lever, clock = monotonicClock }: LoosePoolOptions) {
    refuseThisMachine(roots);
    this.#roots = roots;
    this.#clock = clock;
    this.#reclaimFile = join(roots.cgroup, 'memory.reclaim');
    this.#pressureFile = join(roots.proc, 'pressure/memory');
    this.#lever = lever ?? new MachineReclaim(roots);
    this.steps = [
      { text: `echo BYTES > ${this.#reclaimFile}, again and again`, undo: null },
      { text: `echo 1 > ${compactionFile(roots)}, every 10 s at most`, undo: null },
    ];
    if (nrFreeBlocks(roots) === null) throw unreadable(join(roots.proc, 'buddyinfo'));
    if (readPressure(this.#pressureFile) === null) throw unreadable(this.#pressureFile);
    this.#host = new LinuxLoopHost(roots, { kind: 'machine' }, clock);
    this.#totals = this.#host.totals();
  }

  /** How it stands; the verdict is on what happened since the call before. */
  observe(): PoolObservation {
    const before = this.#totals;
    const totals = this.#host.totals();
    if (totals.timeUs > before.timeUs) {
      this.#totals = totals;
      this.#verdict = this.#guards.judge(before, totals, this.#host.rivals());
    }
    const sizes = parseKilobytes(readTextFile(join(this.#roots.proc, 'meminfo')));
    const bytes = (name: string) => sizes.get(name) ?? 0;
    const nrReady = nrFreeBlocks(this.#roots) ?? 0;
    const { swapTotalBytes, swapUsedBytes } = totals;
    const room = Math.max(0, swapTotalBytes * DEFAULT_LIMITS.swapUsedShare - swapUsedBytes);
    return {
      nowMs: this.#clock.nowUs() / 1000,
      nrReady,
      nrLent: 0,
      freeBytes: Math.max(0, bytes('MemFree') - nrReady * BLOCK_BYTES),
      coldBytes: bytes('Inactive(file)') + Math.min(bytes('Inactive(anon)'), room),
      someTotalUs: this.stalledUs(),
    };
  }

  stalledUs(): number {
    return readPressure(this.#pressureFile)?.someUs ?? 0;
  }

  verdict(): Verdict {
    return this.#verdict;
  }

  /** What `apply` would write. Nothing is given back: it is free memory. */
  plan({ reclaimBytes, make }: PoolDecision): string[] {
    return [
      ...(reclaimBytes > 0 ? [`echo ${reclaimBytes} > ${this.#reclaimFile}`] : []),
      ...(make > 0 ? [`echo 1 > ${compactionFile(this.#roots)}`] : []),
    ];
  }

  /** @returns bytes that left because they were asked to */
  async apply({ reclaimBytes, make }: PoolDecision): Promise<number> {
    const reclaimedBytes = reclaimBytes > 0 ? await this.#lever.reclaim(reclaimBytes) : 0;
    if (make > 0) await compactMemory(this.#roots);
    return reclaimedBytes;
  }
}

/** A pool changes how a whole machine stands, so it is tried in guests only. */
function refuseThisMachine({ proc }: Roots): void {
  if (proc !== '/proc' || !isOwnScript()) return;
  throw new ThermoclineError(
    'TC_DENIED',
    'A test or a bench keeps no pool on this machine; name another root by --proc-root.',
  );
}

function unreadable(file: string): ThermoclineError {
  return new ThermoclineError(
    'TC_UNSUPPORTED',
    `${file} can't be read, by which the pool is kept; it takes a kernel with compaction, and psi=1.`,
  );
}
