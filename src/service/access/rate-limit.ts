/** Lets `burst` requests through at once, and `perSecond` in the long run. */
export class RateLimit {
  readonly #burst: number;
  readonly #perSecond: number;
  readonly #nowMs: () => number;
  #left: number;
  #sinceMs: number;

  constructor(burst: number, perSecond: number, nowMs: () => number) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#nowMs = nowMs;
    this.#left = burst;
    this.#sinceMs = nowMs();
  }

  /** Whether one more may pass; counts it if so. */
  take(): boolean {
    const nowMs = this.#nowMs();
    const refilled = this.#left + ((nowMs - this.#sinceMs) / 1000) * this.#perSecond;
    this.#left = Math.min(this.#burst, refilled);
    this.#sinceMs = nowMs;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
