import { expect, test } from 'vitest';
import { toJsonNumber } from './json-number.ts';

test('is a number where a double is exact, and digits beyond', () => {
  expect(toJsonNumber(0n)).toBe(0);
  expect(toJsonNumber(539_809_434_100n)).toBe(539_809_434_100);
  expect(toJsonNumber(2n ** 53n - 1n)).toBe(9_007_199_254_740_991);
  expect(toJsonNumber(2n ** 53n + 1n)).toBe('9007199254740993');
  expect(toJsonNumber(18_446_623_438_842_320_000n)).toBe('18446623438842320000');
  expect(toJsonNumber(-(2n ** 60n))).toBe('-1152921504606846976');
});

test('takes doubles, and leaves fractions as they are', () => {
  expect(toJsonNumber(4096)).toBe(4096);
  expect(toJsonNumber(2 ** 63)).toBe('9223372036854775808');
  expect(toJsonNumber(1.5)).toBe(1.5);
});
