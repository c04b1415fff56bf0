/**
 * Has the host have blocks of a guest: those only that are, to the byte, what the guest was told to
 * make of them, and only while it is stopped, so that nobody can change them after they were
 * compared.
 */
import type { Clock } from '../../base/clock.ts';
import type { LeverStep } from '../../host/host.ts';
import type { BlockPlace, GuestMemory } from '../../host/linux/guest-memory.ts';
import { heldPattern } from '../../host/linux/held-pattern.ts';
import { whileStopped } from '../../host/linux/qemu-pause.ts';
import { whyNotPunch } from '../../host/linux/qemu-punch-refusals.ts';
import type { Qmp } from '../../host/linux/qmp.ts';
import type { BlockEntry } from './block-table.ts';

/** What a pause may be used for; the rest of its 10 ms is QEMU's. */
const PAUSE_MS = 5;
/** More blocks do not fit into a pause. */
const NR_A_PAUSE = 4;

/** Where changes are written down before they are made: `ActingSession`. */
export interface HeldJournal {
  during<T>(step: LeverStep, work: () => Promise<T>): Promise<T>;
  recordBlocks(entry: BlockEntry): void;
}

/** A block that a guest says it holds. */
export interface NamedBlock {
  readonly address: number;
  readonly place: BlockPlace;
  /** Which of its order. */
  readonly index: number;
}

/** How blocks of one guest are taken. */
export interface BlockTakerOptions {
  readonly qmp: Qmp;
  readonly memory: GuestMemory;
  /** Null for one that will take none. */
  readonly journal: HeldJournal | null;
  readonly clock: Clock;
}

/** What became of blocks that were named. */
export interface TakenBlocks {
  /** They are the host's now. */
  readonly taken: readonly NamedBlock[];
  /** Why others are not, as the end of a sentence. */
  readonly trouble: string | null;
}

/** Of one guest. */
export class BlockTaker {
  readonly #qmp: Qmp;
  readonly #memory: GuestMemory;
  readonly #journal: HeldJournal | null;
  readonly #clock: Clock;
  #nrRefused = 0;
  #longestPauseMs = 0;

  constructor({ qmp, memory, journal, clock }: BlockTakerOptions) {
    this.#qmp = qmp;
    this.#memory = memory;
    this.#journal = journal;
    this.#clock = clock;
  }

  /** Blocks that were not what they should be. */
  get nrRefused(): number {
    return this.#nrRefused;
  }

  /** Of the pauses so far. */
  get longestPauseMs(): number {
    return this.#longestPauseMs;
  }

  /** Why none may be taken now, as the end of a sentence; null: they may. */
  whyNot(): Promise<string | null> {
    return whyNotPunch(this.#qmp);
  }

  /** @throws ThermoclineError where QEMU does not answer; blocks are then taken or not */
  async take(blocks: readonly NamedBlock[], nonce: string): Promise<TakenBlocks> {
    const taken: NamedBlock[] = [];
    let trouble: string | null = null;
    for (let left = blocks; left.length > 0; ) {
      // What forbids it may begin at any time.
      const whyNot = await this.whyNot();
      if (whyNot !== null) return { taken, trouble: whyNot };
      const some = left.slice(0, NR_A_PAUSE);
      const patterns = some.map(({ index }) => heldPattern(nonce, index));
      let nrDone = 0;
      const pausedMs = await this.#whileStopped(() => {
        const startMs = this.#nowMs();
        do {
          if (this.#takeOne(some[nrDone]!, patterns[nrDone]!)) taken.push(some[nrDone]!);
          else trouble = 'a block is not what the guest was told to make of it';
          nrDone += 1;
        } while (nrDone < some.length && this.#nowMs() - startMs < PAUSE_MS);
      });
      if (pausedMs === null) return { taken, trouble: 'it is paused' };
      this.#longestPauseMs = Math.max(this.#longestPauseMs, pausedMs);
      left = left.slice(nrDone);
    }
    return { taken, trouble };
  }

  #takeOne({ place }: NamedBlock, pattern: Uint8Array): boolean {
    const isAsTold = this.#memory.matches(place, pattern);
    if (isAsTold) this.#memory.punch(place);
    else this.#nrRefused += 1;
    return isAsTold;
  }

  #whileStopped(work: () => void): Promise<number | null> {
    const undo = { pausedGuest: this.#qmp.path };
    const step = { text: `stop, then cont, to QEMU at ${this.#qmp.path}`, undo };
    return this.#journal!.during(step, () => whileStopped(this.#qmp, this.#clock, work));
  }

  #nowMs(): number {
    return this.#clock.nowUs() / 1000;
  }
}
