import { constants } from 'node:os';

/** SIGHUP is the end of a terminal; a service takes it for something else. */
const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * What ends a long-running command early: a signal, a key, or a reader of our output that has gone.
 * While it is not disposed, signals don't kill the process; whoever holds it stops and cleans up.
 */
export class Interruption implements Disposable {
  readonly #controller = new AbortController();
  readonly #signals: readonly NodeJS.Signals[];
  #exitStatus = 0;
  #readerIsGone = false;

  constructor(signals: readonly NodeJS.Signals[] = SIGNALS) {
    this.#signals = signals;
    for (const signal of signals) process.on(signal, this.#signalled);
    process.stdout.on('error', this.#readerGone);
  }

  /** Aborted as soon as the command has to end. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** What the process ends with: 128 and the signal's number, or 0. */
  get exitStatus(): number {
    return this.#exitStatus;
  }

  /** Nobody reads our output any more, so last words are not worth writing. */
  get readerIsGone(): boolean {
    return this.#readerIsGone;
  }

  /** Settles when the command has to end. */
  get requested(): Promise<void> {
    return new Promise((resolve) => {
      if (this.signal.aborted) resolve();
      else this.signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  /** Ends the command, as a key does. */
  end(exitStatus = 0): void {
    if (this.signal.aborted) return;
    this.#exitStatus = exitStatus;
    this.#controller.abort();
  }

  /** Ctrl-C, as a key or a signal. The second one doesn't wait for the clean-up. */
  interrupt(): void {
    this.#signalled('SIGINT');
  }

  [Symbol.dispose](): void {
    for (const signal of this.#signals) process.off(signal, this.#signalled);
    process.stdout.off('error', this.#readerGone);
  }

  readonly #signalled = (signal: NodeJS.Signals): void => {
    const status = 128 + constants.signals[signal];
    if (this.signal.aborted) process.exit(status);
    this.end(status);
  };

  /** The pipe was closed, or the terminal. */
  readonly #readerGone = ({ code }: NodeJS.ErrnoException): void => {
    this.#readerIsGone = true;
    this.end(code === 'EPIPE' || code === 'EIO' ? 0 : 1);
  };
}
