/**
 * A guest sized by blocks that the agent in it holds. It fills each with what the host has told it,
 * and says where they are. The host stops the guest, and gives back what is there to the byte:
 * nothing else can be lost, whatever a guest says and wherever its memory was thought to be. What
 * holds a block is a file in the guest, so an agent may die and another one come. A block that is
 * let go of is the guest's at once, and full of zeros.
 */
import type { Clock } from '../../base/clock.ts';
import type { LeverStep } from '../../host/host.ts';
import type { AgentLink } from '../../host/linux/agent-link.ts';
import { MAX_NR_BLOCKS } from '../../host/linux/agent-messages.ts';
import type { BlockPlace, GuestMemory } from '../../host/linux/guest-memory.ts';
import { HELD_BLOCK_BYTES, newNonce } from '../../host/linux/held-pattern.ts';
import type { Qmp } from '../../host/linux/qmp.ts';
import type { SizeLever } from '../../host/linux/size-lever.ts';
import { type BlockState, rangesOf } from './block-table.ts';
import { BlockTaker, type HeldJournal, type NamedBlock } from './block-taker.ts';

/** Blocks are asked for by so many: finding and filling them keeps an agent from all else. */
const NR_AN_ORDER = 16;
const AUDIT_EVERY_MS = 60_000;
/** An order that has got nowhere for so long is given up: memory is not to be had by force. */
const STUCK_MS = 10_000;
/** An agent that was not heard for so long is not asked for blocks. */
const SILENT_MS = 3000;

/** What has become of blocks. */
export interface HeldCounts {
  /** Held by the guest, and given back to the host. */
  readonly nrHeld: number;
  /** Of those that the guest named, those that were not what it was told to make of them. */
  readonly nrRefused: number;
  /** What the guest's kernel has given up of their page structures, by its agent's word. */
  readonly structBytesGivenUp: number;
  /** The guest has touched them, or let go of them by itself. */
  readonly nrCameBack: number;
  /** Of the pauses so far, the longest. */
  readonly longestPauseMs: number;
  /** Why no block was taken lately, as the end of a sentence; null when some were. */
  readonly trouble: string | null;
}

/** How blocks of one guest are held. */
export interface HeldBlocksOptions {
  /** As the journal calls the guest. */
  readonly name: string;
  readonly qmp: Qmp;
  readonly link: AgentLink;
  readonly memory: GuestMemory;
  /** All that the guest has. */
  readonly totalBytes: number;
  /** Null: only look. */
  readonly journal: HeldJournal | null;
  readonly clock: Clock;
}

/** Of one guest. */
export class HeldBlocks implements SizeLever {
  readonly totalBytes: number;
  readonly leastBytes: number = 0;
  readonly step: LeverStep;
  readonly #name: string;
  readonly #link: AgentLink;
  readonly #memory: GuestMemory;
  readonly #journal: HeldJournal | null;
  readonly #clock: Clock;
  readonly #taker: BlockTaker;
  /** What is held and was given back, by guest-physical address. */
  readonly #held = new Map<number, BlockPlace>();
  #nrWanted: number | null = null;
  /** When the order was given, or a block was taken by it. */
  #movedMs = 0;
  /** When blocks were last asked for, or let go of: what was told before tells of others. */
  #changedMs = 0;
  #auditMs = Number.NEGATIVE_INFINITY;
  #nrRefused = 0;
  #nrCameBack = 0;
  #trouble: string | null = null;

  constructor({ name, qmp, link, memory, totalBytes, journal, clock }: HeldBlocksOptions) {
    this.#name = name;
    this.#link = link;
    this.#memory = memory;
    this.totalBytes = totalBytes;
    this.#journal = journal;
    this.#clock = clock;
    this.#taker = new BlockTaker({ qmp, memory, journal, clock });
    const text = `agent: hold BLOCKS; stop, compare, fallocate --punch-hole, cont, to QEMU at ${qmp.path}`;
    // The agent lets go of all by itself when nobody asks for anything any more.
    this.step = { text, undo: null };
  }

  get counts(): HeldCounts {
    return {
      nrHeld: this.#held.size,
      nrRefused: this.#nrRefused + this.#taker.nrRefused,
      structBytesGivenUp: this.#link.latest?.structBytesGivenUp ?? 0,
      nrCameBack: this.#nrCameBack,
      longestPauseMs: this.#taker.longestPauseMs,
      trouble: this.#trouble,
    };
  }

  /** Goes on with what was ordered first. */
  async sizeBytes(): Promise<number> {
    await this.#advance();
    return this.totalBytes - this.#held.size * HELD_BLOCK_BYTES;
  }

  async setSize(bytes: number): Promise<void> {
    this.#nrWanted = Math.max(0, Math.floor((this.totalBytes - bytes) / HELD_BLOCK_BYTES));
    this.#movedMs = this.#nowMs();
    await this.#advance();
  }

  orderText(bytes: number): string {
    return `agent: hold ${Math.floor((this.totalBytes - bytes) / HELD_BLOCK_BYTES)} blocks`;
  }

  /** The guest has all back. */
  async close(): Promise<void> {
    if (this.#journal !== null) await this.#release([...this.#held.keys()]);
    this.#memory[Symbol.dispose]();
  }

  async #advance(): Promise<void> {
    if (this.#journal === null || this.#isSilent) return;
    await this.#audit();
    const nrWanted = this.#nrWanted ?? this.#held.size;
    const nrMore = nrWanted - this.#held.size;
    // The lowest is given back first.
    const addresses = [...this.#held.keys()].sort((a, b) => a - b);
    if (nrMore < 0) await this.#release(addresses.slice(0, -nrMore));
    if (nrMore > 0 && this.#nowMs() - this.#movedMs >= STUCK_MS) this.#nrWanted = null;
    else if (nrMore > 0) await this.#take(Math.min(nrMore, NR_AN_ORDER));
  }

  /** It is waited for by those who ask for its reports. */
  get #isSilent(): boolean {
    const report = this.#link.latest;
    return report !== null && this.#nowMs() - report.takenAtMs > SILENT_MS;
  }

  async #take(nrBlocks: number): Promise<void> {
    this.#trouble = await this.#taker.whyNot();
    if (this.#trouble !== null) return;
    const nonce = newNonce();
    const named = await this.#link.askBlocks({ hold: nrBlocks, nonce });
    if (named === null) this.#trouble = this.#link.trouble ?? 'its agent does not answer';
    if (named?.length === 0) this.#trouble = 'the guest has no more';
    if (named === null) return;
    const blocks: NamedBlock[] = [];
    for (const [index, address] of named.entries()) {
      const place = await this.#placeOf(address, index < nrBlocks);
      if (typeof place === 'string') this.#trouble = place;
      else blocks.push({ address, place, index });
    }
    this.#nrRefused += named.length - blocks.length;
    this.#note('taking', addressesOf(blocks));
    const { taken, trouble } = await this.#taker.take(blocks, nonce);
    this.#trouble = trouble ?? this.#trouble;
    for (const { address, place } of taken) this.#held.set(address, place);
    if (taken.length > 0) this.#movedMs = this.#nowMs();
    this.#note('taken', addressesOf(taken));
    this.#note('returned', addressesOf(blocks.filter((block) => !taken.includes(block))));
    await this.#release(named.filter((address) => !this.#held.has(address)));
  }

  async #placeOf(address: number, wasAskedFor: boolean): Promise<BlockPlace | string> {
    if (!wasAskedFor) return 'the guest names more than it was asked for';
    if (this.#held.has(address)) return 'the guest names a block again that it holds';
    return this.#memory.place(address);
  }

  /** What the agent does not answer on is tried again with the next step. */
  async #release(addresses: readonly number[]): Promise<void> {
    const own = addresses.filter((address) => this.#held.has(address));
    this.#note('returning', own);
    for (let from = 0; from < addresses.length; from += MAX_NR_BLOCKS) {
      const release = addresses.slice(from, from + MAX_NR_BLOCKS);
      const released = await this.#link.askBlocks({ release });
      if (released === null) return;
      this.#forget(release.filter((address) => released.includes(address)));
    }
  }

  /**
   * Each minute, when the agent says that it holds another number, and at first, when it finds what
   * an earlier run has left.
   */
  async #audit(): Promise<void> {
    const report = this.#link.latest;
    const isNewer = report !== null && report.takenAtMs > this.#changedMs;
    const isAsExpected = !isNewer || report.nrHeldBlocks === this.#held.size;
    if (isAsExpected && this.#nowMs() - this.#auditMs < AUDIT_EVERY_MS) return;
    const listed = await this.#listed();
    if (listed === null) return;
    this.#auditMs = this.#nowMs();
    const isListed = new Set(listed);
    const gone = [...this.#held.keys()].filter((address) => !isListed.has(address));
    this.#forget(gone);
    const back: number[] = [];
    for (const address of listed) {
      const known = this.#held.get(address);
      const place = known ?? (await this.#memory.place(address));
      const isOurs = typeof place !== 'string' && this.#memory.isHole(place);
      if (!isOurs) back.push(address);
      else if (known === undefined) {
        this.#held.set(address, place);
        this.#note('taken', [address]);
      }
    }
    this.#nrCameBack += gone.length + back.filter((address) => this.#held.has(address)).length;
    await this.#release(back);
  }

  /** All that the agent holds; null where it doesn't say. */
  async #listed(): Promise<number[] | null> {
    const all: number[] = [];
    for (;;) {
      const listFrom = all.length === 0 ? 0 : all.at(-1)! + HELD_BLOCK_BYTES;
      const some = await this.#link.askBlocks({ listFrom });
      if (some === null) return null;
      // What goes backwards would never end.
      const further = some.filter(
        (address, at) => address >= Math.max(listFrom, some[at - 1] ?? 0),
      );
      all.push(...further);
      const nrMost = this.totalBytes / HELD_BLOCK_BYTES;
      if (further.length < MAX_NR_BLOCKS || all.length > nrMost) return all.slice(0, nrMost);
    }
  }

  #forget(addresses: readonly number[]): void {
    const own = addresses.filter((address) => this.#held.delete(address));
    this.#note('returned', own);
  }

  #note(state: BlockState, addresses: readonly number[]): void {
    if (addresses.length === 0) return;
    this.#changedMs = this.#nowMs();
    this.#journal!.recordBlocks({ guest: this.#name, state, ranges: rangesOf(addresses) });
  }

  #nowMs(): number {
    return this.#clock.nowUs() / 1000;
  }
}

function addressesOf(blocks: readonly NamedBlock[]): number[] {
  return blocks.map(({ address }) => address);
}
