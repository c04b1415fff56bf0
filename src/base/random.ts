/** A source of random numbers. The same seed gives the same numbers for ever. */
export interface Random {
  /** A whole number in [start, end), each equally likely. */
  between(start: number, end: number): number;
}

const TWO_POW_32 = 2 ** 32;

/**
 * The kernel's generator of each DAMON context (taus113, spec section 1, "random draws"), bit for bit:
 * four 32-bit words, one step gives 32 bits.
 */
export class KernelRandom implements Random {
  #s1: number;
  #s2: number;
  #s3: number;
  #s4: number;

  /** @param seed any whole number; its lowest 64 bits count */
  constructor(seed: number | bigint) {
    const wide = BigInt.asUintN(64, BigInt(seed));
    const word = Number(((wide >> 32n) ^ (wide << 10n) ^ wide) & 0xffffffffn);
    const atLeast = (minimum: number) => (word < minimum ? word + minimum : word) | 0;
    this.#s1 = atLeast(2);
    this.#s2 = atLeast(8);
    this.#s3 = atLeast(16);
    this.#s4 = atLeast(128);
  }

  /** The four words of the state, for tests and for saving. */
  get state(): [number, number, number, number] {
    return [this.#s1 >>> 0, this.#s2 >>> 0, this.#s3 >>> 0, this.#s4 >>> 0];
  }

  /** The next 32 bits. */
  next32(): number {
    const s1 = ((this.#s1 & 0xfffffffe) << 18) ^ (((this.#s1 << 6) ^ this.#s1) >>> 13);
    const s2 = ((this.#s2 & 0xfffffff8) << 2) ^ (((this.#s2 << 2) ^ this.#s2) >>> 27);
    const s3 = ((this.#s3 & 0xfffffff0) << 7) ^ (((this.#s3 << 13) ^ this.#s3) >>> 21);
    const s4 = ((this.#s4 & 0xffffff80) << 13) ^ (((this.#s4 << 3) ^ this.#s4) >>> 12);
    this.#s1 = s1;
    this.#s2 = s2;
    this.#s3 = s3;
    this.#s4 = s4;
    return (s1 ^ s2 ^ s3 ^ s4) >>> 0;
  }

  between(start: number, end: number): number {
    const span = end - start;
    if (span >= TWO_POW_32) return start + this.#scaleWide(span);
    // The high 32 bits of a 64-bit product, from two products that a double holds exactly.
    const bits = this.next32();
    const low = Math.floor(((bits & 0xffff) * span) / 65536);
    return start + Math.floor(((bits >>> 16) * span + low) / 65536);
  }

  /** For spans of 2^32 and more: two draws, the first being the high half. */
  #scaleWide(span: number): number {
    const high = this.next32();
    const low = this.next32();
    const bits = (BigInt(high) << 32n) | BigInt(low);
    return Number((bits * BigInt(span)) >> 64n);
  }
}
