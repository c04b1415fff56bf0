/** A source of random numbers. The same seed gives the same numbers for ever. */
export interface Random {
  /** A whole number in [start, end), each equally likely. */
  between(start: number, end: number): number;
  /**
   * `into[i] = between(starts[i], ends[i])` for the first `count`, in order. Optional: a generator
   * that keeps its state at hand meanwhile is twice as fast.
   */
  betweenEach?(starts: Float64Array, ends: Float64Array, into: Float64Array, count: number): void;
}

const TWO_POW_32 = 2 ** 32;

/** Spans up to here times 32 random bits are exact in a double. */
const MAX_EXACT_SPAN = 2 ** 21;

/** `bits * span / 2^32`, exactly; `span` below 2^32. */
function scale(bits: number, span: number): number {
  if (span <= MAX_EXACT_SPAN) return Math.floor((bits * span) / TWO_POW_32);
  // The high 32 bits of a 64-bit product, from two products that a double holds exactly.
  const low = Math.floor(((bits & 0xffff) * span) / 65536);
  return Math.floor(((bits >>> 16) * span + low) / 65536);
}

// One step of each of the four words. Masks are negative: so all stays in 32-bit integers.
const step1 = (s: number): number => ((s & -2) << 18) ^ (((s << 6) ^ s) >>> 13);
const step2 = (s: number): number => ((s & -8) << 2) ^ (((s << 2) ^ s) >>> 27);
const step3 = (s: number): number => ((s & -16) << 7) ^ (((s << 13) ^ s) >>> 21);
const step4 = (s: number): number => ((s & -128) << 13) ^ (((s << 3) ^ s) >>> 12);

/**
 * The kernel's generator of each DAMON context (taus113, spec section 1, "random draws"), bit for
 * bit: four 32-bit words, one step gives 32 bits.
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
    const s1 = step1(this.#s1);
    const s2 = step2(this.#s2);
    const s3 = step3(this.#s3);
    const s4 = step4(this.#s4);
    this.#setState(s1, s2, s3, s4);
    return (s1 ^ s2 ^ s3 ^ s4) >>> 0;
  }

  between(start: number, end: number): number {
    const span = end - start;
    return start + (span < TWO_POW_32 ? scale(this.next32(), span) : this.#scaleWide(span));
  }

  betweenEach(starts: Float64Array, ends: Float64Array, into: Float64Array, count: number): void {
    let s1 = this.#s1;
    let s2 = this.#s2;
    let s3 = this.#s3;
    let s4 = this.#s4;
    for (let i = 0; i < count; i++) {
      const start = starts[i]!;
      const span = ends[i]! - start;
      if (span >= TWO_POW_32) {
        this.#setState(s1, s2, s3, s4);
        into[i] = start + this.#scaleWide(span);
        s1 = this.#s1;
        s2 = this.#s2;
        s3 = this.#s3;
        s4 = this.#s4;
        continue;
      }
      s1 = step1(s1);
      s2 = step2(s2);
      s3 = step3(s3);
      s4 = step4(s4);
      into[i] = start + scale((s1 ^ s2 ^ s3 ^ s4) >>> 0, span);
    }
    this.#setState(s1, s2, s3, s4);
  }

  #setState(s1: number, s2: number, s3: number, s4: number): void {
    this.#s1 = s1;
    this.#s2 = s2;
    this.#s3 = s3;
    this.#s4 = s4;
  }

  /** For spans of 2^32 and more: two draws, the first being the high half. */
  #scaleWide(span: number): number {
    const high = this.next32();
    const low = this.next32();
    const bits = (BigInt(high) << 32n) | BigInt(low);
    return Number((bits * BigInt(span)) >> 64n);
  }
}
