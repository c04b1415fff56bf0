/**
 * One emulated machine and the lines to it: the console, QEMU's own control channel, and the agent
 * in the guest. All three are pipes of the child process, so nothing is left on disk, and the
 * machine can't outlive its owner: the kernel ends it when its parent dies, in whatever way, and a
 * time limit ends it when its parent hangs.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { gzipSync } from 'node:zlib';
import {
  agentPort,
  type Done,
  guestMarker,
  LineSplitter,
  type Reply,
  type Request,
} from './protocol.ts';
import { bootWords, type Topology, topologies } from './topologies.ts';

/** The emulator's name. */
export const qemu = 'qemu-system-x86_64';
/** Time for a boot; a quiet machine needs 6 s. */
const bootLimitMs = 150_000;
/** Time until a restored machine answers; a quiet machine needs 1 s. */
const restoreLimitMs = 40_000;
const controlLimitMs = 60_000;
/** Guards against side channels only cost time here: a third, for what runs in Node. */
const cheapKernel = 'mitigations=off';
/** Lines of the console that are shown when something breaks. */
const keptLines = 40;

/** Which machine to make. */
export interface MachineShape {
  readonly topology: Topology;
  readonly vmlinux: string;
  readonly initrd: string;
}

/** What a program in the guest did. */
export interface Output {
  /** Exit status; null if a signal ended it. */
  readonly status: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to run a program in the guest. */
export interface RunOptions {
  /** After this it and what it has started are killed. @defaultValue 30000 */
  readonly timeLimitMs?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Called for each line of its standard output. */
  readonly onLine?: (line: string) => void;
}

interface Pending {
  readonly take: (reply: Reply) => void;
  readonly fail: (error: Error) => void;
}

/** The arguments that decide what a guest sees, in an order that a saved state can rely on. */
export function machineArguments(shape: MachineShape): string[] {
  const own = bootWords[shape.topology] ?? [];
  const words = ['console=ttyS0', 'quiet', 'panic=-1', 'psi=1', cheapKernel].concat(own);
  return [
    ...['-device', 'virtio-serial-pci'],
    ...topologies[shape.topology],
    ...['-cpu', 'max', '-smp', '2', '-nodefaults', '-no-user-config', '-display', 'none'],
    ...['-no-reboot', '-kernel', shape.vmlinux, '-initrd', shape.initrd],
    ...['-append', [...words, guestMarker].join(' ')],
    ...['-device', `virtserialport,chardev=agent,name=${agentPort}`],
  ];
}

/**
 * A command that ends with the process that starts it, in whatever way that ends, and after a time.
 * The parent's death reaches both the timer and the program, so that neither is left over.
 */
export function leashed(limitMs: number, command: readonly string[]): string[] {
  return [
    ...['setpriv', '--pdeathsig', 'TERM', 'timeout', '-k', '2', `${limitMs / 1000}`],
    ...['setpriv', '--pdeathsig', 'KILL', ...command],
  ];
}

/** A running machine. */
export class Machine implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #console: string[] = [];
  readonly #controls = new Map<number, Pending>();
  readonly #requests = new Map<number, Pending>();
  readonly #hello = Promise.withResolvers<string>();
  #nextId = 1;
  #over: string | null = null;

  /** Boots a machine and waits for its agent. @throws Error with the console's last lines */
  static async boot(shape: MachineShape, lifeLimitMs: number): Promise<Machine> {
    const machine = new Machine(shape, lifeLimitMs, []);
    return machine.#made(async () => {
      await machine.control('qmp_capabilities');
      await machine.#within(machine.#hello.promise, bootLimitMs, 'boot');
    });
  }

  /**
   * Continues a machine from a file that {@link save} wrote for the same shape.
   * @param more arguments of QEMU that change nothing in the guest
   */
  static async restore(
    shape: MachineShape,
    state: string,
    lifeLimitMs: number,
    more: readonly string[] = [],
  ): Promise<Machine> {
    const incoming = ['-incoming', `exec:cat ${quoted(state)}`];
    const machine = new Machine(shape, lifeLimitMs, [...incoming, ...more]);
    return machine.#made(async () => {
      await machine.control('qmp_capabilities');
      await machine.#until(async () => {
        const { status } = await machine.control<{ status: string }>('query-status');
        return status !== 'inmigrate';
      }, 'restore');
      await machine.control('cont');
      await machine.run(['/bin/true'], { timeLimitMs: restoreLimitMs });
    });
  }

  private constructor(shape: MachineShape, lifeLimitMs: number, more: readonly string[]) {
    const [program, ...args] = leashed(lifeLimitMs, [
      ...[qemu, ...machineArguments(shape), '-serial', 'stdio'],
      ...['-chardev', 'socket,id=control,fd=3', '-mon', 'chardev=control,mode=control'],
      ...['-chardev', 'socket,id=agent,fd=4'],
      ...more,
    ]);
    this.#child = spawn(program!, args, {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
    });
    this.#ended = new Promise((resolve) => {
      this.#child.on('error', (error) => this.#end(error.message));
      this.#child.on('close', (status, signal) => {
        this.#end(status === 124 ? 'the time limit ended it' : `it ended (${signal ?? status})`);
        resolve();
      });
    });
    const [, console, errors, control, agent] = this.#child.stdio as (Duplex | null)[];
    for (const stream of [console!, errors!]) {
      onLines(stream, (line) => {
        this.#console.push(line.trimEnd());
        if (this.#console.length > keptLines) this.#console.shift();
      });
    }
    onLines(control!, (line) => this.#takeControl(line));
    onLines(agent!, (line) => this.#takeReply(JSON.parse(line) as Reply));
    this.#hello.promise.catch(() => {});
  }

  /** The process below which QEMU runs. */
  get pid(): number {
    return this.#child.pid!;
  }

  /** The last lines of console and emulator. */
  get consoleLines(): readonly string[] {
    return this.#console;
  }

  /** Gives QEMU a command. @throws Error with what it answers */
  control<T>(execute: string, args: object = {}): Promise<T> {
    const id = this.#nextId++;
    const answer = this.#ask<T>(this.#controls, id, 3, { execute, arguments: args, id });
    return this.#within(answer, controlLimitMs, execute);
  }

  /** Writes texts into files of the guest, by absolute path. */
  async put(files: Readonly<Record<string, string>>): Promise<void> {
    const id = this.#nextId++;
    const request: Request = { id, put: gzipSync(JSON.stringify(files)).toString('base64') };
    await this.#within(this.#ask(this.#requests, id, 4, request), controlLimitMs, 'put');
  }

  /** Runs a program in the guest. @throws Error if it can't be started, or the machine ends */
  async run(command: readonly string[], options: RunOptions = {}): Promise<Output> {
    const { timeLimitMs = 30_000, env = {}, onLine } = options;
    const id = this.#nextId++;
    const request: Request = { id, run: command, timeLimitMs, env };
    const texts = { stdout: '', stderr: '' };
    const lines = new LineSplitter((line) => onLine?.(line));
    const done = this.#ask<Done>(this.#requests, id, 4, request, (reply) => {
      if (!('stream' in reply)) return false;
      texts[reply.stream] += reply.text;
      if (reply.stream === 'stdout') lines.push(reply.text);
      return true;
    });
    // The agent has a clock of its own: this one is for an agent that no longer answers.
    const { status, signal } = await this.#within(done, timeLimitMs + 10_000, command.join(' '));
    return { status, signal, ...texts };
  }

  /** Writes the machine's whole state to a file, and ends it. */
  async save(file: string): Promise<void> {
    await this.control('stop');
    await this.control('migrate-set-parameters', { 'max-bandwidth': 2 ** 35 });
    await this.control('migrate', { uri: `exec:cat > ${quoted(file)}` });
    await this.#until(async () => {
      const { status } = await this.control<{ status: string }>('query-migrate');
      if (status === 'failed') throw this.#broken('its state can not be saved');
      return status === 'completed';
    }, 'save');
    await this[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The guest keeps nothing that is worth an orderly end.
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 3000);
    await this.#ended;
    clearTimeout(timer);
  }

  async #made(steps: () => Promise<void>): Promise<this> {
    try {
      await steps();
      return this;
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** @param stay whether a reply is only a part, and more will come */
  #ask<T>(
    table: Map<number, Pending>,
    id: number,
    descriptor: 3 | 4,
    message: object,
    stay: (reply: Reply) => boolean = () => false,
  ): Promise<T> {
    if (this.#over !== null) return Promise.reject(this.#broken(this.#over));
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    table.set(id, {
      take: (reply) => {
        if (stay(reply)) return;
        table.delete(id);
        if ('failed' in reply) reject(new Error(reply.failed));
        else resolve(reply as T);
      },
      fail: reject,
    });
    (this.#child.stdio[descriptor] as Duplex).write(`${JSON.stringify(message)}\n`);
    return promise;
  }

  #takeControl(line: string): void {
    const message = JSON.parse(line) as {
      readonly id?: number;
      readonly return?: unknown;
      readonly error?: { readonly desc: string };
    };
    const pending = this.#controls.get(message.id ?? -1);
    if (message.error) pending?.take({ id: message.id!, failed: message.error.desc });
    else pending?.take(message.return as Reply);
  }

  #takeReply(reply: Reply): void {
    if ('hello' in reply) this.#hello.resolve(reply.hello);
    else this.#requests.get(reply.id)?.take(reply);
  }

  #end(why: string): void {
    if (this.#over !== null) return;
    this.#over = why;
    const error = this.#broken(why);
    this.#hello.reject(error);
    for (const pending of [...this.#controls.values(), ...this.#requests.values()]) {
      pending.fail(error);
    }
  }

  async #until(condition: () => Promise<boolean>, what: string): Promise<void> {
    const deadline = performance.now() + controlLimitMs;
    while (!(await condition())) {
      if (performance.now() > deadline) throw this.#broken(`no end of ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async #within<T>(promise: Promise<T>, limitMs: number, what: string): Promise<T> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => late.reject(this.#broken(`no answer to "${what}" within ${limitMs / 1000} s`)),
      limitMs,
    );
    try {
      return await Promise.race([promise, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  #broken(why: string): Error {
    const lines = this.#console.map((line) => `  | ${line}`).join('\n');
    return new Error(`the guest is of no use: ${why}. Its console's last lines:\n${lines}`);
  }
}

function onLines(stream: Duplex, take: (line: string) => void): void {
  const lines = new LineSplitter((line) => {
    if (line.trim() !== '') take(line);
  });
  stream.setEncoding('utf8').on('data', (text: string) => lines.push(text));
  // How it ended is told by the process, not by its pipes.
  stream.on('error', () => {});
}

function quoted(file: string): string {
  return `'${file.replaceAll("'", "'\\''")}'`;
}
