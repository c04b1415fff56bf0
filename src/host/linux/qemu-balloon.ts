/** The balloon of a QEMU guest: its size, and what the guest's driver reports (virtio-balloon). */
import { ThermoclineError } from '../../base/errors.ts';
import type { BalloonUndo } from '../host.ts';
import { Qmp } from './qmp.ts';

/** So often the guest is asked; QEMU counts in seconds. */
const POLLING_SECONDS = 1;
/** What a guest does not know is -1, which comes as the largest number of 64 bits. */
const UNKNOWN_FROM = 2 ** 63;
const BALLOON = /^child<virtio-balloon/;
/** Devices with a name of their own, and those without. */
const DEVICE_FOLDERS = ['/machine/peripheral', '/machine/peripheral-anon'];

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

/** How a guest stands. */
export interface BalloonFigures {
  /** What the balloon leaves it. */
  readonly sizeBytes: number;
  /** False while it is paused, or has ended. */
  readonly isRunning: boolean;
  readonly isMigrating: boolean;
  readonly report: GuestReport;
}

/** One guest with a balloon. */
export class QemuBalloon implements Disposable {
  /** All the memory that it has with an empty balloon. */
  readonly ramBytes: number;
  /** What puts things back as they were. */
  readonly undo: BalloonUndo;
  readonly #qmp: Qmp;

  /**
   * Only looks.
   * @throws ThermoclineError TC_UNSUPPORTED for a guest without a balloon, or as `Qmp.open`
   */
  static async open(socketPath: string): Promise<QemuBalloon> {
    const qmp = await Qmp.open(socketPath);
    try {
      const device = await balloonOf(qmp);
      const ram = await qmp.execute<Record<string, number>>('query-memory-size-summary');
      const { actual } = await qmp.execute<{ actual: number }>('query-balloon');
      const pollingSeconds = await qmp.execute<number>('qom-get', pollingOf(device));
      const undo = { qmpSocket: socketPath, device, balloonBytes: actual, pollingSeconds };
      return new QemuBalloon(qmp, undo, (ram['base-memory'] ?? 0) + (ram['plugged-memory'] ?? 0));
    } catch (error) {
      qmp[Symbol.dispose]();
      throw error;
    }
  }

  private constructor(qmp: Qmp, undo: BalloonUndo, ramBytes: number) {
    this.#qmp = qmp;
    this.undo = undo;
    this.ramBytes = ramBytes;
  }

  /** Has the guest report once a second, which it otherwise does not. */
  async startReports(): Promise<void> {
    const { device, pollingSeconds } = this.undo;
    if (pollingSeconds === POLLING_SECONDS) return;
    await this.#qmp.execute('qom-set', { ...pollingOf(device), value: POLLING_SECONDS });
  }

  /** Has it report as often as before. */
  async endReports(): Promise<void> {
    const { device, pollingSeconds } = this.undo;
    if (pollingSeconds === POLLING_SECONDS) return;
    await this.#qmp.execute('qom-set', { ...pollingOf(device), value: pollingSeconds });
  }

  async figures(): Promise<BalloonFigures> {
    const guestStats = { path: this.undo.device, property: 'guest-stats' };
    const [{ actual }, { running }, { status }, answer] = await Promise.all([
      this.#qmp.execute<{ actual: number }>('query-balloon'),
      this.#qmp.execute<{ running: boolean }>('query-status'),
      this.#qmp.execute<{ status?: string }>('query-migrate'),
      this.#qmp.execute<StatsAnswer>('qom-get', guestStats),
    ]);
    return {
      sizeBytes: actual,
      isRunning: running,
      isMigrating: MIGRATING.has(status ?? 'none'),
      report: reportOf(answer),
    };
  }

  /** Has the balloon leave the guest so much; its driver does that at its own pace. */
  async setSize(bytes: number): Promise<void> {
    await this.#qmp.execute('balloon', { value: bytes });
  }

  [Symbol.dispose](): void {
    this.#qmp[Symbol.dispose]();
  }
}

/** Puts a balloon back. Doing it twice does no harm. */
export async function putBackBalloon(undo: BalloonUndo): Promise<'restored' | 'gone'> {
  let qmp: Qmp;
  try {
    qmp = await Qmp.open(undo.qmpSocket);
  } catch (error) {
    // A guest that has ended took its balloon along.
    if (error instanceof ThermoclineError && error.code === 'TC_NOT_FOUND') return 'gone';
    throw error;
  }
  using _qmp = qmp;
  await qmp.execute('balloon', { value: undo.balloonBytes });
  await qmp.execute('qom-set', { ...pollingOf(undo.device), value: undo.pollingSeconds });
  return 'restored';
}

const MIGRATING: ReadonlySet<string> = new Set(['setup', 'active', 'postcopy-active', 'device']);

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

function pollingOf(device: string): { readonly path: string; readonly property: string } {
  return { path: device, property: 'guest-stats-polling-interval' };
}

async function balloonOf(qmp: Qmp): Promise<string> {
  for (const folder of DEVICE_FOLDERS) {
    const devices = await qmp.execute<{ name: string; type: string }[]>('qom-list', {
      path: folder,
    });
    const found = devices.find(({ type }) => BALLOON.test(type));
    if (found !== undefined) return `${folder}/${found.name}`;
  }
  throw new ThermoclineError(
    'TC_UNSUPPORTED',
    `The guest at ${qmp.path} has no balloon; start QEMU with -device virtio-balloon-pci.`,
  );
}
