/**
 * A QEMU guest, sized by its memory device (virtio-mem), of which its kernel lets go of whole
 * blocks, or by its balloon. One with our agent cooperates: it says how it stands, and makes room
 * when it is asked to. Of any other, the word of its balloon's driver is all there is.
 */
import { alignDown } from '../../base/arithmetic.ts';
import { type Clock, monotonicClock } from '../../base/clock.ts';
import { ThermoclineError } from '../../base/errors.ts';
import { formatBytes } from '../../base/units.ts';
import type { LeverStep } from '../../host/host.ts';
import { AgentLink } from '../../host/linux/agent-link.ts';
import { agentSocketOf } from '../../host/linux/qemu-agent-socket.ts';
import { QemuBalloon } from '../../host/linux/qemu-balloon.ts';
import { type RunState, runStateOf } from '../../host/linux/qemu-devices.ts';
import { QemuMemoryDevice } from '../../host/linux/qemu-memory-device.ts';
import { Qmp } from '../../host/linux/qmp.ts';
import type { SizeLever } from '../../host/linux/size-lever.ts';
import {
  type AcmaDecision,
  type AcmaKnobs,
  type AcmaObservation,
  BLOCK_BYTES,
  WINDOW_BYTES,
} from '../../policies/acma/observation.ts';
import type { Verdict } from '../loop-guards.ts';
import type { AcmaActuator, Applied } from './actuator.ts';
import { AgentReports } from './agent-reports.ts';
import { BalloonReports } from './balloon-reports.ts';
import type { GuestFigures, GuestReports, GuestWish } from './guest-reports.ts';
import { HeldBlocks, type HeldCounts } from './held-blocks.ts';
import { type HoldingOptions, holdBlocks } from './hold-blocks.ts';
import { SizeOrders, type SizeStanding } from './size-orders.ts';
import { windowsBelow } from './size-windows.ts';

/** What blocks hold needs somewhere to go, so that this much beyond them is to be free. */
const ROOM_TO_MOVE_BYTES = 32 * 2 ** 20;

/** How a guest is scaled. */
export interface QemuActuatorOptions {
  /** Of QEMU's control channel. */
  readonly socketPath: string;
  readonly knobs: AcmaKnobs;
  readonly clock?: Clock;
  /** So long an answer of its agent is waited for. */
  readonly answerLimitMs?: number;
  /** Size it by blocks that its agent holds, and not by its devices; not there: don't. */
  readonly holding?: Pick<HoldingOptions, 'roots' | 'journal'>;
}

/** As journals and people call it. */
export function guestName(socketPath: string): string {
  return `guest ${socketPath}`;
}

/** One guest. What is taken from it counts as lying at the top. */
export class QemuActuator implements AcmaActuator {
  readonly name: string;
  readonly steps: readonly LeverStep[];
  readonly totalBytes: number;
  readonly #qmp: Qmp;
  readonly #lever: SizeLever;
  readonly #reports: GuestReports;
  readonly #clock: Clock;
  readonly #orders = new SizeOrders();
  #runState: RunState = { isRunning: false, isMigrating: false };
  #figures: GuestFigures | null = null;
  #sizeBytes = 0;
  #reclaimedBytes = 0;

  /**
   * Only looks.
   * @throws ThermoclineError TC_INVALID for a minimum above the guest's memory, TC_UNSUPPORTED for
   * one that nothing can size, or as `Qmp.open`
   */
  static async open(options: QemuActuatorOptions): Promise<QemuActuator> {
    const { socketPath, knobs, clock = monotonicClock, answerLimitMs, holding } = options;
    const qmp = await Qmp.open(socketPath);
    try {
      const name = guestName(socketPath);
      const balloon = await QemuBalloon.of(qmp);
      const agentSocket = await agentSocketOf(qmp);
      const patience = answerLimitMs === undefined ? {} : { answerLimitMs };
      const link =
        agentSocket === null
          ? null
          : new AgentLink({ socketPath: agentSocket, clock, ...patience });
      const held = holding ? await holdBlocks({ ...holding, name, qmp, link, clock }) : null;
      const lever = held ?? (await QemuMemoryDevice.of(qmp)) ?? balloon;
      if (lever === null || (balloon === null && link === null)) throw nothingToGoBy(qmp);
      checkKnobs(knobs, lever, socketPath);
      const outside = balloon && new BalloonReports(name, balloon, clock);
      const reports = link === null ? outside! : new AgentReports(name, link, outside, clock);
      const asks = balloon === null || lever === balloon ? [] : [balloon.reportsStep];
      return new QemuActuator(qmp, lever, reports, [lever.step, ...asks], clock);
    } catch (error) {
      qmp[Symbol.dispose]();
      throw error;
    }
  }

  private constructor(
    qmp: Qmp,
    lever: SizeLever,
    reports: GuestReports,
    steps: readonly LeverStep[],
    clock: Clock,
  ) {
    this.#qmp = qmp;
    this.#lever = lever;
    this.#reports = reports;
    this.#clock = clock;
    this.name = guestName(qmp.path);
    this.totalBytes = alignDown(lever.totalBytes, BLOCK_BYTES);
    this.steps = steps;
  }

  get pressureFrom(): string {
    return this.#reports.pressureFrom;
  }

  get leastBytes(): number {
    return this.#lever.leastBytes;
  }

  get agentBytes(): number {
    return this.#figures?.agentBytes ?? 0;
  }

  nrFreeBlocks(): number | null {
    return this.#figures?.nrFreeBlocks ?? null;
  }

  /** The first time, it waits for the guest's first figures. */
  async observe(): Promise<AcmaObservation> {
    const [runState, figures] = await Promise.all([runStateOf(this.#qmp), this.#reports.latest()]);
    this.#runState = runState;
    // Last, so that what it let go of meanwhile is not taken from it a second time.
    this.#sizeBytes = alignDown(await this.#lever.sizeBytes(), BLOCK_BYTES);
    this.#figures = bounded(figures, this.#sizeBytes);
    return {
      nowMs: this.#nowMs(),
      takenAtMs: figures.takenAtMs,
      totalBytes: this.totalBytes,
      sizeBytes: this.#sizeBytes,
      freeBytes: this.#figures.availableBytes,
      coldBytes: this.#figures.coldBytes,
      someTotalUs: figures.stalledUs,
      refaultedBytes: figures.refaultedBytes,
      hostFaultedBytes: null,
      windows: windowsBelow(this.totalBytes, this.#sizeBytes),
    };
  }

  stalledUs(): number {
    return this.#reports.stalledUs();
  }

  verdict(): Verdict {
    const hold = (sentence: string): Verdict => ({ state: 'hold', sentence });
    if (this.#runState.isMigrating) return hold('The guest is being migrated.');
    if (!this.#runState.isRunning) return hold('The guest is paused.');
    return { state: 'go', sentence: '' };
  }

  plan(decision: AcmaDecision): string[] {
    const wanted = this.#orders.wanted(decision, this.#standing());
    const { reclaimBytes, compact } = this.#wish(decision, wanted);
    return [
      ...(reclaimBytes > 0 ? [`agent: reclaim ${reclaimBytes}`] : []),
      ...(compact ? ['agent: compact'] : []),
      ...(wanted === null ? [] : [this.#lever.orderText(wanted)]),
    ];
  }

  async apply(decision: AcmaDecision): Promise<Applied> {
    const standing = this.#standing();
    const nrFailed = this.#orders.givenUp(standing);
    const wanted = this.#orders.wanted(decision, standing);
    const wish = this.#wish(decision, wanted);
    if (wish.reclaimBytes > 0 || wish.compact) await this.#reports.ask(wish);
    if (wanted !== null) {
      await this.#lever.setSize(wanted);
      this.#orders.ordered(wanted, standing);
    }
    const granted = this.#orders.granted(standing);
    return {
      sizeBytes: granted,
      overshootBytes: Math.max(0, this.#sizeBytes - granted),
      windows: windowsBelow(this.totalBytes, granted),
      reclaimedBytes: this.#reclaimedSince(),
      nrFailed,
    };
  }

  get held(): HeldCounts | null {
    return this.#lever instanceof HeldBlocks ? this.#lever.counts : null;
  }

  /** Puts back how often the guest is asked, and has it have what its agent holds. */
  async close(): Promise<void> {
    using _qmp = this.#qmp;
    if (this.#lever instanceof HeldBlocks) await this.#lever.close().catch(() => {});
    // A guest that has ended needs nothing.
    await this.#reports.close().catch(() => {});
  }

  /** Cold memory leaves first, and what is to be surrendered gets room to move its pages to. */
  #wish({ reclaimBytes }: AcmaDecision, wanted: number | null): GuestWish {
    if (!this.#reports.cooperates) return { reclaimBytes: 0, compact: false };
    const takenBytes = wanted === null ? 0 : Math.max(0, this.#sizeBytes - wanted);
    const { freeBytes, nrFreeBlocks } = this.#figures!;
    const forRoom = takenBytes > 0 ? Math.max(0, takenBytes + ROOM_TO_MOVE_BYTES - freeBytes) : 0;
    const isScattered = (nrFreeBlocks ?? 0) * BLOCK_BYTES < takenBytes;
    return {
      reclaimBytes: Math.min(WINDOW_BYTES, Math.max(reclaimBytes, forRoom)),
      // Blocks don't come free by themselves, and what is free lies here and there.
      compact: isScattered && this.#orders.isBehind(this.#sizeBytes),
    };
  }

  #reclaimedSince(): number {
    const total = this.#figures!.reclaimedBytes;
    const grown = Math.max(0, total - this.#reclaimedBytes);
    this.#reclaimedBytes = total;
    // No more than it may have been asked for.
    return Math.min(grown, WINDOW_BYTES);
  }

  #standing(): SizeStanding {
    return {
      nowMs: this.#nowMs(),
      sizeBytes: this.#sizeBytes,
      availableBytes: this.#figures!.availableBytes,
      leastBytes: this.#lever.leastBytes,
    };
  }

  #nowMs(): number {
    return this.#clock.nowUs() / 1000;
  }
}

/** Nothing in a guest is larger than the guest. */
function bounded(figures: GuestFigures, sizeBytes: number): GuestFigures {
  const { nrFreeBlocks } = figures;
  const atMost = (bytes: number) => Math.min(sizeBytes, bytes);
  return {
    ...figures,
    freeBytes: atMost(figures.freeBytes),
    availableBytes: atMost(figures.availableBytes),
    coldBytes: atMost(figures.coldBytes),
    nrFreeBlocks: nrFreeBlocks === null ? null : Math.min(nrFreeBlocks, sizeBytes / BLOCK_BYTES),
    agentBytes: atMost(figures.agentBytes),
  };
}

function nothingToGoBy(qmp: Qmp): ThermoclineError {
  return new ThermoclineError(
    'TC_UNSUPPORTED',
    `The guest at ${qmp.path} has no balloon; start QEMU with -device virtio-balloon-pci, or with ` +
      'virtio-mem and a port for the agent (docs/acma.md).',
  );
}

function checkKnobs({ minBytes, maxBytes }: AcmaKnobs, lever: SizeLever, path: string): void {
  const refuse = (what: string, bytes: number, way: string) => {
    const sentence = `${what} of the guest at ${path}, ${formatBytes(bytes)}; ${way}.`;
    throw new ThermoclineError('TC_INVALID', sentence);
  };
  if (minBytes > lever.totalBytes) {
    const what = `--min ${formatBytes(minBytes)} is above the memory`;
    refuse(what, lever.totalBytes, 'lower --min');
  }
  if (maxBytes < lever.leastBytes) {
    const what = `--max ${formatBytes(maxBytes)} is below what can't be taken`;
    refuse(what, lever.leastBytes, 'raise --max, or start QEMU with less -m and more virtio-mem');
  }
}
