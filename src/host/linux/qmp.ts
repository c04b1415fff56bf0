/** QEMU's control channel (QMP): commands, answers and events as lines of JSON over a socket. */
import { createConnection, type Socket } from 'node:net';
import { ThermoclineError } from '../../base/errors.ts';
import { errnoName } from './read-file.ts';

/** QEMU answers at once; whoever waits longer waits for another client to leave. */
const ANSWER_LIMIT_MS = 5000;
/** Far more than any answer takes. */
const MAX_LINE_LENGTH = 16 * 2 ** 20;

interface Pending {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

interface Message {
  readonly id?: number;
  readonly QMP?: object;
  readonly return?: unknown;
  readonly error?: { readonly desc: string };
}

/** One client of one machine. While it is open, QEMU serves no other client of the same socket. */
export class Qmp implements Disposable {
  readonly path: string;
  readonly #socket: Socket;
  readonly #greeting = Promise.withResolvers<void>();
  readonly #pending = new Map<number, Pending>();
  #line = '';
  #nextId = 1;
  #broken: Error | null = null;

  /**
   * @throws ThermoclineError TC_NOT_FOUND where nobody listens, TC_BUSY where another client is
   * served, TC_SYSTEM where it is not QEMU that answers
   */
  static async open(path: string): Promise<Qmp> {
    const qmp = new Qmp(path, await connected(path));
    try {
      await qmp.#within(qmp.#greeting.promise, () => busy(path));
      await qmp.execute('qmp_capabilities');
      return qmp;
    } catch (error) {
      qmp[Symbol.dispose]();
      throw error;
    }
  }

  private constructor(path: string, socket: Socket) {
    this.path = path;
    this.#socket = socket;
    this.#greeting.promise.catch(() => {});
    socket.setEncoding('utf8').on('data', (text: string) => this.#read(text));
    socket.on('error', (error) => this.#end(error.message));
    socket.on('close', () => this.#end('it hung up'));
  }

  /**
   * @returns what QEMU answers
   * @throws ThermoclineError TC_SYSTEM when it refuses, hangs up, or does not answer
   */
  execute<Answer>(command: string, args: object = {}): Promise<Answer> {
    if (this.#broken !== null) return Promise.reject(this.#broken);
    const id = this.#nextId++;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#pending.set(id, { resolve, reject });
    this.#socket.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
    const late = () => this.#failure(`does not answer "${command}" within 5 s`);
    return this.#within(promise, late) as Promise<Answer>;
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #read(text: string): void {
    const lines = (this.#line + text).split('\n');
    this.#line = lines.pop()!;
    for (const line of lines) this.#take(line);
    if (this.#line.length > MAX_LINE_LENGTH) this.#end('a line has no end');
  }

  #take(line: string): void {
    let message: Message;
    try {
      message = JSON.parse(line) as Message;
    } catch {
      this.#end('what it says is no JSON');
      return;
    }
    if (message.QMP !== undefined) this.#greeting.resolve();
    // What has no number is an event, which nobody here waits for.
    const pending = this.#pending.get(message.id ?? 0);
    this.#pending.delete(message.id ?? 0);
    if (message.error) pending?.reject(this.#failure(`refuses: ${message.error.desc}`));
    else pending?.resolve(message.return);
  }

  #end(why: string): void {
    if (this.#broken !== null) return;
    const error = this.#failure(`can't be talked to any more: ${why}`);
    this.#broken = error;
    this.#socket.destroy();
    this.#greeting.reject(error);
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }

  #failure(what: string): ThermoclineError {
    return new ThermoclineError(
      'TC_SYSTEM',
      `QEMU at ${this.path} ${what}. See that the guest runs, then try again.`,
    );
  }

  async #within<T>(promise: Promise<T>, late: () => Error): Promise<T> {
    const { promise: over, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(late()), ANSWER_LIMIT_MS);
    try {
      return await Promise.race([promise, over]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** As `Qmp.open`; null where nobody listens, since the guest has ended. */
export async function openIfAny(path: string): Promise<Qmp | null> {
  try {
    return await Qmp.open(path);
  } catch (error) {
    if (error instanceof ThermoclineError && error.code === 'TC_NOT_FOUND') return null;
    throw error;
  }
}

function connected(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    socket.once('connect', () => resolve(socket));
    socket.once('error', (cause) => {
      const reason = `${path} can't be connected to (${errnoName(cause)})`;
      const way = "name the socket of QEMU's option -qmp unix:PATH,server=on,wait=off";
      reject(new ThermoclineError('TC_NOT_FOUND', `${reason}; ${way}.`, { cause }));
    });
  });
}

function busy(path: string): ThermoclineError {
  return new ThermoclineError(
    'TC_BUSY',
    `Nothing comes from ${path}: QEMU serves one client of a socket at a time, and another has this ` +
      'one. End it, or give the guest a second -qmp.',
  );
}
