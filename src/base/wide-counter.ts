const LIMB = 2 ** 52;

/**
 * A sum that stays exact far beyond 2^53 and allocates nothing when it grows: bytes that a scheme
 * has worked on in months of running pass 2^53 on large machines.
 */
export class WideCounter {
  #low = 0;
  #high = 0;

  /** Adds a whole number from 0 to 2^52. */
  add(amount: number): void {
    this.#low += amount;
    if (this.#low >= LIMB) {
      this.#low -= LIMB;
      this.#high += 1;
    }
  }

  /** The sum as a double: exact below 2^53. */
  get approximate(): number {
    return this.#high * LIMB + this.#low;
  }

  /** The exact sum, in the kernel's 64 bits. */
  toBigInt(): bigint {
    return BigInt.asUintN(64, BigInt(this.#high) * BigInt(LIMB) + BigInt(this.#low));
  }
}
