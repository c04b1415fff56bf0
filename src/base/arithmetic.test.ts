import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  addSaturating64,
  alignDown,
  alignUp,
  isPowerOfTwo,
  multFrac,
  multFrac64,
  ULONG_MAX,
  weightedAverage,
} from './arithmetic.ts';
import { WideCounter } from './wide-counter.ts';

const safe = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const uint32 = fc.integer({ min: 1, max: 2 ** 32 - 1 });

test('multFrac equals its 64-bit form wherever the result fits', () => {
  const property = fc.property(safe, uint32, uint32, (x, n, d) => {
    const exact = (BigInt(x) * BigInt(n)) / BigInt(d);
    fc.pre(exact <= BigInt(Number.MAX_SAFE_INTEGER));
    expect(BigInt(multFrac(x, n, d))).toBe(exact);
    expect(multFrac64(BigInt(x), BigInt(n), BigInt(d))).toBe(exact);
  });
  fc.assert(property);
});

test('an average by size equals 64-bit arithmetic, however large the products', () => {
  const size = fc.integer({ min: 1, max: 2 ** 48 });
  const property = fc.property(uint32, size, uint32, size, (a, sizeA, b, sizeB) => {
    const sum = BigInt.asUintN(64, BigInt(a) * BigInt(sizeA) + BigInt(b) * BigInt(sizeB));
    const expected = BigInt.asUintN(32, sum / BigInt(sizeA + sizeB));
    expect(BigInt(weightedAverage(a, sizeA, b, sizeB))).toBe(expected);
  });
  fc.assert(property);
});

test('aligning moves to the nearest multiple on its side', () => {
  const property = fc.property(
    fc.integer({ min: 0, max: 2 ** 52 }),
    fc.integer({ min: 0, max: 21 }),
    (x, power) => {
      const alignment = 2 ** power;
      const down = alignDown(x, alignment);
      const up = alignUp(x, alignment);
      expect([down % alignment, up % alignment]).toEqual([0, 0]);
      expect(x - down).toBeLessThan(alignment);
      expect(up - x).toBeLessThan(alignment);
    },
  );
  fc.assert(property);
});

test('sums saturate at 2^64 - 1', () => {
  expect(addSaturating64(ULONG_MAX - 5n, 4n)).toBe(ULONG_MAX - 1n);
  expect(addSaturating64(ULONG_MAX - 5n, 6n)).toBe(ULONG_MAX);
});

test('powers of two are told from all else', () => {
  expect([1, 2, 4096, 2 ** 40].map(isPowerOfTwo)).toEqual([true, true, true, true]);
  expect([0, -2, 3, 4095, 2 ** 40 + 1].map(isPowerOfTwo)).toEqual(Array(5).fill(false));
});

test('a wide counter is exact beyond 2^53', () => {
  const amounts = fc.array(fc.integer({ min: 0, max: 2 ** 52 }), { maxLength: 100 });
  const property = fc.property(amounts, (list) => {
    const counter = new WideCounter();
    let expected = 0n;
    for (const amount of list) {
      counter.add(amount);
      expected += BigInt(amount);
    }
    expect(counter.toBigInt()).toBe(expected);
    expect(counter.approximate).toBe(Number(expected));
  });
  fc.assert(property);
});
