/** The line to the agent in a guest: a unix socket that QEMU serves for a virtio-serial port. */
import { createConnection, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, monotonicClock } from '../../base/clock.ts';
import {
  type AgentMessage,
  type AgentOrder,
  type AgentReport,
  agentLine,
  type BlockOrder,
  MAX_LINE_LENGTH,
  MessageError,
  parseMessage,
} from './agent-messages.ts';
import { BoundedLines } from './bounded-lines.ts';
import { errnoName } from './read-file.ts';

/** So long an answer is waited for; one that is late still counts, as of when it was asked for. */
const ANSWER_LIMIT_MS = 500;
/** A guest that sends more within a moment has to wait: reading it must not hold others up. */
const BYTES_A_MOMENT = 64 * 2 ** 10;
const MOMENT_MS = 100;
const MAX_LINES_AT_ONCE = 16;
/** Orders that are out and may still be answered. */
const MAX_NR_ASKED = 32;

/** Blocks are found, emptied and filled before an answer comes: so many times as long. */
const BLOCKS_PATIENCE = 10;

/** What is wanted, without a number. */
export type AgentWish = Omit<AgentOrder, 'id'>;
type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never;
/** The same of blocks. */
export type BlockWish = WithoutId<BlockOrder>;

/** A report, and the moment that it is not older than, by the host's clock. */
export interface DatedReport extends AgentReport {
  readonly takenAtMs: number;
}

/** Where the agent is, and how patient to be. */
export interface AgentLinkOptions {
  readonly socketPath: string;
  readonly clock?: Clock;
  readonly answerLimitMs?: number;
}

/**
 * One guest's agent, as far as it can be heard. It never throws for what a guest does: a line that
 * is cut, an agent that is gone or talks nonsense leaves the latest report as it was.
 */
export class AgentLink implements Disposable {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #answerLimitMs: number;
  /** When each order went out, by its number. */
  readonly #asked = new Map<number, number>();
  /** Who waits for blocks, by the number of the order. */
  readonly #wanted = new Map<number, (blocks: readonly number[] | null) => void>();
  #socket: Socket | null = null;
  #lines = new BoundedLines(MAX_LINE_LENGTH);
  #nextId = 1;
  #answered = Promise.withResolvers<void>();
  #readBytes = 0;
  #latest: DatedReport | null = null;
  #someTotalUs = 0;
  #trouble: string | null = null;
  #isClosed = false;

  constructor({ socketPath, clock = monotonicClock, answerLimitMs }: AgentLinkOptions) {
    this.#path = socketPath;
    this.#clock = clock;
    this.#answerLimitMs = answerLimitMs ?? ANSWER_LIMIT_MS;
  }

  /** The newest report; null before the first. */
  get latest(): DatedReport | null {
    return this.#latest;
  }

  /** The total of `some` as last told, by a report or without one. */
  get someTotalUs(): number {
    return this.#someTotalUs;
  }

  /** What was last wrong with it, as a sentence; null since its latest report. */
  get trouble(): string | null {
    return this.#trouble;
  }

  /** Sends a wish and waits for the report on it, or until it has taken too long. */
  async ask(wish: AgentWish): Promise<void> {
    const socket = await this.#connected();
    // What the guest has not taken yet it would take all at once later.
    if (socket === null || socket.writableLength > 0) return;
    const id = this.#nextId++;
    this.#asked.set(id, this.#nowMs());
    const [oldest] = this.#asked.keys();
    if (this.#asked.size > MAX_NR_ASKED) this.#asked.delete(oldest!);
    this.#answered = Promise.withResolvers();
    socket.write(agentLine({ id, ...wish }));
    await this.#answerOr(sleep(this.#answerLimitMs, undefined, { ref: false }));
  }

  /** Blocks that a guest names in answer; null where it refuses, or says nothing in time. */
  async askBlocks(wish: BlockWish): Promise<readonly number[] | null> {
    const socket = await this.#connected();
    if (socket === null || socket.writableLength > 0) return null;
    const id = this.#nextId++;
    const { promise, resolve } = Promise.withResolvers<readonly number[] | null>();
    this.#wanted.set(id, resolve);
    socket.write(agentLine({ id, ...wish }));
    const late = setTimeout(() => {
      this.#trouble ??= 'it does not answer on blocks';
      resolve(null);
    }, this.#answerLimitMs * BLOCKS_PATIENCE);
    try {
      return await promise;
    } finally {
      clearTimeout(late);
      this.#wanted.delete(id);
    }
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#socket?.destroy();
  }

  async #answerOr(late: Promise<unknown>): Promise<void> {
    await Promise.race([this.#answered.promise, late]);
  }

  /** A line that was cut is tried again at the next wish. */
  async #connected(): Promise<Socket | null> {
    if (this.#isClosed || this.#socket !== null) return this.#socket;
    const socket = createConnection(this.#path);
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', (error) => {
        this.#trouble = `${this.#path} can't be connected to (${errnoName(error)})`;
        resolve(false);
      });
    });
    if (!isOpen || this.#isClosed) {
      socket.destroy();
      return null;
    }
    this.#socket = socket;
    this.#lines = new BoundedLines(MAX_LINE_LENGTH);
    socket.on('data', (bytes: Buffer) => this.#read(socket, bytes));
    socket.on('error', () => {});
    socket.on('close', () => this.#end());
    return socket;
  }

  #end(): void {
    this.#socket = null;
    this.#trouble = `${this.#path} hung up`;
    this.#answered.resolve();
    for (const resolve of this.#wanted.values()) resolve(null);
  }

  #read(socket: Socket, bytes: Buffer): void {
    // An agent never says so much at once: what is more costs a stranger's host nothing.
    for (const line of this.#lines.push(bytes).slice(-MAX_LINES_AT_ONCE)) this.#take(line);
    this.#readBytes += bytes.length;
    if (this.#readBytes < BYTES_A_MOMENT) return;
    this.#readBytes = 0;
    socket.pause();
    setTimeout(() => socket.resume(), MOMENT_MS).unref();
  }

  #take(line: string | null): void {
    try {
      if (line === null) throw new MessageError(`a line is longer than ${MAX_LINE_LENGTH}`);
      this.#hear(parseMessage(line));
    } catch (error) {
      if (!(error instanceof MessageError)) throw error;
      this.#trouble = `what it says is no message of an agent: ${error.message}`;
    }
  }

  #hear(message: AgentMessage): void {
    if ('someTotalUs' in message) {
      this.#someTotalUs = message.someTotalUs;
      return;
    }
    if ('error' in message) {
      this.#trouble = `it refuses: ${message.error}`;
      this.#wanted.get(message.id)?.(null);
      return;
    }
    if ('blocks' in message) {
      // One that comes too late is found at the next look at all that it holds.
      this.#wanted.get(message.id)?.(message.blocks);
      return;
    }
    const askedAtMs = this.#asked.get(message.id);
    // An answer to nothing that was asked, or to something for a second time, is no answer.
    if (askedAtMs !== undefined) {
      this.#forget(message.id);
      this.#latest = { ...message.report, takenAtMs: askedAtMs };
      this.#someTotalUs = message.report.someTotalUs;
      this.#trouble = null;
      this.#answered.resolve();
    }
  }

  /** With it, those before: an answer to an older one has been overtaken. */
  #forget(id: number): void {
    for (const asked of this.#asked.keys()) if (asked <= id) this.#asked.delete(asked);
  }

  #nowMs(): number {
    return this.#clock.nowUs() / 1000;
  }
}
