import type { VirtualClock } from '../base/clock.ts';

/** Something that works in steps and says how long to let pass between them. */
export interface Stepper {
  /** @returns microseconds until the next step, or -1 once it has ended */
  step(): number;
}

/**
 * Runs a kdamond, or what drives one, on a virtual clock: no waiting, and the same run each time.
 */
export class VirtualRun {
  readonly #stepper: Stepper;
  readonly #clock: VirtualClock;
  #dueUs: number;

  constructor(stepper: Stepper, clock: VirtualClock) {
    this.#stepper = stepper;
    this.#clock = clock;
    this.#dueUs = clock.nowUs();
  }

  /** Moves the clock to `timeUs`, and does all that is due up to and at that moment. */
  runUntil(timeUs: number): void {
    while (this.#dueUs <= timeUs) {
      this.#clock.advance(this.#dueUs - this.#clock.nowUs());
      const sleepUs = this.#stepper.step();
      this.#dueUs = sleepUs < 0 ? Number.POSITIVE_INFINITY : this.#dueUs + sleepUs;
    }
    const leftUs = timeUs - this.#clock.nowUs();
    if (leftUs > 0) this.#clock.advance(leftUs);
  }

  runFor(durationUs: number): void {
    this.runUntil(this.#clock.nowUs() + durationUs);
  }
}
