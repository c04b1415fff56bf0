/**
 * Answers on QEMU's control channel as QEMU does, with a balloon, and a guest in it; with a memory
 * device and a port for an agent where a test adds them.
 */
import { createServer, type Server, type Socket } from 'node:net';

/** Where devices are. */
const BALLOON = '/machine/peripheral/balloon0';
const MEMORY = '/machine/peripheral/memory0';
const PORT = '/machine/peripheral-anon/device[3]';
/** What a guest's driver does not know. */
const UNKNOWN = 2 ** 64;

interface Command {
  readonly execute: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
  readonly id?: number;
}

/** Memory of a guest in one shared file, as QEMU and the kernel tell of it. */
interface FakeRam {
  /** Where the guest has its first byte. */
  readonly address: number;
  readonly sizeBytes: number;
  /** Where QEMU has it, as in its `/proc/PID/maps`. */
  hostAddress: number;
}

/** A virtio-mem device: its fields are the device's. */
interface FakeMemoryDevice {
  readonly mostBytes: number;
  blockBytes: number;
  requestedBytes: number;
  pluggedBytes: number;
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
  /** Whether the guest has one for its balloon. */
  hasDriver = true;
  /** Beside `ramBytes`; null: none. */
  memoryDevice: FakeMemoryDevice | null = null;
  /** What of its memory can be told in QEMU's own addresses. */
  readonly rams: FakeRam[] = [];
  isShared = true;
  /** Other devices by type, disks by driver, networks, jobs, and who keeps its memory secret. */
  readonly deviceTypes: string[] = [];
  readonly diskDrivers: string[] = ['qcow2'];
  networks = '';
  readonly jobTypes: string[] = [];
  confidential = '';
  /** Called when it is stopped, before anybody can look. */
  onStop: (() => void) | null = null;
  /** What is behind the port of an agent, as QEMU tells of it; null: there is no port. */
  agentChardev: string | null = null;
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

  /** What the guest can use of all that it has. */
  get sizeBytes(): number {
    return this.actualBytes + (this.memoryDevice?.pluggedBytes ?? 0);
  }

  /** Gives it memory in blocks of 2 MiB beside what it has, all of it plugged. */
  addMemoryDevice(mostBytes: number): FakeMemoryDevice {
    const all = { requestedBytes: mostBytes, pluggedBytes: mostBytes };
    this.memoryDevice = { mostBytes, blockBytes: 2 * 2 ** 20, ...all };
    return this.memoryDevice;
  }

  /** A second of the guest: its balloon moves, its blocks come and go, and its driver reports. */
  tick(): void {
    const device = this.memoryDevice;
    if (device !== null) {
      const { requestedBytes, pluggedBytes } = device;
      device.pluggedBytes = Math.max(requestedBytes, pluggedBytes - this.bytesAStep);
    }
    const least = Math.max(this.targetBytes, this.actualBytes - this.bytesAStep);
    this.actualBytes = this.targetBytes > this.actualBytes ? this.targetBytes : least;
    if (this.pollingSeconds > 0 && this.isRunning && this.hasDriver) this.#updatedAtSeconds += 1;
  }

  /** Answers what has come while it was deaf. */
  hear(): void {
    this.isDeaf = false;
    for (const answer of this.#unheard.splice(0)) answer();
  }

  /** Cuts the line; the next client is served. */
  cut(): void {
    this.#client?.destroy();
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
      case 'qom-list':
        return this.#children(args['path'] as string);
      case 'query-memory-size-summary':
        return { 'base-memory': this.ramBytes };
      case 'query-memory-devices':
        return this.#memoryDevices();
      case 'query-chardev':
        return [{ label: 'acma', filename: this.agentChardev ?? '', 'frontend-open': true }];
      case 'query-balloon':
        return { actual: this.actualBytes };
      case 'query-status':
        return { running: this.isRunning, status: this.isRunning ? 'running' : 'paused' };
      case 'stop':
      case 'cont':
        this.isRunning = execute === 'cont';
        this.orders.push(execute);
        if (execute === 'stop') this.onStop?.();
        return {};
      case 'query-memdev':
        return this.rams.map(() => ({ id: 'ram', share: this.isShared }));
      case 'query-named-block-nodes':
        return this.diskDrivers.map((drv) => ({ 'node-name': drv, drv }));
      case 'query-jobs':
        return this.jobTypes.map((type) => ({ id: 'job0', type, status: 'running' }));
      case 'human-monitor-command':
        return this.#monitor(args['command-line'] as string);
      case 'query-migrate':
        return this.migration === 'none' ? {} : { status: this.migration };
      case 'balloon':
        this.targetBytes = args['value'] as number;
        this.orders.push(`balloon ${this.targetBytes}`);
        return {};
      case 'qom-get':
        return this.#property(args['path'] as string, args['property'] as string);
      case 'qom-set':
        return this.#set(args['property'] as string, args['value'] as number);
      default:
        return null;
    }
  }

  #memoryDevices(): unknown {
    if (this.memoryDevice === null) return [];
    const { mostBytes, pluggedBytes } = this.memoryDevice;
    return [{ type: 'virtio-mem', data: { 'max-size': mostBytes, size: pluggedBytes } }];
  }

  #monitor(command: string): string {
    if (command === 'info network') return this.networks;
    const asked = command.replace('gpa2hva ', '');
    const address = Number(asked);
    const ram = this.rams.find(
      (one) => address >= one.address && address < one.address + one.sizeBytes,
    );
    if (ram === undefined) return `No memory is mapped at address ${asked}\r\n`;
    const host = (ram.hostAddress + address - ram.address).toString(16);
    return `Host virtual address for ${asked} (ram) is 0x${host}\r\n`;
  }

  #children(path: string): unknown {
    const all = [
      ...(this.hasBalloon ? [[BALLOON, 'child<virtio-balloon-pci>']] : []),
      ...(this.memoryDevice === null ? [] : [[MEMORY, 'child<virtio-mem-pci>']]),
      ...(this.agentChardev === null ? [] : [[PORT, 'child<virtserialport>']]),
      ...this.deviceTypes.map((type) => [`/machine/peripheral/${type}`, `child<${type}>`]),
    ];
    const found = all.filter(([device]) => device!.startsWith(`${path}/`));
    return [
      { name: 'type', type: 'string' },
      ...found.map(([device, type]) => ({ name: device!.slice(path.length + 1), type })),
    ];
  }

  #property(path: string, property: string): unknown {
    const { memoryDevice } = this;
    switch (`${path} ${property}`) {
      case `${BALLOON} guest-stats`:
        return this.#stats();
      case `${BALLOON} guest-stats-polling-interval`:
        return this.pollingSeconds;
      case `${MEMORY} size`:
        return memoryDevice?.pluggedBytes ?? null;
      case `${MEMORY} requested-size`:
        return memoryDevice?.requestedBytes ?? null;
      case `${MEMORY} block-size`:
        return memoryDevice?.blockBytes ?? null;
      case '/machine confidential-guest-support':
        return this.confidential;
      case `${PORT} name`:
        return 'thermocline.acma';
      case `${PORT} chardev`:
        return 'acma';
      default:
        return null;
    }
  }

  #set(property: string, value: number): unknown {
    if (property === 'requested-size' && this.memoryDevice !== null) {
      if (value % this.memoryDevice.blockBytes !== 0) return null;
      this.memoryDevice.requestedBytes = value;
      // A guest plugs at once, and unplugs when it can.
      const { pluggedBytes } = this.memoryDevice;
      this.memoryDevice.pluggedBytes = Math.max(value, pluggedBytes);
      this.orders.push(`request ${value}`);
      return {};
    }
    if (property !== 'guest-stats-polling-interval') return null;
    this.pollingSeconds = value;
    this.orders.push(`poll ${value}`);
    // A driver answers the first question at once.
    if (value > 0 && this.hasDriver) this.#updatedAtSeconds += 1;
    return {};
  }

  #stats(): unknown {
    const freeBytes = Math.max(0, this.sizeBytes - this.usedBytes);
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
