/**
 * A cgroup of version 2 whose memory is scaled. What is to leave is asked for by `memory.reclaim`,
 * which leaves nothing behind; `memory.high` follows, so that the size holds, under the guard.
 * `memory.max` is only read.
 */
import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { alignDown, alignUp } from '../../base/arithmetic.ts';
import { type Clock, monotonicClock } from '../../base/clock.ts';
import { ThermoclineError } from '../../base/errors.ts';
import { formatBytes } from '../../base/units.ts';
import type { LeverStep, Roots } from '../../host/host.ts';
import { cgroupFolder } from '../../host/linux/cgroup-pids.ts';
import { parseCounters } from '../../host/linux/fields.ts';
import { nrFreeBlocks } from '../../host/linux/free-blocks.ts';
import { readPressure } from '../../host/linux/pressure.ts';
import { readTextFile, readTextIfAny } from '../../host/linux/read-file.ts';
import {
  type AcmaDecision,
  type AcmaKnobs,
  type AcmaObservation,
  BLOCK_BYTES,
  type WindowShare,
} from '../../policies/acma/observation.ts';
import { CgroupReclaim } from '../cgroup-reclaim.ts';
import { LinuxLoopHost } from '../linux-loop-host.ts';
import { DEFAULT_LIMITS, LoopGuards, type Verdict } from '../loop-guards.ts';
import type { LoopTotals } from '../loop-host.ts';
import type { ReclaimLever } from '../policy-loop.ts';
import type { AcmaActuator, Applied } from './actuator.ts';
import { nrBlocks, windowsBelow } from './size-windows.ts';

/** How a cgroup is scaled. */
export interface CgroupActuatorOptions {
  readonly roots: Roots;
  /** Below the cgroup root, or with the root in front. */
  readonly path: string;
  readonly knobs: AcmaKnobs;
  /** Hold the size by `memory.high`; without it, only what is cold is asked to leave. */
  readonly holds: boolean;
  /** What has memory leave; `memory.reclaim` by default. */
  readonly lever?: ReclaimLever;
  readonly clock?: Clock;
}

/** As journals and people call it. */
export function cgroupName(path: string, roots: Roots): string {
  return `cgroup ${pathBelow(path, roots)}`;
}

/** One cgroup. Its size is what it may use; blocks of it that are taken lie at the top. */
export class CgroupActuator implements AcmaActuator {
  readonly name: string;
  readonly pressureFrom: string;
  readonly steps: readonly LeverStep[];
  /** The most that it can have: the knob, or a lower limit that is there already. */
  readonly totalBytes: number;
  readonly #roots: Roots;
  readonly #folder: string;
  readonly #holds: boolean;
  readonly #clock: Clock;
  readonly #host: LinuxLoopHost;
  readonly #lever: ReclaimLever;
  readonly #guards = new LoopGuards(DEFAULT_LIMITS);
  #totals: LoopTotals;
  #verdict: Verdict = { state: 'go', sentence: '' };
  #sizeBytes: number;
  /** What `memory.high` was last set to; null before that. */
  #setTo: number | null = null;

  /**
   * @throws ThermoclineError TC_INVALID for a path or knobs that can't be, TC_NOT_FOUND where there
   * is no such cgroup, TC_UNSUPPORTED where pressure is not accounted
   */
  constructor(options: CgroupActuatorOptions) {
    const { roots, path, knobs, holds, clock = monotonicClock } = options;
    this.#roots = roots;
    this.#folder = cgroupFolder(path, roots);
    const below = pathBelow(path, roots);
    this.name = cgroupName(path, roots);
    this.pressureFrom = join(this.#folder, 'memory.pressure');
    this.#holds = holds;
    this.#clock = clock;
    const reclaim = new CgroupReclaim(roots, below);
    this.#lever = options.lever ?? reclaim;
    const high = join(this.#folder, 'memory.high');
    const before = readTextFile(high);
    this.totalBytes = totalOf(knobs, [before, readTextIfAny(join(this.#folder, 'memory.max'))]);
    this.#sizeBytes = this.totalBytes;
    const hold = { text: `echo BYTES > ${high}`, undo: { file: high, content: before } };
    this.steps = holds ? [reclaim.step, hold] : [reclaim.step];
    if (readPressure(this.pressureFrom) === null) {
      throw new ThermoclineError(
        'TC_UNSUPPORTED',
        `${this.#folder} has no memory.pressure, which says when to stop; boot with psi=1.`,
      );
    }
    this.#host = new LinuxLoopHost(roots, { kind: 'cgroup', path: below }, clock);
    this.#totals = this.#host.totals();
  }

  async observe(): Promise<AcmaObservation> {
    // Where it has gone, every figure would read 0.
    readTextFile(join(this.#folder, 'memory.current'));
    this.#refuseOthers();
    const before = this.#totals;
    const totals = this.#host.totals();
    if (totals.timeUs > before.timeUs) {
      this.#totals = totals;
      this.#verdict = this.#guards.judge(before, totals, this.#host.rivals());
    }
    const nowMs = this.#clock.nowUs() / 1000;
    return {
      nowMs,
      takenAtMs: nowMs,
      totalBytes: this.totalBytes,
      sizeBytes: this.#sizeBytes,
      freeBytes: Math.max(0, this.#sizeBytes - totals.residentBytes),
      coldBytes: this.#coldBytes(totals),
      someTotalUs: totals.memoryPressure?.someUs ?? 0,
      refaultedBytes: totals.refaultedBytes,
      // The figures are the host's own: there is nobody to be distrusted.
      hostFaultedBytes: null,
      windows: windowsBelow(this.totalBytes, this.#sizeBytes),
    };
  }

  stalledUs(): number {
    return readPressure(this.pressureFrom)?.someUs ?? 0;
  }

  nrFreeBlocks(): number | null {
    return nrFreeBlocks(this.#roots);
  }

  verdict(): Verdict {
    return this.#verdict;
  }

  async close(): Promise<void> {}

  plan({ take, give, reclaimBytes }: AcmaDecision): string[] {
    const size = this.#sizeAfter(take, give);
    const leaving = Math.max(reclaimBytes, this.#totals.residentBytes - size);
    const reclaim = `echo ${leaving} > ${join(this.#folder, 'memory.reclaim')}`;
    const hold = `echo ${size} > ${join(this.#folder, 'memory.high')}`;
    return [
      ...(leaving > 0 ? [reclaim] : []),
      ...(this.#holds && size !== this.#sizeBytes ? [hold] : []),
    ];
  }

  async apply({ take, give, reclaimBytes }: AcmaDecision): Promise<Applied> {
    const wanted = this.#sizeAfter(take, give);
    if (wanted > this.#sizeBytes) this.#resize(wanted);
    const leaving = Math.max(reclaimBytes, this.#currentBytes() - wanted);
    const reclaimedBytes = leaving > 0 ? await this.#lever.reclaim(leaving) : 0;
    // A limit below what is in use would stop its programs until the kernel has caught up.
    const size = Math.max(
      wanted,
      Math.min(this.#sizeBytes, alignUp(this.#currentBytes(), BLOCK_BYTES)),
    );
    if (size !== this.#sizeBytes || this.#setTo === null) this.#resize(size);
    return {
      sizeBytes: size,
      overshootBytes: Math.max(0, this.#currentBytes() - size),
      windows: windowsBelow(this.totalBytes, size),
      reclaimedBytes,
      nrFailed: Math.max(0, size - wanted) / BLOCK_BYTES,
    };
  }

  #sizeAfter(take: readonly WindowShare[], give: readonly WindowShare[]): number {
    return this.#sizeBytes + (nrBlocks(give) - nrBlocks(take)) * BLOCK_BYTES;
  }

  #resize(bytes: number): void {
    if (this.#holds) {
      writeFileSync(join(this.#folder, 'memory.high'), String(bytes));
      this.#setTo = bytes;
    }
    this.#sizeBytes = bytes;
  }

  #currentBytes(): number {
    return Number(readTextFile(join(this.#folder, 'memory.current')));
  }

  /** What the kernel has found unused, and what there is room for in swap. */
  #coldBytes({ swapTotalBytes, swapUsedBytes }: LoopTotals): number {
    const stat = parseCounters(readTextIfAny(join(this.#folder, 'memory.stat')) ?? '');
    const bytes = (name: string) => stat.get(name) ?? 0;
    const room = Math.max(0, swapTotalBytes * DEFAULT_LIMITS.swapUsedShare - swapUsedBytes);
    return bytes('inactive_file') + Math.min(bytes('inactive_anon'), room, this.#swapRoom());
  }

  /** Of the cgroup's own limit on swap. */
  #swapRoom(): number {
    const max = readTextIfAny(join(this.#folder, 'memory.swap.max'))?.trim() ?? 'max';
    if (max === 'max') return Number.POSITIVE_INFINITY;
    const used = Number(readTextIfAny(join(this.#folder, 'memory.swap.current')) ?? 0);
    return Math.max(0, Number(max) - used);
  }

  /** Two that set one limit would undo each other's work. */
  #refuseOthers(): void {
    if (this.#setTo === null) return;
    const file = join(this.#folder, 'memory.high');
    const text = readTextFile(file).trim();
    if (Number(text) === this.#setTo) return;
    throw new ThermoclineError(
      'TC_BUSY',
      `${file} is ${text}, and it was set to ${this.#setTo}: somebody else sets it, so this run ends.`,
    );
  }
}

function pathBelow(path: string, roots: Roots): string {
  return `/${relative(roots.cgroup, cgroupFolder(path, roots))}`;
}

/** A lower limit that is there already stays one. */
function totalOf({ minBytes, maxBytes }: AcmaKnobs, limits: readonly (string | null)[]): number {
  const numbers = limits.map((text) => (text === null || /max/.test(text) ? Infinity : +text));
  const total = alignDown(Math.min(maxBytes, ...numbers), BLOCK_BYTES);
  if (total >= minBytes) return total;
  throw new ThermoclineError(
    'TC_INVALID',
    `--min ${formatBytes(minBytes)} is above the limit that the cgroup has already, ` +
      `${formatBytes(total)}; lower --min, or raise memory.high or memory.max.`,
  );
}
