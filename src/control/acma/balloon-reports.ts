/**
 * Figures of a guest that does not cooperate: the word of its balloon's driver for what is free.
 * How much time it loses it does not say, so that pressure is a proxy.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../base/clock.ts';
import { ThermoclineError } from '../../base/errors.ts';
import type { QemuBalloon } from '../../host/linux/qemu-balloon.ts';
import type { GuestFigures, GuestReports } from './guest-reports.ts';

/** What a page costs that has to come from a disk: what is usual for one of flash. */
const MAJOR_FAULT_US = 100;
/** A guest's driver reports once a second. */
const FIRST_REPORT_MS = 5000;
const LOOK_MS = 100;

/** One guest's. */
export class BalloonReports implements GuestReports {
  readonly pressureFrom: string =
    `a proxy: ${MAJOR_FAULT_US} us for each major fault that the guest reports`;
  readonly cooperates: boolean = false;
  readonly #name: string;
  readonly #balloon: QemuBalloon;
  readonly #clock: Clock;
  #hasStarted = false;
  #takenAtSeconds = 0;
  /** When the latest report was first seen: the guest's own clock does not count. */
  #takenAtMs = 0;

  /** @param name of the guest, for people */
  constructor(name: string, balloon: QemuBalloon, clock: Clock) {
    this.#name = name;
    this.#balloon = balloon;
    this.#clock = clock;
  }

  async latest(): Promise<GuestFigures> {
    if (this.#takenAtSeconds > 0) return this.#look();
    this.#hasStarted = true;
    await this.#balloon.startReports();
    for (let nrLooks = 0; nrLooks < FIRST_REPORT_MS / LOOK_MS; nrLooks++) {
      const figures = await this.#look();
      if (this.#takenAtSeconds > 0) return figures;
      await sleep(LOOK_MS);
    }
    throw new ThermoclineError(
      'TC_UNSUPPORTED',
      `${this.#name} reports nothing: it has no driver for its balloon (virtio_balloon), or hangs. ` +
        'Load the driver in the guest.',
    );
  }

  /** Between two reports nothing is known. */
  stalledUs(): number {
    return 0;
  }

  async ask(): Promise<void> {}

  async close(): Promise<void> {
    if (this.#hasStarted) await this.#balloon.endReports();
  }

  async #look(): Promise<GuestFigures> {
    const report = await this.#balloon.report();
    const { takenAtSeconds, freeBytes, availableBytes, majorFaults, swappedInBytes } = report;
    if (takenAtSeconds !== this.#takenAtSeconds) this.#takenAtMs = this.#clock.nowUs() / 1000;
    this.#takenAtSeconds = takenAtSeconds;
    return {
      ...{ takenAtMs: this.#takenAtMs, freeBytes, availableBytes },
      // A balloon can't say what is to leave: the guest's kernel decides that.
      coldBytes: 0,
      stalledUs: majorFaults * MAJOR_FAULT_US,
      refaultedBytes: swappedInBytes,
      reclaimedBytes: 0,
      nrFreeBlocks: null,
      agentBytes: 0,
    };
  }
}
