/** Waits for the next step, and less long when time is being lost. */
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_MS = 100;
const WINDOW_MS = 1000;

/**
 * Fires as a pressure trigger of the kernel does, when more than a share of a second was lost, once
 * in that second at the most. It reads the total itself: the kernel's own triggers look ten times
 * in their window as well, and Node can't wait for their kind of event.
 */
export class PressureWatch {
  readonly #stalledUs: () => number;
  readonly #limitUs: number;
  #seen: number[] = [];

  /** @param stalledUs the total of `some` so far */
  constructor(stalledUs: () => number, pressureShare: number) {
    this.#stalledUs = stalledUs;
    this.#limitUs = pressureShare * WINDOW_MS * 1000;
  }

  /** Waits for `ms`, or until it fires, or until `signal` aborts. Returns whether it has fired. */
  async until(ms: number, signal: AbortSignal): Promise<boolean> {
    for (let left = ms; left > 0 && !signal.aborted; left -= LOOK_MS) {
      await sleep(Math.min(left, LOOK_MS), undefined, { signal }).catch(() => {});
      if (this.look()) return true;
    }
    return false;
  }

  /** One look; whether more was lost in the last second than may be. */
  look(): boolean {
    this.#seen.push(this.#stalledUs());
    if (this.#seen.length > WINDOW_MS / LOOK_MS + 1) this.#seen.shift();
    const fires = this.#seen.at(-1)! - this.#seen[0]! > this.#limitUs;
    if (fires) this.#seen = [];
    return fires;
  }
}
