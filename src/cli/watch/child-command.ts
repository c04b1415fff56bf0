import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { ThermoclineError } from '../../base/errors.ts';

/** How long a command may take to end after SIGTERM. */
const PATIENCE_MS = 2000;
/** What is kept of the output of a command while the screen is ours. */
const KEPT_OUTPUT_BYTES = 64 * 1024;

/**
 * Where a command's output goes: to standard error at once, or kept until the screen is given back.
 */
export type ChildOutput = 'stderr' | 'kept';

/**
 * A command that is run to be watched. It has a process group of its own, so that stopping it stops
 * what it started, and nothing else.
 */
export class ChildCommand implements AsyncDisposable {
  readonly #child: ChildProcess;
  #kept: Buffer = Buffer.alloc(0);
  #status: number | null = null;
  /** Settles with the exit status: its own, or 128 and the number of the signal that ended it. */
  readonly ended: Promise<number>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#status = code ?? 128 + constants.signals[signal!];
        resolve(this.#status);
      });
    });
    child.stdout?.on('data', this.#keep);
    child.stderr?.on('data', this.#keep);
    process.on('exit', this.#kill);
  }

  /** Starts a command; throws when it can't be run. */
  static async start(words: readonly string[], output: ChildOutput): Promise<ChildCommand> {
    const [file, ...args] = words;
    const stream = output === 'kept' ? 'pipe' : 2;
    const child = spawn(file!, args, { stdio: ['ignore', stream, stream], detached: true });
    await new Promise((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error: NodeJS.ErrnoException) => reject(cannotRun(file!, error)));
    });
    return new ChildCommand(child);
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** The end of what it wrote, when its output is kept. */
  get keptOutput(): string {
    return this.#kept.toString('utf8');
  }

  /** Its exit status when it has ended, or does so within a time; null otherwise. */
  statusWithin(durationMs: number): Promise<number | null> {
    return Promise.race([this.ended, delay(durationMs, null)]);
  }

  /** Ends it, gently first. */
  async stop(): Promise<void> {
    if (this.#status === null) {
      this.#signalGroup('SIGTERM');
      await Promise.race([this.ended, delay(PATIENCE_MS, undefined, { ref: false })]);
    }
    // The command itself may be gone and what it started still be there.
    this.#kill();
    await this.ended;
    process.off('exit', this.#kill);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  readonly #kill = (): void => this.#signalGroup('SIGKILL');

  #signalGroup(signal: NodeJS.Signals): void {
    try {
      process.kill(-this.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  readonly #keep = (bytes: Buffer): void => {
    this.#kept = Buffer.concat([this.#kept, bytes]).subarray(-KEPT_OUTPUT_BYTES);
  };
}

function cannotRun(file: string, error: NodeJS.ErrnoException): ThermoclineError {
  const hint = /^\d+$/.test(file) ? `; to watch the process ${file}, write --pid ${file}` : '';
  return error.code === 'ENOENT'
    ? new ThermoclineError('TC_NOT_FOUND', `There is no command "${file}" to run${hint}.`)
    : new ThermoclineError('TC_SYSTEM', `The command "${file}" can't be run: ${error.message}.`);
}
