/**
 * The kernel's generations (MGLRU). Page tables are walked from time to time: pages used since the
 * last walk join the youngest generation. The oldest generation is taken, save pages that turn out
 * to have been used since; when too few generations are left, it is time for another walk.
 */
import type { Memory } from './memory.ts';
import type { SimProcess } from './process.ts';
import {
  type Candidate,
  candidatesOf,
  type Reclaimed,
  type Reclaimer,
  ReclaimPass,
  type ReclaimScope,
} from './reclaim.ts';

const ROUNDS = 8;

/** The youngest generations are never taken from. */
const MIN_GENERATIONS = 2;

/** Generations of pages by the walk that last found them used. */
export class MglruReclaimer implements Reclaimer {
  readonly #memory: Memory;
  readonly #processes: readonly SimProcess[];
  /** When each generation began. */
  readonly #walksUs: number[] = [0];

  constructor(memory: Memory, processes: readonly SimProcess[]) {
    this.#memory = memory;
    this.#processes = processes;
  }

  /** Coming back puts pages in the youngest generation, which is all that counts. */
  refaulted(): void {}

  reclaim(wanted: number, scope: ReclaimScope, nowUs: number): Reclaimed {
    const pass = new ReclaimPass(this.#memory, nowUs);
    for (let round = 0; round < ROUNDS && pass.pages < wanted; round++) {
      let candidates = candidatesOf(this.#memory, this.#processes, scope);
      if (candidates.length === 0) break;
      if (this.#count(candidates) <= MIN_GENERATIONS && nowUs > this.#walksUs.at(-1)!) {
        for (const candidate of candidates) pass.age(candidate, this.#windowStart(candidate));
        this.#walksUs.push(nowUs);
        candidates = candidatesOf(this.#memory, this.#processes, scope);
      }
      this.#evict(candidates, wanted, pass);
    }
    return pass.finish();
  }

  #evict(candidates: readonly Candidate[], wanted: number, pass: ReclaimPass): void {
    const generations = candidates.map((candidate) => this.#generation(candidate));
    const oldest = Math.min(...generations);
    const victims = candidates
      .filter((_, index) => generations[index] === oldest)
      .sort((left, right) => rank(left) - rank(right) || left.listedUs - right.listedUs);
    for (const candidate of victims) {
      if (pass.pages >= wanted) break;
      pass.scan(candidate, this.#windowStart(candidate), wanted - pass.pages);
    }
  }

  #count(candidates: readonly Candidate[]): number {
    return new Set(candidates.map((candidate) => this.#generation(candidate))).size;
  }

  /** Number of the walk that the pages were last found used in, or came after. */
  #generation({ listedUs }: Candidate): number {
    let low = 0;
    let high = this.#walksUs.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#walksUs[middle]! <= listedUs) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Accessed bits tell of uses since the last walk, or since the page came. */
  #windowStart({ listedUs }: Candidate): number {
    return Math.max(listedUs, this.#walksUs.at(-1)!);
  }
}

/** Pages of files go first. */
function rank({ vma }: Candidate): number {
  return vma.kind === 'file' ? 0 : 1;
}
