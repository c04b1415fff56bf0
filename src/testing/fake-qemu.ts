/** Answers on QEMU's control channel as QEMU does, with a balloon, and a guest in it. */
import { createServer, type Server, type Socket } from 'node:net';

/** Where the balloon is. */
const DEVICE = '/machine/peripheral/balloon0';
/** What a guest's driver does not know. */
const UNKNOWN = 2 ** 64;

interface Command {
  readonly execute: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
  readonly id?: number;
}

/** Its fields are the guest: tests set them, and clients see them. */
export class FakeQemu implements AsyncDisposable {
  readonly ramBytes: number;
  /** What the guest's programs hold. */
  usedBytes: number;
  /** What the balloon was told to leave. */
  targetBytes: number;
  /** What it leaves now. */
  actualBytes: number;
  /** The guest lets go of so much at a time; a balloon that shrinks does so at once. */
  bytesAStep: number = Number.POSITIVE_INFINITY;
  majorFaults = 0;
  pollingSeconds = 0;
  isRunning = true;
  migration = 'none';
  hasBalloon = true;
  /** It is busy: commands wait until {@link hear}. */
  isDeaf = false;
  /** Sends what no QEMU would, in place of the next answer. */
  nextLine: string | null = null;
  /** Commands that set something, in their order. */
  readonly orders: string[] = [];
  #updatedAtSeconds = 0;
  #client: Socket | null = null;
  readonly #waiting: Socket[] = [];
  readonly #unheard: (() => void)[] = [];
  readonly #server: Server;

  /** Listens at `path`. */
  static async listen(path: string, ramBytes: number, usedBytes: number): Promise<FakeQemu> {
    const fake = new FakeQemu(ramBytes, usedBytes);
    await new Promise<void>((resolve) => fake.#server.listen(path, resolve));
    return fake;
  }

  private constructor(ramBytes: number, usedBytes: number) {
    this.ramBytes = ramBytes;
    this.usedBytes = usedBytes;
    this.targetBytes = ramBytes;
    this.actualBytes = ramBytes;
    this.#server = createServer((socket) => {
      socket.on('error', () => {});
      this.#waiting.push(socket);
      this.#serveNext();
    });
  }

  /** A second of the guest: its balloon moves, and its driver reports. */
  tick(): void {
    const least = Math.max(this.targetBytes, this.actualBytes - this.bytesAStep);
    this.actualBytes = this.targetBytes > this.actualBytes ? this.targetBytes : least;
    if (this.pollingSeconds > 0 && this.isRunning) this.#updatedAtSeconds += 1;
  }

  /** Answers what has come while it was deaf. */
  hear(): void {
    this.isDeaf = false;
    for (const answer of this.#unheard.splice(0)) answer();
  }

  /** Ends, as QEMU does with its guest. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of [this.#client, ...this.#waiting]) socket?.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** One client at a time, as QEMU does. */
  #serveNext(): void {
    if (this.#client !== null) return;
    const client = this.#waiting.shift();
    if (client === undefined) return;
    this.#client = client;
    let text = '';
    client.setEncoding('utf8').on('data', (piece: string) => {
      const lines = (text + piece).split('\n');
      text = lines.pop()!;
      for (const line of lines) {
        const answer = () => this.#answer(client, JSON.parse(line) as Command);
        if (this.isDeaf) this.#unheard.push(answer);
        else answer();
      }
    });
    client.on('close', () => {
      this.#client = null;
      this.#serveNext();
    });
    client.write(`${JSON.stringify({ QMP: { version: {}, capabilities: [] } })}\n`);
  }

  #answer(client: Socket, { execute, arguments: args = {}, id }: Command): void {
    if (this.nextLine !== null) {
      client.write(`${this.nextLine}\n`);
      this.nextLine = null;
      return;
    }
    client.write(`${JSON.stringify({ event: 'RTC_CHANGE', data: {} })}\n`);
    const answer = this.#carryOut(execute, args);
    const error = { class: 'GenericError', desc: `${execute} is not possible` };
    client.write(`${JSON.stringify(answer === null ? { error, id } : { return: answer, id })}\n`);
  }

  #carryOut(execute: string, args: Readonly<Record<string, unknown>>): unknown {
    switch (execute) {
      case 'qmp_capabilities':
        return {};
      case 'qom-list': {
        const type = 'child<virtio-balloon-pci>';
        const isThere = this.hasBalloon && args['path'] === '/machine/peripheral';
        return isThere
          ? [
              { name: 'type', type: 'string' },
              { name: 'balloon0', type },
            ]
          : [];
      }
      case 'query-memory-size-summary':
        return { 'base-memory': this.ramBytes, 'plugged-memory': 0 };
      case 'query-balloon':
        return { actual: this.actualBytes };
      case 'query-status':
        return { running: this.isRunning, status: this.isRunning ? 'running' : 'paused' };
      case 'query-migrate':
        return this.migration === 'none' ? {} : { status: this.migration };
      case 'balloon':
        this.targetBytes = args['value'] as number;
        this.orders.push(`balloon ${this.targetBytes}`);
        return {};
      case 'qom-get':
      case 'qom-set':
        return args['path'] === DEVICE ? this.#property(execute, args) : null;
      default:
        return null;
    }
  }

  #property(execute: string, { property, value }: Readonly<Record<string, unknown>>): unknown {
    if (property === 'guest-stats') return this.#stats();
    if (property !== 'guest-stats-polling-interval') return null;
    if (execute === 'qom-get') return this.pollingSeconds;
    this.pollingSeconds = value as number;
    this.orders.push(`poll ${this.pollingSeconds}`);
    // A driver answers the first question at once.
    if (this.pollingSeconds > 0) this.#updatedAtSeconds += 1;
    return {};
  }

  #stats(): unknown {
    const freeBytes = Math.max(0, this.actualBytes - this.usedBytes);
    return {
      'last-update': this.#updatedAtSeconds,
      stats: {
        'stat-free-memory': freeBytes,
        'stat-available-memory': freeBytes,
        'stat-total-memory': this.ramBytes,
        'stat-major-faults': this.majorFaults,
        'stat-swap-in': UNKNOWN,
      },
    };
  }
}
