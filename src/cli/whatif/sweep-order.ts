/** In which order the sets of a sweep are tried, and which of them need not be. */
import type { Params, Quota } from '../../params/types.ts';

/** A set, and the sizes of its schemes' quotas. */
interface Member {
  readonly index: number;
  readonly sizes: readonly number[];
}

/**
 * Sets that differ in limits on bytes alone are tried from the tightest one on. Where no limit was
 * felt, all looser ones give the same outcome, draw by draw, and are not replayed.
 */
export class SweepOrder {
  /** Sets that differ in limits alone, the tightest first; by index of each of them. */
  readonly #chainOf = new Map<number, readonly Member[]>();
  readonly #queue: number[];
  #next = 0;
  /** Given out, or known without that. */
  readonly #settled = new Set<number>();

  constructor(sets: readonly Params[]) {
    const members = sets.map((params, index) => ({ index, sizes: sizesOf(params) }));
    const byRest = Map.groupBy(members, ({ index }) => restOf(sets[index]!));
    const chains = [...byRest.values()].map((chain) =>
      chain.toSorted((left, right) => sum(left.sizes) - sum(right.sizes)),
    );
    for (const chain of chains) for (const { index } of chain) this.#chainOf.set(index, chain);
    const longest = Math.max(0, ...chains.map(({ length }) => length));
    // All chains side by side: while one set is replayed, nobody waits for what comes of it.
    this.#queue = Array.from({ length: longest }, (_, rank) =>
      chains.flatMap((chain) => chain[rank]?.index ?? []),
    ).flat();
  }

  /** Index of the set to be replayed next; null: there is none left. */
  next(): number | null {
    while (this.#next < this.#queue.length) {
      const index = this.#queue[this.#next++]!;
      if (this.#settled.has(index)) continue;
      this.#settled.add(index);
      return index;
    }
    return null;
  }

  /** The sets that have the same outcome as set `index`, in which no limit was felt. */
  alike(index: number): number[] {
    const chain = this.#chainOf.get(index)!;
    const { sizes } = chain.find((member) => member.index === index)!;
    const looser = chain.filter(
      (member) =>
        !this.#settled.has(member.index) && member.sizes.every((size, at) => size >= sizes[at]!),
    );
    for (const member of looser) this.#settled.add(member.index);
    return looser.map((member) => member.index);
  }
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}

/** Where time or goals limit as well, another size might change what they come to. */
function isBySizeAlone({ timeMs, goals }: Quota): boolean {
  return timeMs === 0 && goals.length === 0;
}

/** As everywhere in DAMOS, no size is no limit. */
function sizesOf({ schemes }: Params): number[] {
  return schemes.map(({ quota: { sizeBytes } }) =>
    sizeBytes === 'max' || sizeBytes === 0 ? Infinity : sizeBytes,
  );
}

/** Everything of a set but the sizes. */
function restOf(params: Params): string {
  const schemes = params.schemes.map((scheme) =>
    isBySizeAlone(scheme.quota) ? { ...scheme, quota: { ...scheme.quota, sizeBytes: 0 } } : scheme,
  );
  return JSON.stringify({ ...params, schemes });
}
