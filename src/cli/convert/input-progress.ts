import { formatBytes } from '../../base/units.ts';
import type { ByteSource } from '../../record/recording.ts';

const INTERVAL_MS = 200;

/**
 * A line on a terminal that tells how much of the input was read. Formats may need several passes.
 */
export class InputProgress implements Disposable {
  readonly #totalBytes: number;
  readonly #isShown = process.stderr.isTTY === true;
  #nrOpened = 0;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(totalBytes: number) {
    this.#totalBytes = totalBytes;
  }

  /** The same source, counted; reading it fails once `signal` is aborted. */
  watch(open: () => ByteSource, signal: AbortSignal): () => ByteSource {
    return () => this.#counted(open(), signal);
  }

  async *#counted(source: ByteSource, signal: AbortSignal): ByteSource {
    // The first time only the first bytes are looked at.
    const pass = this.#nrOpened;
    this.#nrOpened += 1;
    let bytes = 0;
    for await (const piece of source) {
      signal.throwIfAborted();
      bytes += piece.length;
      if (this.#isShown) this.#show(bytes, pass);
      yield piece;
    }
  }

  #show(bytes: number, pass: number): void {
    const nowMs = performance.now();
    if (nowMs - this.#lastMs < INTERVAL_MS) return;
    this.#lastMs = nowMs;
    const which = pass > 1 ? `, pass ${pass}` : '';
    const text = `${formatBytes(bytes)} of ${formatBytes(this.#totalBytes)} read${which}`;
    process.stderr.write(`\r\x1b[2K${text}`);
  }

  /** Takes the line away. */
  [Symbol.dispose](): void {
    if (this.#lastMs !== Number.NEGATIVE_INFINITY) process.stderr.write('\r\x1b[2K');
  }
}
