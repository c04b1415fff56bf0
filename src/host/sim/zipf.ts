import { hash32 } from './hash.ts';

/** Ranks that share one bucket differ by at most an eighth, and so do their popularities. */
const STEPS_PER_OCTAVE = 8;

/**
 * Zipf popularity: of `count` items the one of rank k (from 0) gets accesses in proportion to
 * `1 / (k + 1) ** theta`. Ranks are kept in buckets of about equal popularity, eight to an octave,
 * so that the table of a billion items has some two hundred rows.
 */
export class Zipf {
  readonly count: number;
  /** Share of all accesses that one item of the bucket gets. */
  readonly itemShare: Float64Array;

  constructor(count: number, theta: number) {
    this.count = count;
    const buckets = zipfBucket(count - 1) + 1;
    this.itemShare = new Float64Array(buckets);
    let total = 0;
    for (let bucket = 0; bucket < buckets; bucket++) {
      const first = bucketFirst(bucket);
      const end = Math.min(bucketFirst(bucket + 1), count);
      const weight = sumOfPowers(first + 1, end + 1, theta);
      this.itemShare[bucket] = weight / (end - first);
      total += weight;
    }
    for (let bucket = 0; bucket < buckets; bucket++) this.itemShare[bucket]! /= total;
  }

  /** Share of all accesses that the item of this rank gets. */
  shareOf(rank: number): number {
    return this.itemShare[zipfBucket(rank)]!;
  }

  /** Rank of the first item of a bucket; for the bucket behind the last, the number of items. */
  firstRank(bucket: number): number {
    return Math.min(bucketFirst(bucket), this.count);
  }
}

/** The bucket of a rank: its exponent and the three bits below the leading one. */
export function zipfBucket(rank: number): number {
  const ordinal = rank + 1;
  if (ordinal < STEPS_PER_OCTAVE) return ordinal - 1;
  const exponent = 31 - Math.clz32(ordinal);
  return (exponent - 2) * STEPS_PER_OCTAVE + ((ordinal >>> (exponent - 3)) & 7) - 1;
}

function bucketFirst(bucket: number): number {
  const code = bucket + 1;
  if (code < STEPS_PER_OCTAVE) return code - 1;
  return (STEPS_PER_OCTAVE + (code & 7)) * 2 ** ((code >>> 3) - 1) - 1;
}

/** Sum of `x ** -theta` over whole x in [first, end); wide ranges by their integral. */
function sumOfPowers(first: number, end: number, theta: number): number {
  if (end - first > 64) {
    const [low, high] = [first - 0.5, end - 0.5];
    if (Math.abs(theta - 1) < 1e-9) return Math.log(high / low);
    return (high ** (1 - theta) - low ** (1 - theta)) / (1 - theta);
  }
  let sum = 0;
  for (let x = first; x < end; x++) sum += x ** -theta;
  return sum;
}

/**
 * A reordering of 0…count-1 that needs no table: a few reversible mixing steps on the next power of
 * two, repeated until the result is in range.
 */
export class Permutation {
  readonly #count: number;
  readonly #mask: number;
  readonly #shift: number;
  readonly #factor: number;
  readonly #offset: number;

  /** @param count from 1 to 2^31 */
  constructor(count: number, salt: number) {
    const bits = Math.max(2, 32 - Math.clz32(count - 1));
    this.#count = count;
    this.#mask = bits === 32 ? -1 : 2 ** bits - 1;
    this.#shift = bits >>> 1;
    this.#factor = hash32(1, salt) | 1;
    this.#offset = hash32(2, salt) | 0;
  }

  /** Where item `index` goes. */
  at(index: number): number {
    let x = index;
    do {
      x = (Math.imul(x, this.#factor) + this.#offset) & this.#mask;
      x ^= x >>> this.#shift;
      x = Math.imul(x, 0x2c1b3c6d) & this.#mask;
      x ^= x >>> this.#shift;
      x = Math.imul(x, 0x297a2d39) & this.#mask;
      x = (x ^ (x >>> this.#shift)) >>> 0;
    } while (x >= this.#count);
    return x;
  }
}
