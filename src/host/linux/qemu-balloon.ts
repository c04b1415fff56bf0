/** The balloon of a QEMU guest: its size, and what the guest's driver reports (virtio-balloon). */
import type { BalloonUndo, LeverStep } from '../host.ts';
import { devicesOfType, propertyOf } from './qemu-devices.ts';
import { openIfAny, type Qmp } from './qmp.ts';
import type { SizeLever } from './size-lever.ts';

/** So often the guest is asked; QEMU counts in seconds. */
const POLLING_SECONDS = 1;
/** What a guest does not know is -1, which comes as the largest number of 64 bits. */
const UNKNOWN_FROM = 2 ** 63;
const BALLOON = /^child<virtio-balloon/;
const POLLING = 'guest-stats-polling-interval';

/** What the guest's kernel reports of itself: its word, not the host's. */
export interface GuestReport {
  /** The host's clock when it came, in seconds since 1970; 0 before the first one. */
  readonly takenAtSeconds: number;
  readonly freeBytes: number;
  /** Free, or free as soon as it is wanted. */
  readonly availableBytes: number;
  /** Since its boot: accesses that had to wait for a disk. */
  readonly majorFaults: number;
  readonly swappedInBytes: number;
}

/** One guest's balloon. */
export class QemuBalloon implements SizeLever {
  readonly totalBytes: number;
  readonly leastBytes: number = 0;
  readonly step: LeverStep;
  /** What {@link startReports} writes. */
  readonly reportsStep: LeverStep;
  readonly #qmp: Qmp;
  readonly #undo: BalloonUndo;

  /** Only looks. Null for a guest without a balloon. */
  static async of(qmp: Qmp): Promise<QemuBalloon | null> {
    const [device] = await devicesOfType(qmp, BALLOON);
    if (device === undefined) return null;
    const ram = await qmp.execute<Record<string, number>>('query-memory-size-summary');
    const devices = await qmp.execute<DeviceAnswer[]>('query-memory-devices');
    // A balloon is blind to memory of other kinds.
    const dimms = devices.filter(({ type }) => type === 'dimm');
    const plugged = dimms.reduce((sum, { data }) => sum + data.size, 0);
    const { actual } = await qmp.execute<{ actual: number }>('query-balloon');
    const pollingSeconds = await propertyOf<number>(qmp, device, POLLING);
    const undo = { qmpSocket: qmp.path, device, balloonBytes: actual, pollingSeconds };
    return new QemuBalloon(qmp, undo, (ram['base-memory'] ?? 0) + plugged);
  }

  private constructor(qmp: Qmp, undo: BalloonUndo, ramBytes: number) {
    this.#qmp = qmp;
    this.#undo = undo;
    this.totalBytes = ramBytes;
    this.step = { text: `${this.orderText('BYTES')}, to QEMU at ${qmp.path}`, undo };
    const text = `qom-set ${undo.device} ${POLLING} ${POLLING_SECONDS}, to QEMU at ${qmp.path}`;
    this.reportsStep = { text, undo };
  }

  async sizeBytes(): Promise<number> {
    return (await this.#qmp.execute<{ actual: number }>('query-balloon')).actual;
  }

  async setSize(bytes: number): Promise<void> {
    await this.#qmp.execute('balloon', { value: bytes });
  }

  orderText(bytes: number | 'BYTES'): string {
    return `balloon ${bytes}`;
  }

  /** Has the guest report once a second, which it otherwise does not. */
  async startReports(): Promise<void> {
    await this.#poll(POLLING_SECONDS);
  }

  /** Has it report as often as before. */
  async endReports(): Promise<void> {
    await this.#poll(this.#undo.pollingSeconds);
  }

  async report(): Promise<GuestReport> {
    const { device } = this.#undo;
    return reportOf(await propertyOf<StatsAnswer>(this.#qmp, device, 'guest-stats'));
  }

  async #poll(seconds: number): Promise<void> {
    const { device, pollingSeconds } = this.#undo;
    if (pollingSeconds === POLLING_SECONDS) return;
    await this.#qmp.execute('qom-set', { path: device, property: POLLING, value: seconds });
  }
}

/** Puts a balloon back. Doing it twice does no harm. */
export async function putBackBalloon(undo: BalloonUndo): Promise<'restored' | 'gone'> {
  // A guest that has ended took its balloon along.
  using qmp = await openIfAny(undo.qmpSocket);
  if (qmp === null) return 'gone';
  const { device, balloonBytes, pollingSeconds } = undo;
  await qmp.execute('balloon', { value: balloonBytes });
  await qmp.execute('qom-set', { path: device, property: POLLING, value: pollingSeconds });
  return 'restored';
}

interface DeviceAnswer {
  readonly type: string;
  readonly data: { readonly size: number };
}

interface StatsAnswer {
  readonly stats: Readonly<Record<string, unknown>>;
  readonly 'last-update': number;
}

function reportOf({ stats, 'last-update': takenAtSeconds }: StatsAnswer): GuestReport {
  const figure = (name: string) => {
    const value = Number(stats[`stat-${name}`]);
    return value >= 0 && value < UNKNOWN_FROM ? value : null;
  };
  const freeBytes = figure('free-memory') ?? 0;
  return {
    takenAtSeconds,
    freeBytes,
    availableBytes: figure('available-memory') ?? freeBytes,
    majorFaults: figure('major-faults') ?? 0,
    swappedInBytes: figure('swap-in') ?? 0,
  };
}
