/**
 * What holds or ends a run besides its aim. A run that is held goes on watching and takes nothing.
 */
import { formatBytes, formatShare } from '../base/units.ts';
import type { LoopTotals } from './loop-host.ts';

/** How far a run may go. */
export interface LoopLimits {
  /** Share of time that may be lost to input and output, whoever causes it. */
  readonly ioPressureShare: number;
  readonly diskBytesPerSecond: number;
  readonly diskBytesPerDay: number;
  /** A run ends when so much of swap is used. */
  readonly swapUsedShare: number;
}

export const DEFAULT_LIMITS: LoopLimits = Object.freeze({
  ioPressureShare: 0.05,
  diskBytesPerSecond: 2 ** 20,
  diskBytesPerDay: 8 * 2 ** 30,
  swapUsedShare: 0.8,
});

/** Whether a run may act in the next step. */
export interface Verdict {
  readonly state: 'go' | 'hold' | 'stop';
  /** Why not; empty for `go`. */
  readonly sentence: string;
}

const GO: Verdict = { state: 'go', sentence: '' };
/** The last part up to a limit is only crept up to, so this much below counts as there. */
const FULL_ENOUGH = 0.01;
const DAY_US = 86_400_000_000;

/** Remembers what a day may hold. One for each run. */
export class LoopGuards {
  readonly #limits: LoopLimits;
  #dayStart: LoopTotals | null = null;

  constructor(limits: LoopLimits) {
    this.#limits = limits;
  }

  /**
   * The verdict on what happened between two looks. Stopping goes before holding.
   * @param rivals sentences about others who steer the same memory
   */
  judge(before: LoopTotals, now: LoopTotals, rivals: readonly string[]): Verdict {
    this.#dayStart ??= before;
    if (now.timeUs - this.#dayStart.timeUs >= DAY_US) this.#dayStart = before;
    const full = this.#swapFull(now);
    if (full !== null) return { state: 'stop', sentence: full };
    const sentence =
      rivals[0] ??
      this.#ioPressure(before, now) ??
      this.#diskRate(before, now) ??
      this.#diskDay(now);
    return sentence === null ? GO : { state: 'hold', sentence };
  }

  /** Bytes that may be taken until the next look, so that no limit is passed before it is seen. */
  roomBytes({ swapUsedBytes, swapTotalBytes, swapIsOnDisk }: LoopTotals): number {
    const { swapUsedShare, diskBytesPerSecond } = this.#limits;
    const inSwap =
      swapTotalBytes === 0 ? Infinity : Math.max(0, swapTotalBytes * swapUsedShare - swapUsedBytes);
    return Math.min(inSwap, swapIsOnDisk ? diskBytesPerSecond : Infinity);
  }

  #swapFull({ swapUsedBytes, swapTotalBytes }: LoopTotals): string | null {
    const { swapUsedShare } = this.#limits;
    const fullBytes = swapTotalBytes * (swapUsedShare - FULL_ENOUGH);
    if (swapTotalBytes === 0 || swapUsedBytes < fullBytes) return null;
    return (
      `${formatBytes(swapUsedBytes)} of ${formatBytes(swapTotalBytes)} of swap are used; ` +
      `what is above ${formatShare(swapUsedShare)} is for those who need it.`
    );
  }

  #ioPressure(before: LoopTotals, now: LoopTotals): string | null {
    if (before.ioPressure === null || now.ioPressure === null) return null;
    const share = (now.ioPressure.someUs - before.ioPressure.someUs) / (now.timeUs - before.timeUs);
    const { ioPressureShare } = this.#limits;
    if (!(share > ioPressureShare)) return null;
    return `Pressure on input and output is ${formatShare(share)}, above ${formatShare(ioPressureShare)}.`;
  }

  #diskRate(before: LoopTotals, now: LoopTotals): string | null {
    const seconds = (now.timeUs - before.timeUs) / 1e6;
    const rate = (now.diskWriteBytes - before.diskWriteBytes) / seconds;
    const { diskBytesPerSecond } = this.#limits;
    if (!(rate > diskBytesPerSecond)) return null;
    return (
      `Reclaim writes ${formatBytes(Math.round(rate))} a second to disks, more than ` +
      `${formatBytes(diskBytesPerSecond)}.`
    );
  }

  #diskDay(now: LoopTotals): string | null {
    const written = now.diskWriteBytes - this.#dayStart!.diskWriteBytes;
    const { diskBytesPerDay } = this.#limits;
    if (written <= diskBytesPerDay) return null;
    return (
      `Reclaim has written ${formatBytes(written)} to disks within a day, more than ` +
      `${formatBytes(diskBytesPerDay)}.`
    );
  }
}
