/** Blocks of a guest, taken or refused: from shares of windows to addresses. */
import {
  BLOCK_BYTES,
  BLOCKS_A_WINDOW,
  WINDOW_BYTES,
  type WindowShare,
} from '../../policies/acma/observation.ts';
import { type BlockRange, type BlockState, rangesOf } from './block-table.ts';

/** A block that could not be taken is left alone for so long, twice as long each time. */
const FIRST_REST_MS = 60_000;
const LONGEST_REST_MS = 3_600_000;

interface Failure {
  readonly untilMs: number;
  readonly restMs: number;
}

/** Writes a change to the ledger; once it returns, the change is safe. */
export type BlockNote = (state: BlockState, ranges: readonly BlockRange[]) => void;

/** What a run goes by, and what it takes over from one that died. */
export interface BlockBookOptions {
  /** Nowhere by default. */
  readonly note?: BlockNote;
  /** As an earlier run's ledger has them; none by default. */
  readonly known?: ReadonlyMap<number, BlockState>;
}

/**
 * Keeps the blocks of one guest, by address. Each change is noted before it is made; a block whose
 * change is under way is neither taken nor given a second time.
 */
export class BlockBook {
  readonly #states: Map<number, BlockState>;
  readonly #note: BlockNote;
  readonly #failures = new Map<number, Failure>();

  constructor({ note = () => {}, known = new Map() }: BlockBookOptions = {}) {
    this.#note = note;
    this.#states = new Map(known);
  }

  /** Addresses of the blocks that are not the guest's, or may not be. */
  taken(): number[] {
    return [...this.#states.keys()];
  }

  /** Blocks that are certainly not the guest's. */
  get nrTaken(): number {
    return [...this.#states.values()].filter((state) => state === 'taken').length;
  }

  /** Counts of one window. */
  window(window: number, nowMs: number): { readonly nrTaken: number; readonly nrFailed: number } {
    const blocks = blocksOf(window);
    return {
      nrTaken: blocks.filter((address) => this.#states.has(address)).length,
      nrFailed: blocks.filter((address) => this.#rests(address, nowMs)).length,
    };
  }

  /** Addresses of blocks to take, the highest of each window first. */
  toTake(shares: readonly WindowShare[], nowMs: number): number[] {
    return shares.flatMap(({ window, nrBlocks }) =>
      blocksOf(window)
        .reverse()
        .filter((address) => !this.#states.has(address) && !this.#rests(address, nowMs))
        .slice(0, nrBlocks),
    );
  }

  /** Addresses of blocks to give back, the lowest of each window first. */
  toGive(shares: readonly WindowShare[]): number[] {
    return shares.flatMap(({ window, nrBlocks }) =>
      blocksOf(window)
        .filter((address) => this.#states.get(address) === 'taken')
        .slice(0, nrBlocks),
    );
  }

  /** To be called before blocks are taken. */
  startTaking(addresses: readonly number[]): void {
    this.#change('taking', addresses);
  }

  /** To be called before blocks are given back. */
  startReturning(addresses: readonly number[]): void {
    this.#change('returning', addresses);
  }

  /**
   * Compares with what the guest is really without.
   * @param isOver every change that was ordered has had its time: what is not done has failed
   * @returns whether a block could not be taken
   */
  settle(out: ReadonlySet<number>, isOver: boolean, nowMs: number): boolean {
    const is = (state: BlockState) => (address: number) => this.#states.get(address) === state;
    const known = this.taken();
    const gone = known.filter((address) => !out.has(address));
    const failed = isOver ? gone.filter(is('taking')) : [];
    for (const address of failed) this.#rest(address, nowMs);
    this.#change('returned', [...gone.filter((address) => !is('taking')(address)), ...failed]);
    // Nobody else takes from this guest: what is out and in no book is ours all the same.
    const come = [...out].filter((address) => !this.#states.has(address) || is('taking')(address));
    const kept = isOver
      ? known.filter((address) => out.has(address) && is('returning')(address))
      : [];
    this.#change('taken', [...come, ...kept]);
    return failed.length > 0;
  }

  #change(state: BlockState, addresses: readonly number[]): void {
    if (addresses.length === 0) return;
    this.#note(state, rangesOf(addresses));
    for (const address of addresses) {
      if (state === 'returned') this.#states.delete(address);
      else this.#states.set(address, state);
      if (state === 'taken') this.#failures.delete(address);
    }
  }

  #rest(address: number, nowMs: number): void {
    const last = this.#failures.get(address);
    const restMs = Math.min(LONGEST_REST_MS, last ? last.restMs * 2 : FIRST_REST_MS);
    this.#failures.set(address, { untilMs: nowMs + restMs, restMs });
  }

  #rests(address: number, nowMs: number): boolean {
    const failure = this.#failures.get(address);
    return failure !== undefined && nowMs < failure.untilMs;
  }
}

/** In ascending order. */
function blocksOf(window: number): number[] {
  return Array.from(
    { length: BLOCKS_A_WINDOW },
    (_, block) => window * WINDOW_BYTES + block * BLOCK_BYTES,
  );
}
