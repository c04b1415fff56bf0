/**
 * Memory that a guest's kernel lets go of block by block (virtio-mem): QEMU is told how much the
 * guest shall have of it, the guest's driver moves away what its blocks hold, and QEMU gives each
 * block that is let go of back to the host, and counts it.
 */
import { alignUp } from '../../base/arithmetic.ts';
import { ThermoclineError } from '../../base/errors.ts';
import { formatBytes } from '../../base/units.ts';
import type { LeverStep, MemoryDeviceUndo } from '../host.ts';
import { devicesOfType, propertyOf } from './qemu-devices.ts';
import { openIfAny, type Qmp } from './qmp.ts';
import type { SizeLever } from './size-lever.ts';

const MEMORY_DEVICE = /^child<virtio-mem/;
const REQUESTED = 'requested-size';
/** What is taken at a time; one of larger blocks would follow an order by halves. */
const BLOCK_BYTES = 2 * 2 ** 20;

/** What of a guest's memory is virtio-mem. */
export class QemuMemoryDevice implements SizeLever {
  readonly totalBytes: number;
  readonly leastBytes: number;
  readonly step: LeverStep;
  readonly #qmp: Qmp;
  readonly #device: string;

  /**
   * Only looks. Null for a guest without one.
   * @throws ThermoclineError TC_UNSUPPORTED for several, or one of other blocks than 2 MiB
   */
  static async of(qmp: Qmp): Promise<QemuMemoryDevice | null> {
    const [device, second] = await devicesOfType(qmp, MEMORY_DEVICE);
    if (device === undefined) return null;
    const blockBytes = await propertyOf<number>(qmp, device, 'block-size');
    if (second !== undefined || blockBytes !== BLOCK_BYTES) {
      const what = second ? 'two memory devices' : `blocks of ${formatBytes(blockBytes)}`;
      throw new ThermoclineError(
        'TC_UNSUPPORTED',
        `The guest at ${qmp.path} has ${what}; start QEMU with one -device virtio-mem-pci,block-size=2M.`,
      );
    }
    const ram = await qmp.execute<Record<string, number>>('query-memory-size-summary');
    const requestedBytes = await propertyOf<number>(qmp, device, REQUESTED);
    const undo = { qmpSocket: qmp.path, device, requestedBytes };
    const devices = await qmp.execute<DeviceAnswer[]>('query-memory-devices');
    const own = devices.find(({ type }) => type.startsWith('virtio-mem'))!;
    return new QemuMemoryDevice(qmp, undo, ram['base-memory'] ?? 0, own.data['max-size']);
  }

  private constructor(qmp: Qmp, undo: MemoryDeviceUndo, baseBytes: number, mostBytes: number) {
    this.#qmp = qmp;
    this.#device = undo.device;
    this.leastBytes = baseBytes;
    this.totalBytes = baseBytes + mostBytes;
    const text = `qom-set ${undo.device} ${REQUESTED} BYTES, to QEMU at ${qmp.path}`;
    this.step = { text, undo };
  }

  async sizeBytes(): Promise<number> {
    return this.leastBytes + (await propertyOf<number>(this.#qmp, this.#device, 'size'));
  }

  async setSize(bytes: number): Promise<void> {
    await request(this.#qmp, this.#device, this.#requestedFor(bytes));
  }

  orderText(bytes: number): string {
    return `qom-set ${this.#device} ${REQUESTED} ${this.#requestedFor(bytes)}`;
  }

  /** Whole blocks, and never less than what was ordered: `-m` may be any size. */
  #requestedFor(bytes: number): number {
    const wanted = alignUp(bytes - this.leastBytes, BLOCK_BYTES);
    return Math.max(0, Math.min(wanted, this.totalBytes - this.leastBytes));
  }
}

/** Has the guest have as much as before. Doing it twice does no harm. */
export async function putBackMemoryDevice(undo: MemoryDeviceUndo): Promise<'restored' | 'gone'> {
  using qmp = await openIfAny(undo.qmpSocket);
  if (qmp === null) return 'gone';
  await request(qmp, undo.device, undo.requestedBytes);
  return 'restored';
}

interface DeviceAnswer {
  readonly type: string;
  readonly data: { readonly 'max-size': number };
}

async function request(qmp: Qmp, path: string, value: number): Promise<void> {
  await qmp.execute('qom-set', { path, property: REQUESTED, value });
}
