/**
 * The dead man's switch: a small process of its own that takes back what a journal says as soon as
 * its owner dies or falls silent. The journal is all that they share: the owner writes a byte now
 * and then, and the pipe's end is the question "is the journal finished?".
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type Clock, monotonicClock } from '../base/clock.ts';
import { ThermoclineError } from '../base/errors.ts';
import type { Roots } from '../host/host.ts';
import type { Journal } from './journal.ts';

/** The silence after which the guard takes everything back. */
export const HEARTBEAT_LIMIT_MS = 10_000;
/** How long a guard may take to end once there is nothing left for it to do. */
const RELEASE_LIMIT_MS = 5_000;
/** A package holds the guard as JavaScript, a clone as TypeScript. */
const GUARD_FILE: string = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './guard-main.ts' : './guard-main.js', import.meta.url),
);

/** How a guard is to work. */
export interface GuardOptions {
  readonly roots: Roots;
  /** Get ready at once to stop slots of the kernel's DAMON. */
  readonly usesKernel?: boolean;
  /** @defaultValue HEARTBEAT_LIMIT_MS */
  readonly heartbeatLimitMs?: number;
  /** @defaultValue the machine's monotonic clock */
  readonly clock?: Clock;
}

/** The owner's end of a guard. */
export class Guard {
  /** Settles once the guard process has ended, whatever ended it. */
  readonly gone: Promise<void>;
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #pipe: Socket;
  readonly #clock: Clock;
  readonly #limitUs: number;
  #lastBeatUs: number;
  #isGone = false;

  private constructor(child: ChildProcess, limitMs: number, clock: Clock) {
    this.#child = child;
    this.pid = child.pid!;
    this.#pipe = child.stdin as Socket;
    this.#clock = clock;
    this.#limitUs = limitMs * 1000;
    this.#lastBeatUs = clock.nowUs();
    // A write to a guard that has just died fails; that it has died is told by its exit.
    this.#pipe.on('error', () => {});
    this.gone = new Promise((resolve) => {
      child.once('exit', () => {
        this.#isGone = true;
        resolve();
      });
    });
  }

  /**
   * Starts the guard of a journal and waits until it is on watch.
   * @throws ThermoclineError TC_SYSTEM when it can't be started: then nothing may be done
   */
  static async start(journal: Journal, options: GuardOptions): Promise<Guard> {
    const {
      roots,
      usesKernel,
      heartbeatLimitMs = HEARTBEAT_LIMIT_MS,
      clock = monotonicClock,
    } = options;
    const child = spawn(
      process.execPath,
      [
        ...[GUARD_FILE, journal.file, JSON.stringify(roots), String(heartbeatLimitMs)],
        ...(usesKernel ? ['kernel'] : []),
      ],
      // A session of its own, so that Ctrl-C and a closed terminal don't reach it; no environment,
      // so that no debugger or loader meant for us does; no folder that it would keep busy.
      { detached: true, cwd: '/', env: {}, stdio: ['pipe', 'pipe', 'ignore'] },
    );
    const started = await Promise.race([
      once(child.stdout!, 'data').then(() => true),
      once(child, 'exit').then(() => false),
    ]).catch(() => false);
    if (!started) {
      throw new ThermoclineError(
        'TC_SYSTEM',
        `The guard process for ${journal.file} did not start, so nothing is acted on.`,
      );
    }
    child.stdout!.destroy();
    const guard = new Guard(child, heartbeatLimitMs, clock);
    // Our end must not wait for the guard: the guard waits for our end.
    child.unref();
    guard.#pipe.unref();
    return guard;
  }

  /**
   * Whether the guard lives and has heard from us in time. Once false it stays false: what was done
   * may already have been taken back, so nothing more may be done. It can be asked without waiting
   * for an event, which is what a process that was stopped for a while needs when it goes on.
   */
  get isOnWatch(): boolean {
    return !this.#isGone && this.#clock.nowUs() - this.#lastBeatUs < this.#limitUs;
  }

  /** Says that the owner is well; to be called many times within the heartbeat limit. */
  heartbeat(): void {
    if (!this.isOnWatch) return;
    // Measured from before the guard can know, so that this side's limit always ends first.
    this.#lastBeatUs = this.#clock.nowUs();
    this.#pipe.write('.');
  }

  /** Closes the pipe and returns once the guard has ended; with a finished journal it just ends. */
  async release(): Promise<void> {
    this.#child.ref();
    this.#pipe.end();
    const overdue = setTimeout(() => this.#child.kill('SIGKILL'), RELEASE_LIMIT_MS);
    await this.gone;
    clearTimeout(overdue);
  }
}
