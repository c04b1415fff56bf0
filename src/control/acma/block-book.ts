/** Blocks of a guest, taken or refused: from shares of windows to addresses. */
import {
  BLOCK_BYTES,
  BLOCKS_A_WINDOW,
  WINDOW_BYTES,
  type WindowShare,
} from '../../policies/acma/observation.ts';

/** A block that could not be taken is left alone for so long, twice as long each time. */
const FIRST_REST_MS = 60_000;
const LONGEST_REST_MS = 3_600_000;

interface Failure {
  readonly untilMs: number;
  readonly restMs: number;
}

/** Keeps the blocks of one guest, by address. */
export class BlockBook {
  readonly #taken = new Set<number>();
  readonly #failures = new Map<number, Failure>();

  /** Addresses of the blocks that are taken. */
  taken(): number[] {
    return [...this.#taken];
  }

  get nrTaken(): number {
    return this.#taken.size;
  }

  /** Counts of one window. */
  window(window: number, nowMs: number): { readonly nrTaken: number; readonly nrFailed: number } {
    const blocks = blocksOf(window);
    return {
      nrTaken: blocks.filter((address) => this.#taken.has(address)).length,
      nrFailed: blocks.filter((address) => this.#rests(address, nowMs)).length,
    };
  }

  /** Addresses of blocks to take, the highest of each window first. */
  toTake(shares: readonly WindowShare[], nowMs: number): number[] {
    return shares.flatMap(({ window, nrBlocks }) =>
      blocksOf(window)
        .reverse()
        .filter((address) => !this.#taken.has(address) && !this.#rests(address, nowMs))
        .slice(0, nrBlocks),
    );
  }

  /** Addresses of blocks to give back, the lowest of each window first. */
  toGive(shares: readonly WindowShare[]): number[] {
    return shares.flatMap(({ window, nrBlocks }) =>
      blocksOf(window)
        .filter((address) => this.#taken.has(address))
        .slice(0, nrBlocks),
    );
  }

  markTaken(address: number): void {
    this.#taken.add(address);
    this.#failures.delete(address);
  }

  markGiven(address: number): void {
    this.#taken.delete(address);
  }

  /** A block that was wanted has not been taken. */
  markFailed(address: number, nowMs: number): void {
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

/** Neighbouring blocks as one range each. */
export function rangesOf(addresses: readonly number[]): { start: number; end: number }[] {
  const ranges: { start: number; end: number }[] = [];
  for (const start of addresses.toSorted((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last?.end === start) last.end += BLOCK_BYTES;
    else ranges.push({ start, end: start + BLOCK_BYTES });
  }
  return ranges;
}
