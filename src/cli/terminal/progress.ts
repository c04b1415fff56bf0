const WIDTH = 30;
const INTERVAL_MS = 100;

/** A bar on one line of a terminal, for work that says how much of it is done. */
export class ProgressLine implements Disposable {
  readonly #write: (text: string) => void;
  readonly #nowMs: () => number;
  readonly #label: string;
  #lastMs = Number.NEGATIVE_INFINITY;

  /** @param nowMs any clock that goes on; drawing takes place a few times a second only */
  constructor(label: string, write: (text: string) => void, nowMs: () => number) {
    this.#label = label;
    this.#write = write;
    this.#nowMs = nowMs;
  }

  /** @param share of the work, 0…1 */
  show(share: number): void {
    const nowMs = this.#nowMs();
    if (nowMs - this.#lastMs < INTERVAL_MS) return;
    this.#lastMs = nowMs;
    const done = Math.floor(share * WIDTH);
    const bar = '█'.repeat(done) + '░'.repeat(WIDTH - done);
    this.#write(`\r${this.#label} ${bar} ${Math.floor(share * 100)} %`);
  }

  /** Takes the line away. */
  [Symbol.dispose](): void {
    if (this.#lastMs !== Number.NEGATIVE_INFINITY) this.#write('\r\x1b[2K');
  }
}
