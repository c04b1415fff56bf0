/** The ledger of blocks: what a journal knows of memory that was taken from guests. */
import { BLOCK_BYTES } from '../../policies/acma/observation.ts';

/**
 * Written before a block is touched (`taking`, `returning`) and after (`taken`, `returned`), so
 * that a crash in between leaves a question that the guest can answer, and never a wrong answer.
 */
export type BlockState = 'taking' | 'taken' | 'returning' | 'returned';

export const BLOCK_STATES: readonly BlockState[] = ['taking', 'taken', 'returning', 'returned'];

/** Addresses in bytes, in blocks of 2 MiB; the end is not part of it. */
export type BlockRange = readonly [start: number, end: number];

/** One entry of the ledger. */
export interface BlockEntry {
  readonly guest: string;
  readonly state: BlockState;
  readonly ranges: readonly BlockRange[];
}

/** Blocks by guest and address. One that was returned is in no table. */
export class BlockTable {
  readonly #guests = new Map<string, Map<number, BlockState>>();

  apply({ guest, state, ranges }: BlockEntry): void {
    const blocks = this.#guests.get(guest) ?? new Map<number, BlockState>();
    this.#guests.set(guest, blocks);
    for (const [start, end] of ranges) {
      for (let address = start; address < end; address += BLOCK_BYTES) {
        if (state === 'returned') blocks.delete(address);
        else blocks.set(address, state);
      }
    }
  }

  /** State of each block of a guest that is not its own, by address. */
  of(guest: string): ReadonlyMap<number, BlockState> {
    return this.#guests.get(guest) ?? new Map();
  }

  clear(): void {
    this.#guests.clear();
  }

  /** The fewest entries that say the same. */
  entries(): BlockEntry[] {
    return [...this.#guests].flatMap(([guest, blocks]) =>
      BLOCK_STATES.map((state) => {
        const addresses = [...blocks.keys()].filter((address) => blocks.get(address) === state);
        return { guest, state, ranges: rangesOf(addresses) };
      }).filter(({ ranges }) => ranges.length > 0),
    );
  }
}

/** Neighbouring blocks as one range each, in ascending order. */
export function rangesOf(addresses: readonly number[]): BlockRange[] {
  const ranges: [number, number][] = [];
  for (const start of addresses.toSorted((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last?.[1] === start) last[1] += BLOCK_BYTES;
    else ranges.push([start, start + BLOCK_BYTES]);
  }
  return ranges;
}
