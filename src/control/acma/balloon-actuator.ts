/**
 * A QEMU guest that does not cooperate, scaled by its balloon. The host takes the word of the
 * guest's driver for what is free, and sees pressure only by a proxy.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { alignDown, alignUp } from '../../base/arithmetic.ts';
import { type Clock, monotonicClock } from '../../base/clock.ts';
import { ThermoclineError } from '../../base/errors.ts';
import { formatBytes } from '../../base/units.ts';
import type { LeverStep } from '../../host/host.ts';
import { type BalloonFigures, QemuBalloon } from '../../host/linux/qemu-balloon.ts';
import {
  type AcmaDecision,
  type AcmaKnobs,
  type AcmaObservation,
  BLOCK_BYTES,
  WINDOW_BYTES,
} from '../../policies/acma/observation.ts';
import type { Verdict } from '../loop-guards.ts';
import type { AcmaActuator, Applied } from './actuator.ts';
import { nrBlocks, windowsBelow } from './size-windows.ts';

/** What a page costs that has to come from a disk: what is usual for one of flash. */
const MAJOR_FAULT_US = 100;
/** Kept beside what is in use: a guest that runs out of memory kills its programs. */
const SPARE_SHARE = 0.1;
/** A guest's driver reports once a second. */
const FIRST_REPORT_MS = 5000;
const LOOK_MS = 100;
/** A balloon that has not grown for so long does not get what it was told to. */
const STUCK_MS = 10_000;

/** How a guest is scaled. */
export interface BalloonActuatorOptions {
  /** Of QEMU's control channel. */
  readonly socketPath: string;
  readonly knobs: AcmaKnobs;
  readonly clock?: Clock;
}

/** As journals and people call it. */
export function guestName(socketPath: string): string {
  return `guest ${socketPath}`;
}

/** One guest. Its size is what its balloon leaves it; what is taken counts as lying at the top. */
export class BalloonActuator implements AcmaActuator {
  readonly name: string;
  readonly pressureFrom: string =
    `a proxy: ${MAJOR_FAULT_US} us for each major fault that the guest reports`;
  readonly steps: readonly LeverStep[];
  readonly totalBytes: number;
  readonly #balloon: QemuBalloon;
  readonly #clock: Clock;
  /** What the balloon was last told to leave; null before that. */
  #orderedBytes: number | null = null;
  /** What the guest may have; a balloon that gives way when its guest runs out leaves it more. */
  #grantedBytes = Number.POSITIVE_INFINITY;
  /** The size as it was when it last changed, and when. */
  #moved = { sizeBytes: 0, atMs: 0 };
  #figures: BalloonFigures | null = null;
  /** When the latest report was first seen: the guest's own clock does not count. */
  #reportedAtMs = 0;

  /**
   * Only looks.
   * @throws ThermoclineError TC_INVALID for a minimum above the guest's memory, or as
   * `QemuBalloon.open`
   */
  static async open(options: BalloonActuatorOptions): Promise<BalloonActuator> {
    const balloon = await QemuBalloon.open(options.socketPath);
    const { minBytes } = options.knobs;
    if (minBytes <= balloon.ramBytes) return new BalloonActuator(balloon, options);
    balloon[Symbol.dispose]();
    throw new ThermoclineError(
      'TC_INVALID',
      `--min ${formatBytes(minBytes)} is above the memory of the guest at ${options.socketPath}, ` +
        `${formatBytes(balloon.ramBytes)}; lower --min.`,
    );
  }

  private constructor(balloon: QemuBalloon, { socketPath, clock }: BalloonActuatorOptions) {
    this.#balloon = balloon;
    this.#clock = clock ?? monotonicClock;
    this.name = guestName(socketPath);
    this.totalBytes = alignDown(balloon.ramBytes, BLOCK_BYTES);
    this.steps = [{ text: `balloon BYTES, to QEMU at ${socketPath}`, undo: balloon.undo }];
  }

  /** The first time, it waits for the guest's first report. */
  async observe(): Promise<AcmaObservation> {
    const figures = this.#figures === null ? await this.#firstFigures() : await this.#look();
    const { report } = figures;
    const sizeBytes = alignDown(figures.sizeBytes, BLOCK_BYTES);
    return {
      nowMs: this.#nowMs(),
      takenAtMs: this.#reportedAtMs,
      totalBytes: this.totalBytes,
      sizeBytes,
      freeBytes: Math.min(sizeBytes, report.availableBytes),
      // A balloon can't say what is to leave: the guest's kernel decides that.
      coldBytes: 0,
      someTotalUs: report.majorFaults * MAJOR_FAULT_US,
      refaultedBytes: report.swappedInBytes,
      hostFaultedBytes: null,
      windows: windowsBelow(this.totalBytes, sizeBytes),
    };
  }

  /** Between two reports nothing is known. */
  stalledUs(): number {
    return 0;
  }

  verdict(): Verdict {
    const hold = (sentence: string): Verdict => ({ state: 'hold', sentence });
    if (this.#figures?.isMigrating) return hold('The guest is being migrated.');
    if (!this.#figures?.isRunning) return hold('The guest is paused.');
    return { state: 'go', sentence: '' };
  }

  plan(decision: AcmaDecision): string[] {
    const bytes = this.#wanted(decision);
    return bytes === null ? [] : [`balloon ${bytes}`];
  }

  async apply(decision: AcmaDecision): Promise<Applied> {
    const sizeBytes = alignDown(this.#figures!.sizeBytes, BLOCK_BYTES);
    const nrFailed = this.#givenUp(sizeBytes);
    const wanted = this.#wanted(decision);
    if (wanted !== null) {
      await this.#balloon.setSize(wanted);
      if (this.#orderedBytes === null || wanted > this.#orderedBytes) this.#note(sizeBytes);
      this.#orderedBytes = wanted;
    }
    this.#grantedBytes = Math.max(this.#orderedBytes ?? 0, Math.min(sizeBytes, this.#grantedBytes));
    return {
      sizeBytes: this.#grantedBytes,
      overshootBytes: Math.max(0, sizeBytes - this.#grantedBytes),
      windows: windowsBelow(this.totalBytes, this.#grantedBytes),
      reclaimedBytes: 0,
      nrFailed,
    };
  }

  /** Puts back how often the guest is asked. */
  async close(): Promise<void> {
    using balloon = this.#balloon;
    // A guest that has ended needs nothing.
    await balloon.endReports().catch(() => {});
  }

  /** What the balloon is to leave; null when nothing changes. */
  #wanted({ take, give }: AcmaDecision): number | null {
    const { sizeBytes, report } = this.#figures!;
    const size = alignDown(sizeBytes, BLOCK_BYTES);
    const ordered = this.#orderedBytes ?? size;
    if (give.length > 0) return Math.max(ordered, size + nrBlocks(give) * BLOCK_BYTES);
    if (take.length === 0) return null;
    const used = size - Math.min(size, report.availableBytes);
    const floor = alignUp(used + SPARE_SHARE * used, BLOCK_BYTES);
    const taken = Math.min(nrBlocks(take) * BLOCK_BYTES, WINDOW_BYTES);
    const wanted = Math.max(floor, Math.min(ordered, size - taken));
    // The same order again has a balloon grow that gave way.
    return wanted < size ? wanted : null;
  }

  /** Blocks that the guest was to let go of and has not: it is not asked for them any more. */
  #givenUp(sizeBytes: number): number {
    if (sizeBytes !== this.#moved.sizeBytes) this.#note(sizeBytes);
    const ordered = this.#orderedBytes ?? sizeBytes;
    if (ordered >= sizeBytes || this.#nowMs() - this.#moved.atMs < STUCK_MS) return 0;
    this.#orderedBytes = sizeBytes;
    return (sizeBytes - ordered) / BLOCK_BYTES;
  }

  #note(sizeBytes: number): void {
    this.#moved = { sizeBytes, atMs: this.#nowMs() };
  }

  async #firstFigures(): Promise<BalloonFigures> {
    await this.#balloon.startReports();
    for (let nrLooks = 0; nrLooks < FIRST_REPORT_MS / LOOK_MS; nrLooks++) {
      const figures = await this.#look();
      if (figures.report.takenAtSeconds > 0) return figures;
      await sleep(LOOK_MS);
    }
    throw new ThermoclineError(
      'TC_UNSUPPORTED',
      `${this.name} reports nothing: it has no driver for its balloon (virtio_balloon), or hangs. ` +
        'Load the driver in the guest.',
    );
  }

  async #look(): Promise<BalloonFigures> {
    const before = this.#figures?.report.takenAtSeconds;
    const figures = await this.#balloon.figures();
    if (figures.report.takenAtSeconds !== before) this.#reportedAtMs = this.#nowMs();
    this.#figures = figures;
    return figures;
  }

  #nowMs(): number {
    return this.#clock.nowUs() / 1000;
  }
}
