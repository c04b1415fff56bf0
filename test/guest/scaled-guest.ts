/** A guest that is scaled from out here, by its balloon or by the agent in it. */
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import path from 'node:path';
import { descendants, isEmulator } from './emulators.ts';
import type { Rig } from './jobs.ts';
import type { Machine } from './machine.ts';
import type { Topology } from './topologies.ts';

export const mebibyte: number = 2 ** 20;
/** What either kind has with nothing taken. */
export const wholeBytes: number = 1024 * mebibyte;
/** Of one that cooperates, what is no block that could leave. */
const baseBytes = 512 * mebibyte;
const holder = path.join(import.meta.dirname, 'hold.mjs');

/** What a guest is sized by. */
type Shape = Extract<Topology, 'balloon' | 'virtio-mem' | 'held'>;

/** Memory that a guest holds. */
export interface Held {
  /** It is filled. */
  readonly held: Promise<void>;
  /** Told at the end: what it printed, of which the last word is whether it was as it was. */
  readonly done: Promise<string>;
}

/** One guest, and where QEMU is talked to. */
export class ScaledGuest implements AsyncDisposable {
  readonly machine: Machine;
  /** Of QEMU's control channel. */
  readonly socket: string;
  readonly #shape: Shape;

  /** One that is sized by its balloon. */
  static async ballooned(rig: Rig, socket: string): Promise<ScaledGuest> {
    return ScaledGuest.#start(rig, socket, 'balloon');
  }

  /** One with our agent, which runs when this returns. */
  static async cooperating(rig: Rig, socket: string): Promise<ScaledGuest> {
    return ScaledGuest.#withAgent(rig, await ScaledGuest.#start(rig, socket, 'virtio-mem'));
  }

  /** One whose agent may hold blocks, which is all that it can be sized by. */
  static async holding(rig: Rig, socket: string): Promise<ScaledGuest> {
    return ScaledGuest.#withAgent(rig, await ScaledGuest.#start(rig, socket, 'held'));
  }

  static async #withAgent(rig: Rig, guest: ScaledGuest): Promise<ScaledGuest> {
    const { socket } = guest;
    const addr = { type: 'unix', data: { path: `${socket}.agent` } };
    const backend = { type: 'socket', data: { addr, server: true, wait: false } };
    await guest.machine.control('chardev-change', { id: 'acma', backend });
    await guest.machine.put(rig.project);
    await guest.startAgent();
    return guest;
  }

  static async #start(rig: Rig, socket: string, topology: Shape): Promise<ScaledGuest> {
    const machine = await rig.start(topology, ['-qmp', `unix:${socket},server=on,wait=off`]);
    await machine.put({ '/tmp/hold.mjs': readFileSync(holder, 'utf8') });
    return new ScaledGuest(machine, socket, topology);
  }

  private constructor(machine: Machine, socket: string, shape: Shape) {
    this.machine = machine;
    this.socket = socket;
    this.#shape = shape;
  }

  /** Returns once the agent listens. */
  async startAgent(): Promise<void> {
    const option = this.#shape === 'held' ? ' --hold-blocks' : '';
    const command = `echo $$ > /tmp/agent.pid; exec thermocline agent${option} 2>&1`;
    const listens = Promise.withResolvers<void>();
    const onLine = (line: string) => {
      if (line.startsWith('The host can talk')) listens.resolve();
    };
    this.machine
      .run(['sh', '-c', command], { timeLimitMs: 200_000, onLine })
      .then(({ stdout, stderr }) => listens.reject(new Error(`it ended: ${stdout}${stderr}`)))
      // The machine was thrown away meanwhile, as each is in the end.
      .catch((error: Error) => listens.reject(error));
    await listens.promise;
  }

  async killAgent(): Promise<void> {
    await this.machine.run(['sh', '-c', 'kill -9 $(cat /tmp/agent.pid)']);
  }

  /** Has the guest hold memory for so long. */
  hold(mebibytes: number, seconds: number): Held {
    const held = Promise.withResolvers<void>();
    const command = ['node', '/tmp/hold.mjs', `${mebibytes}`, `${seconds}`];
    const run = this.machine.run(command, {
      timeLimitMs: (seconds + 40) * 1000,
      onLine: () => held.resolve(),
    });
    const done = run.then(({ stdout, stderr, signal }) => {
      const said = `${stdout.trim()}${stderr}${signal ?? ''}`;
      held.reject(new Error(`it ended before it held anything: ${said}`));
      return said;
    });
    done.catch((error: Error) => held.reject(error));
    // A guest may be thrown away while nobody waits.
    held.promise.catch(() => {});
    return { held: held.promise, done };
  }

  /** What the files that its memory is in take of the host. */
  get hostBytes(): number {
    const emulator = descendants(this.machine.pid).find(isEmulator)!;
    const folder = `/proc/${emulator}/fd`;
    return readdirSync(folder)
      .filter((fd) => readlinkSync(`${folder}/${fd}`).startsWith('/memfd:'))
      .reduce((sum, fd) => sum + statSync(`${folder}/${fd}`).blocks * 512, 0);
  }

  /** What it has, by QEMU's account. */
  async sizeBytes(): Promise<number> {
    if (this.#shape === 'balloon') {
      return (await this.machine.control<{ actual: number }>('query-balloon')).actual;
    }
    const [device] = await this.machine.control<DeviceAnswer[]>('query-memory-devices');
    return baseBytes + device!.data.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.machine[Symbol.asyncDispose]();
  }
}

interface DeviceAnswer {
  readonly data: { readonly size: number };
}
