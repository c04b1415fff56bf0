/** 2^64 - 1, the kernel's "unsigned long" maximum. */
export const ULONG_MAX: bigint = 2n ** 64n - 1n;

/** 2^32 - 1, the kernel's "unsigned int" maximum. */
export const UINT_MAX = 0xffffffff;

/** Rounds `x` down to a multiple of `alignment`, a power of two: then dividing is exact. */
export function alignDown(x: number, alignment: number): number {
  return Math.floor(x / alignment) * alignment;
}

/** Rounds `x` up to a multiple of `alignment`, a power of two. */
export function alignUp(x: number, alignment: number): number {
  return Math.ceil(x / alignment) * alignment;
}

/**
 * `floor(x * n / d)` the way the kernel's `mult_frac` computes it (spec, conventions): quotient and
 * remainder apart, so that nothing overflows early. Exact while the result is below 2^53.
 */
export function multFrac(x: number, n: number, d: number): number {
  const product = x * n;
  if (product <= Number.MAX_SAFE_INTEGER) return Math.floor(product / d);
  const rest = x % d;
  const scaled = rest * n;
  if (scaled > Number.MAX_SAFE_INTEGER) return Number(multFrac64(BigInt(x), BigInt(n), BigInt(d)));
  return ((x - rest) / d) * n + Math.floor(scaled / d);
}

/** `multFrac` in the kernel's 64-bit arithmetic, wrapping as it does. */
export function multFrac64(x: bigint, n: bigint, d: bigint): bigint {
  return BigInt.asUintN(64, (x / d) * n + ((x % d) * n) / d);
}

/** `a + b`, or 2^64 - 1 where the sum is beyond it. */
export function addSaturating64(a: bigint, b: bigint): bigint {
  return a >= ULONG_MAX - b ? ULONG_MAX : a + b;
}

/** Whether `x` is a power of two. */
export function isPowerOfTwo(x: number): boolean {
  return x > 0 && 2 ** Math.round(Math.log2(x)) === x;
}

/**
 * The average of `a` and `b` weighted by sizes, truncated, as merging two regions takes it (spec
 * 4.4). Beyond 2^53 it falls back to 64-bit arithmetic, which wraps like the kernel's.
 */
export function weightedAverage(a: number, sizeA: number, b: number, sizeB: number): number {
  const sum = a * sizeA + b * sizeB;
  if (sum <= Number.MAX_SAFE_INTEGER) return Math.floor(sum / (sizeA + sizeB));
  const wide = BigInt.asUintN(64, BigInt(a) * BigInt(sizeA) + BigInt(b) * BigInt(sizeB));
  return Number(BigInt.asUintN(32, wide / BigInt(sizeA + sizeB)));
}
