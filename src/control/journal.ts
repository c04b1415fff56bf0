/** What an acting run is about to do and how to take it back, on disk before it is done. */
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { ThermoclineError } from '../base/errors.ts';
import type { LeverStep } from '../host/host.ts';
import { ownIdentity } from '../host/linux/process-identity.ts';
import { type BlockEntry, type BlockState, BlockTable } from './acma/block-table.ts';
import {
  type Finisher,
  type JournalHead,
  type JournalLine,
  parseJournal,
  type RecordedStep,
} from './journal-format.ts';

/** No further step is recorded beyond this, so that a journal can always be read back in one go. */
const MAX_STEPS_BYTES = 16 * 2 ** 20;
const MAX_FILE_BYTES = 2 * MAX_STEPS_BYTES;
/** Entries on blocks beyond this are put together. */
const COMPACT_BYTES = 2 ** 18;
/** Finished journals that are kept, for people to look at. */
const MAX_KEPT = 50;
const FILE_NAME = /^journal-\d+-[0-9a-f]{8}\.jsonl$/;

/** One journal file, held open. Its owner appends to it; the guard or `restore` finish it later. */
export class Journal implements Disposable {
  readonly file: string;
  #fd: number;
  #head: JournalHead | null = null;
  readonly #pending: Map<number, RecordedStep> = new Map();
  readonly #blocks = new BlockTable();
  #lastId = 0;
  #isFinished = false;
  /** Length of the whole lines. */
  #lengthBytes = 0;
  /** Whether the file holds a cut line behind them. */
  #isTorn = false;

  private constructor(file: string, flags: number) {
    this.file = file;
    this.#fd = openFile(file, flags);
  }

  /**
   * Starts the journal of a run of this process.
   * @param stateDir a folder from `openStateFolder`
   * @throws ThermoclineError TC_SYSTEM when it can't be written
   */
  static create(stateDir: string, description: string, watchesOnly = false): Journal {
    removeOldJournals(stateDir);
    const owner = ownIdentity();
    const name = `journal-${owner.pid}-${randomBytes(4).toString('hex')}.jsonl`;
    const journal = new Journal(join(stateDir, name), fs.constants.O_CREAT | fs.constants.O_EXCL);
    const kind = watchesOnly ? { watchesOnly } : {};
    journal.#append({ type: 'begin', version: 1, owner, description, ...kind });
    syncFolder(stateDir);
    return journal;
  }

  /**
   * Opens a journal to look at it or to finish it.
   * @throws ThermoclineError TC_INVALID when it is damaged, TC_NOT_FOUND or TC_SYSTEM when it can't
   * be read
   */
  static open(file: string): Journal {
    const journal = new Journal(file, 0);
    try {
      journal.reload();
      return journal;
    } catch (error) {
      journal[Symbol.dispose]();
      throw error;
    }
  }

  /** Null when a crash came before the first line: then nothing was done either. */
  get head(): JournalHead | null {
    return this.#head;
  }

  /** Whether nothing is left to do: all was taken back, or nothing was ever begun. */
  get isFinished(): boolean {
    return this.#isFinished || this.#head === null;
  }

  /** Steps that may have been done and have not been taken back, the latest first. */
  get pending(): RecordedStep[] {
    return [...this.#pending.values()].reverse();
  }

  /**
   * Writes down a step that is about to be taken; once this returns it is safe on disk. A repeated
   * step, or a further one on a file whose first content is recorded already, adds nothing: the
   * first content is what was there before us.
   * @throws ThermoclineError TC_SYSTEM when it can't be written: then the step must not be taken
   */
  record(step: LeverStep): void {
    if (this.#pendingLike(step) !== undefined) return;
    if (this.#lengthBytes > MAX_STEPS_BYTES) {
      throw new ThermoclineError('TC_SYSTEM', `The journal ${this.file} is full; start a new run.`);
    }
    this.#append({ type: 'step', id: this.#lastId + 1, text: step.text, undo: step.undo });
  }

  /** Blocks of a guest that are not its own, by address. */
  blocks(guest: string): ReadonlyMap<number, BlockState> {
    return this.#blocks.of(guest);
  }

  /**
   * Writes down what is about to happen to blocks, or has happened.
   * @throws ThermoclineError TC_SYSTEM when it can't be written: then nothing may happen to them
   */
  recordBlocks(entry: BlockEntry): void {
    if (this.#lengthBytes > COMPACT_BYTES) this.#compact();
    this.#append({ type: 'blocks', ...entry });
  }

  /** Notes that a step has been taken back. */
  markUndone(step: LeverStep): void {
    const pending = this.#pendingLike(step);
    if (pending !== undefined) this.#append({ type: 'undone', id: pending.id });
  }

  /** Notes that nothing is left to do. */
  finish(by: Finisher): void {
    this.#append({ type: 'finished', by });
  }

  /**
   * Reads again what the file holds by now.
   * @throws ThermoclineError TC_INVALID when it is damaged
   */
  reload(): void {
    this.#followRename();
    const { size } = fs.fstatSync(this.#fd);
    if (size > MAX_FILE_BYTES) {
      throw new ThermoclineError('TC_INVALID', `${this.file} is too large to be a journal.`);
    }
    const content = new Uint8Array(size);
    fs.readSync(this.#fd, content, 0, size, 0);
    const { lines, lengthBytes } = parseJournal(content, this.file);
    this.#pending.clear();
    this.#blocks.clear();
    for (const line of lines) this.#take(line);
    this.#lengthBytes = lengthBytes;
    this.#isTorn = lengthBytes < size;
  }

  [Symbol.dispose](): void {
    fs.closeSync(this.#fd);
  }

  /**
   * Blocks come and go for as long as a run lasts, so what the journal says is written anew now and
   * then, in as few lines as it takes, to a file that then takes the old one's place.
   */
  #compact(): void {
    const lines: JournalLine[] = [
      { type: 'begin', version: 1, ...this.#head! },
      ...this.pending.reverse().map((step) => ({ type: 'step', ...step }) as const),
      ...this.#blocks.entries().map((entry) => ({ type: 'blocks', ...entry }) as const),
    ];
    const next = `${this.file}.new`;
    fs.rmSync(next, { force: true });
    const fd = openFile(next, fs.constants.O_CREAT | fs.constants.O_EXCL);
    this.#write(fd, Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join('')));
    fs.renameSync(next, this.file);
    syncFolder(dirname(this.file));
    fs.closeSync(this.#fd);
    this.#fd = fd;
    this.#lengthBytes = fs.fstatSync(fd).size;
  }

  /** The owner may have put a shorter file in the place of the one that is open. */
  #followRename(): void {
    const there = fs.statSync(this.file, { throwIfNoEntry: false });
    if (there === undefined || there.ino === fs.fstatSync(this.#fd).ino) return;
    const fd = openFile(this.file, 0);
    fs.closeSync(this.#fd);
    this.#fd = fd;
  }

  #pendingLike(step: LeverStep): RecordedStep | undefined {
    return this.#pending.values().find((known) => keyOf(known) === keyOf(step));
  }

  #append(line: JournalLine): void {
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    this.#write(this.#fd, bytes);
    this.#lengthBytes += bytes.length;
    this.#take(line);
  }

  #write(fd: number, bytes: Uint8Array): void {
    try {
      if (this.#isTorn) fs.ftruncateSync(fd, this.#lengthBytes);
      this.#isTorn = fd === this.#fd;
      for (let done = 0; done < bytes.length; ) done += fs.writeSync(fd, bytes, done);
      fs.fsyncSync(fd);
      this.#isTorn = false;
    } catch (cause) {
      throw new ThermoclineError(
        'TC_SYSTEM',
        `The journal ${this.file} can't be written (${(cause as NodeJS.ErrnoException).code}), ` +
          'and nothing is done that is not written down first.',
        { cause },
      );
    }
  }

  #take(line: JournalLine): void {
    this.#isFinished = line.type === 'finished';
    if (line.type === 'begin') this.#head = line;
    if (line.type === 'blocks') this.#blocks.apply(line);
    if (line.type === 'undone') this.#pending.delete(line.id);
    if (line.type === 'finished') this.#pending.clear();
    if (line.type !== 'step') return;
    this.#pending.set(line.id, line);
    this.#lastId = line.id;
  }
}

/** What a step changes, by name. */
function keyOf({ undo, text }: LeverStep): string {
  if (undo === null) return text;
  if ('file' in undo) return undo.file;
  if ('qmpSocket' in undo) return `${undo.qmpSocket} ${undo.device}`;
  if ('pausedGuest' in undo) return `paused ${undo.pausedGuest}`;
  return 'kernelSlot' in undo ? `slot ${undo.kernelSlot}` : undo.traceInstance;
}

/** Journal files of a state folder, in no particular order; empty where there is no folder. */
export function listJournals(stateDir: string): string[] {
  try {
    const names = fs.readdirSync(stateDir).filter((name) => FILE_NAME.test(name));
    return names.map((name) => join(stateDir, name));
  } catch {
    return [];
  }
}

/** Keeps the latest finished journals; one that is unfinished or damaged is never removed. */
function removeOldJournals(stateDir: string): void {
  const byAge = listJournals(stateDir).sort((a, b) => modifiedMs(b) - modifiedMs(a));
  for (const file of byAge.slice(MAX_KEPT)) {
    try {
      using journal = Journal.open(file);
      if (journal.isFinished) fs.rmSync(file);
    } catch {
      // Damaged, or another process removed it just now: not ours to clear away.
    }
  }
}

function modifiedMs(file: string): number {
  return fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function openFile(file: string, flags: number): number {
  const { O_RDWR, O_APPEND, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  try {
    return fs.openSync(file, O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | flags, 0o600);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new ThermoclineError(
      code === 'ENOENT' ? 'TC_NOT_FOUND' : 'TC_SYSTEM',
      `The journal ${file} can't be opened (${code}).`,
      { cause },
    );
  }
}

/** So that the new file's name survives a crash, too. */
function syncFolder(folder: string): void {
  const fd = fs.openSync(folder, 'r');
  fs.fsyncSync(fd);
  fs.closeSync(fd);
}
