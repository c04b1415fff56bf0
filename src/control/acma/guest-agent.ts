/**
 * The agent in a guest: tells the host how the guest stands, and makes room when the host asks.
 * It looks again and again and never waits; each order is answered at once, and the newest one is
 * carried out when the one before is through.
 */
import { join } from 'node:path';
import { ThermoclineError } from '../../base/errors.ts';
import type { Roots } from '../../host/host.ts';
import {
  type AgentMessage,
  type AgentOrder,
  type AgentReport,
  agentLine,
  type BlockOrder,
  MAX_LINE_LENGTH,
  MAX_NR_BLOCKS,
  MessageError,
  parseOrder,
} from '../../host/linux/agent-messages.ts';
import { BoundedLines } from '../../host/linux/bounded-lines.ts';
import { parseKilobytes } from '../../host/linux/fields.ts';
import { nrFreeBlocks } from '../../host/linux/free-blocks.ts';
import type { BlockKeeper } from '../../host/linux/held-files.ts';
import { readPressure } from '../../host/linux/pressure.ts';
import { readTextFile } from '../../host/linux/read-file.ts';
import { readReclaimCounters } from '../../host/linux/reclaim-counters.ts';
import type { AgentPort } from '../../host/linux/virtio-port.ts';
import { structBytesGivenUp } from '../../host/linux/vmemmap.ts';
import { WINDOW_BYTES } from '../../policies/acma/observation.ts';
import { compactMemory } from '../compact-memory.ts';
import { DEFAULT_LIMITS } from '../loop-guards.ts';
import type { ReclaimLever } from '../policy-loop.ts';

/** The host is told at once when more time than this was lost since it was last told. */
const TELLING_STALL_US = 100;
/** Nobody listens any more when nothing has come for so many looks: a minute at 20 a second. */
const LOOKS_WITHOUT_ORDER = 1200;

/** Blocks go back to the guest when nothing has come for so many looks: eight seconds at least. */
const LOOKS_WITHOUT_HOST = 160;

/** What an agent works with. */
export interface GuestAgentOptions {
  readonly roots: Roots;
  readonly port: AgentPort;
  /** What has memory leave. */
  readonly lever: ReclaimLever;
  /** What holds blocks for the host; null or not there where none may be held. */
  readonly blocks?: BlockKeeper | null;
  /** Told in a sentence what could not be done. */
  readonly onTrouble: (sentence: string) => void;
}

/** One agent. */
export class GuestAgent {
  readonly #roots: Roots;
  readonly #port: AgentPort;
  readonly #lever: ReclaimLever;
  readonly #blocks: BlockKeeper | null;
  readonly #onTrouble: (sentence: string) => void;
  readonly #pressureFile: string;
  readonly #lines = new BoundedLines(MAX_LINE_LENGTH);
  #reclaimedBytes = 0;
  #toldStallUs = 0;
  #looksLeft = 0;
  #looksWithoutHost = 0;
  #next: AgentOrder | null = null;
  #work: Promise<void> | null = null;

  /** @throws ThermoclineError TC_UNSUPPORTED where pressure is not accounted */
  constructor({ roots, port, lever, blocks = null, onTrouble }: GuestAgentOptions) {
    this.#roots = roots;
    this.#port = port;
    this.#lever = lever;
    this.#blocks = blocks;
    this.#onTrouble = onTrouble;
    this.#pressureFile = join(roots.proc, 'pressure/memory');
    if (readPressure(this.#pressureFile) === null) {
      throw new ThermoclineError(
        'TC_UNSUPPORTED',
        `${this.#pressureFile} can't be read, which says when memory is short; boot with psi=1.`,
      );
    }
    // What was said to an agent before this one is old.
    while (port.read().length > 0);
  }

  /** To be called twenty times a second. @throws ThermoclineError once the port is gone */
  look(): void {
    this.#looksWithoutHost += 1;
    const order = this.#newestOrder();
    if (this.#looksWithoutHost === LOOKS_WITHOUT_HOST) this.#blocks?.releaseAll();
    if (order !== null) {
      this.#looksLeft = LOOKS_WITHOUT_ORDER;
      this.#answer(order.id);
      this.#next = order.reclaimBytes > 0 || order.compact ? order : this.#next;
    }
    this.#work ??= this.#begin();
    if (this.#looksLeft > 0) this.#tellStall();
    this.#looksLeft -= 1;
  }

  /** Settles when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#work !== null) await this.#work;
  }

  /** How the guest stands. */
  report(): AgentReport {
    const nrHeldBlocks = this.#blocks?.nrHeld ?? 0;
    const sizes = parseKilobytes(readTextFile(join(this.#roots.proc, 'meminfo')));
    const bytes = (name: string) => sizes.get(name) ?? 0;
    const swap = bytes('SwapTotal');
    const room = swap * DEFAULT_LIMITS.swapUsedShare - (swap - bytes('SwapFree'));
    return {
      freeBytes: bytes('MemFree'),
      availableBytes: bytes('MemAvailable'),
      // Unused files are available already.
      coldBytes: Math.floor(Math.min(bytes('Inactive(anon)'), Math.max(0, room))),
      someTotalUs: readPressure(this.#pressureFile)?.someUs ?? 0,
      refaultedBytes: readReclaimCounters(this.#roots).refaultedBytes,
      reclaimedBytes: this.#reclaimedBytes,
      nrFreeBlocks: nrFreeBlocks(this.#roots) ?? 0,
      agentBytes: process.memoryUsage.rss(),
      nrHeldBlocks,
      structBytesGivenUp: nrHeldBlocks * structBytesGivenUp(this.#roots),
    };
  }

  /** Orders on blocks are carried out one by one; of all others only the last one still counts. */
  #newestOrder(): AgentOrder | null {
    let newest: AgentOrder | null = null;
    let wrong: string | null = null;
    for (const line of this.#lines.push(this.#port.read())) {
      try {
        if (line === null) throw new MessageError(`a line is longer than ${MAX_LINE_LENGTH}`);
        const order = parseOrder(line);
        this.#looksWithoutHost = 0;
        if ('compact' in order) newest = order;
        else this.#port.write(agentLine(this.#onBlocks(order)));
      } catch (error) {
        if (!(error instanceof MessageError)) throw error;
        wrong = error.message;
      }
    }
    if (wrong !== null) this.#port.write(agentLine({ id: 0, error: wrong }));
    return newest;
  }

  #onBlocks(order: BlockOrder): AgentMessage {
    const { id } = order;
    const keeper = this.#blocks;
    if (keeper === null) return { id, error: 'no blocks may be held here (--hold-blocks)' };
    try {
      if ('hold' in order) return { id, blocks: keeper.hold(order.hold, order.nonce) };
      if ('release' in order) return { id, blocks: keeper.release(order.release) };
      return { id, blocks: keeper.listFrom(order.listFrom).slice(0, MAX_NR_BLOCKS) };
    } catch (error) {
      if (!(error instanceof ThermoclineError)) throw error;
      this.#onTrouble(error.message);
      return { id, error: error.message };
    }
  }

  #answer(id: number): void {
    const report = this.report();
    this.#toldStallUs = report.someTotalUs;
    this.#port.write(agentLine({ id, report }));
  }

  #tellStall(): void {
    const someTotalUs = readPressure(this.#pressureFile)?.someUs ?? 0;
    if (someTotalUs - this.#toldStallUs < TELLING_STALL_US) return;
    this.#toldStallUs = someTotalUs;
    this.#port.write(agentLine({ someTotalUs }));
  }

  #begin(): Promise<void> | null {
    const order = this.#next;
    if (order === null) return null;
    this.#next = null;
    return this.#carryOut(order)
      .catch((error: unknown) => {
        if (!(error instanceof ThermoclineError)) throw error;
        this.#onTrouble(error.message);
      })
      .finally(() => {
        this.#work = null;
      });
  }

  async #carryOut({ reclaimBytes, compact }: AgentOrder): Promise<void> {
    // No order takes long: the next one may be another.
    const bytes = Math.min(reclaimBytes, WINDOW_BYTES);
    if (bytes > 0) this.#reclaimedBytes += await this.#lever.reclaim(bytes);
    if (compact) await compactMemory(this.#roots);
  }
}
