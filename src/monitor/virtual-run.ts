import type { VirtualClock } from '../base/clock.ts';

/** Something that works in steps and says how long to let pass between them. */
export interface Stepper {
  /** @returns microseconds until the next step, or -1 once it has ended */
  step(): number;
}

/** Several steppers as one: each has its step when it is due, in their order. */
export class JointStepper implements Stepper {
  readonly #clock: VirtualClock;
  readonly #steppers: readonly Stepper[];
  readonly #dueUs: number[];

  constructor(steppers: readonly Stepper[], clock: VirtualClock) {
    this.#clock = clock;
    this.#steppers = steppers;
    this.#dueUs = steppers.map(() => clock.nowUs());
  }

  step(): number {
    const nowUs = this.#clock.nowUs();
    let nextUs = Number.POSITIVE_INFINITY;
    for (const [index, stepper] of this.#steppers.entries()) {
      if (this.#dueUs[index]! <= nowUs) {
        const sleepUs = stepper.step();
        this.#dueUs[index] = sleepUs < 0 ? Number.POSITIVE_INFINITY : nowUs + sleepUs;
      }
      nextUs = Math.min(nextUs, this.#dueUs[index]!);
    }
    return nextUs === Number.POSITIVE_INFINITY ? -1 : nextUs - nowUs;
  }
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
