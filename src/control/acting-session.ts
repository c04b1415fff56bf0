/** A run that is allowed to act: off switch, journal and guard in one. */
import { ThermoclineError } from '../base/errors.ts';
import type { LeverStep, Roots } from '../host/host.ts';
import type { BlockEntry } from './acma/block-table.ts';
import { Guard, HEARTBEAT_LIMIT_MS } from './guard.ts';
import { Journal } from './journal.ts';
import { OffSwitch } from './off-switch.ts';
import { type ReplayReport, replay } from './replay.ts';
import { openStateFolder, stateFolderPath } from './state-folder.ts';
import { checkUndo } from './undo.ts';

/** How often the off switch is looked at and the guard is told that all is well. */
const CHECK_INTERVAL_MS = 250;

/** What a session needs to know. */
export interface ActingSessionOptions {
  readonly roots: Roots;
  /** What the run is for, in a few words: `thermocline watch --pid 7 --act` shows it to people. */
  readonly description: string;
  /**
   * The run only watches, by something in the kernel that must not outlive it: the off switch does
   * not end it.
   */
  readonly watchesOnly?: boolean;
  /** The run takes slots of the kernel's DAMON: its guard gets ready to stop them. */
  readonly usesKernel?: boolean;
  /** @defaultValue `stateFolderPath()` */
  readonly stateDir?: string;
  /** @defaultValue HEARTBEAT_LIMIT_MS */
  readonly heartbeatLimitMs?: number;
}

/**
 * Whoever acts opens one of these first, records each step that leaves state behind before it is
 * taken (of a lever that leaves none, once what it is going to do), stops when `signal` aborts, and
 * closes it. If the process dies instead, the guard takes the steps back.
 */
export class ActingSession implements AsyncDisposable {
  readonly #journal: Journal;
  readonly #guard: Guard;
  /** Null for a run that only watches. */
  readonly #offSwitch: OffSwitch | null;
  readonly #roots: Roots;
  readonly #stop: AbortController = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #closing: Promise<ReplayReport> | null = null;

  private constructor(journal: Journal, guard: Guard, offSwitch: OffSwitch | null, roots: Roots) {
    this.#journal = journal;
    this.#guard = guard;
    this.#offSwitch = offSwitch;
    this.#roots = roots;
    this.#timer = setInterval(() => {
      this.#check();
      guard.heartbeat();
    }, CHECK_INTERVAL_MS);
    this.#timer.unref();
    void guard.gone.then(() => this.#check());
    this.#check();
  }

  /**
   * @throws ThermoclineError TC_DENIED when acting is switched off or the state folder is not safe,
   * TC_SYSTEM when the journal or the guard can't be started
   */
  static async open(options: ActingSessionOptions): Promise<ActingSession> {
    const stateDir = openStateFolder(options.stateDir ?? stateFolderPath());
    const { roots, description, watchesOnly, usesKernel } = options;
    const { heartbeatLimitMs = HEARTBEAT_LIMIT_MS } = options;
    const offSwitch = watchesOnly ? null : new OffSwitch(stateDir);
    if (offSwitch?.isOff()) throw offError(offSwitch);
    const journal = Journal.create(stateDir, description, watchesOnly);
    try {
      const guard = await Guard.start(journal, {
        ...{ roots, heartbeatLimitMs },
        ...(usesKernel && { usesKernel }),
      });
      return new ActingSession(journal, guard, offSwitch, roots);
    } catch (error) {
      journal.finish('owner');
      journal[Symbol.dispose]();
      throw error;
    }
  }

  /** The process that takes over should this one die. */
  get guardPid(): number {
    return this.#guard.pid;
  }

  /** Aborts, with a `ThermoclineError` as the reason, when acting has to end. Then `close()`. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** @throws ThermoclineError the reason, when acting has to end */
  assertActing(): void {
    this.#check();
    this.#stop.signal.throwIfAborted();
  }

  /**
   * Writes a step down; only then may it be taken.
   * @throws ThermoclineError when acting has to end, when the step could not be taken back
   * (TC_DENIED), or when it can't be written (TC_SYSTEM)
   */
  record(step: LeverStep): void {
    this.assertActing();
    if (step.undo) checkUndo(step.undo, this.#roots.cgroup);
    this.#journal.record(step);
  }

  /**
   * Does what is taken back by itself once it is done, like a pause. Where it fails, the step stays
   * recorded, and is taken back in the end.
   * @throws ThermoclineError as {@link record} and `work` do
   */
  async during<T>(step: LeverStep, work: () => Promise<T>): Promise<T> {
    this.record(step);
    const result = await work();
    this.#journal.markUndone(step);
    return result;
  }

  /**
   * Writes down what is about to happen to blocks of a guest, or has happened.
   * @throws ThermoclineError TC_SYSTEM when it can't be written: then nothing may happen to them
   */
  recordBlocks(entry: BlockEntry): void {
    this.#journal.recordBlocks(entry);
  }

  /** Takes back what was recorded, closes the journal, and returns once the guard has ended. */
  close(): Promise<ReplayReport> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<ReplayReport> {
    clearInterval(this.#timer);
    this.#endWith(new ThermoclineError('TC_BUSY', 'The acting session has been closed.'));
    try {
      // The guard may have been here before us.
      this.#journal.reload();
      return await replay(this.#journal, this.#roots, 'owner');
    } finally {
      await this.#guard.release();
      this.#journal[Symbol.dispose]();
    }
  }

  #check(): void {
    if (this.#stop.signal.aborted) return;
    if (this.#offSwitch?.isOff()) this.#endWith(offError(this.#offSwitch));
    else if (!this.#guard.isOnWatch) this.#endWith(guardError(this.#guard));
  }

  #endWith(reason: ThermoclineError): void {
    this.#stop.abort(reason);
  }
}

function offError(offSwitch: OffSwitch): ThermoclineError {
  return new ThermoclineError(
    'TC_DENIED',
    `Acting is switched off (${offSwitch.found() ?? offSwitch.file}); "thermocline off --undo" allows it again.`,
  );
}

function guardError(guard: Guard): ThermoclineError {
  return new ThermoclineError(
    'TC_SYSTEM',
    `The guard (process ${guard.pid}) is no longer on watch, so acting has ended.`,
  );
}
