/** A source of time. Nothing below the shell reads time from anywhere else. */
export interface Clock {
  /** Microseconds since an origin of the clock's own; never goes back. */
  nowUs(): number;
}

/** A clock that stands still until it is moved. */
export class VirtualClock implements Clock {
  #nowUs: number;

  constructor(startUs = 0) {
    this.#nowUs = startUs;
  }

  nowUs(): number {
    return this.#nowUs;
  }

  /** Moves the time forward by `durationUs`. */
  advance(durationUs: number): void {
    this.#nowUs += durationUs;
  }
}

/** The machine's monotonic clock, in whole microseconds. */
export const monotonicClock: Clock = { nowUs: () => Math.round(performance.now() * 1000) };
