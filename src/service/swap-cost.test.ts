import { expect, test } from 'vitest';
import { netBytes } from './swap-cost.ts';

const MIB = 2 ** 20;
const zram = { poolBytes: 25 * MIB, swapUsedBytes: 100 * MIB, swapIsCompressed: true, faultUs: 10 };

test('of what is out, the pool of compressed swap takes its share', () => {
  expect(netBytes(40 * MIB, zram)).toBe(30 * MIB);
  expect(netBytes(0, zram)).toBe(0);
  // Pages that do not compress take more than they were.
  expect(netBytes(40 * MIB, { ...zram, poolBytes: 120 * MIB })).toBe(0);
});

test('a disk takes no memory, and empty swap no share', () => {
  expect(netBytes(40 * MIB, { ...zram, swapIsCompressed: false })).toBe(40 * MIB);
  expect(netBytes(40 * MIB, { ...zram, poolBytes: 4096, swapUsedBytes: 0 })).toBe(40 * MIB);
});
