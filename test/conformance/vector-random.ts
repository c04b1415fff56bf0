import type { Random } from '../../src/base/random.ts';

/** The generator that vectors were made with: one step of a 31-bit LCG a draw. */
export class VectorRandom implements Random {
  state: number;
  nrDraws = 0;

  constructor(seed: number) {
    this.state = seed;
  }

  between(start: number, end: number): number {
    this.state = (Math.imul(this.state, 1103515245) + 12345) & 0x7fffffff;
    this.nrDraws += 1;
    return start + (this.state % (end - start));
  }
}
