import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Permutation, Zipf, zipfBucket } from './zipf.ts';

describe('Zipf', () => {
  test.each([0, 0.6, 0.99, 1, 1.5])('of %f shares out all accesses', (theta) => {
    for (const count of [1, 2, 7, 8, 9, 1000, 262_144]) {
      const zipf = new Zipf(count, theta);
      let sum = 0;
      for (let rank = 0; rank < count; rank++) sum += zipf.shareOf(rank);
      expect(sum).toBeCloseTo(1, 9);
    }
  });

  test('gives the first ten percent of a 1 GiB mapping 81 % of the accesses', () => {
    const zipf = new Zipf(262_144, 0.99);
    let sum = 0;
    for (let rank = 0; rank < 26_214; rank++) sum += zipf.shareOf(rank);
    expect(sum).toBeCloseTo(0.814, 3);
  });

  test('is even for theta 0', () => {
    expect(new Zipf(1000, 0).shareOf(999)).toBeCloseTo(0.001, 12);
  });

  test('counts its buckets without holes', () => {
    const zipf = new Zipf(5000, 1);
    for (let bucket = 0; bucket < zipf.itemShare.length; bucket++) {
      expect(zipfBucket(zipf.firstRank(bucket))).toBe(bucket);
      expect(zipfBucket(zipf.firstRank(bucket + 1) - 1)).toBe(bucket);
    }
    expect(zipf.firstRank(zipf.itemShare.length)).toBe(5000);
  });
});

describe('Permutation', () => {
  test('puts every item in a place of its own', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3000 }), fc.integer(), (count, salt) => {
        const permutation = new Permutation(count, salt);
        const places = new Set(Array.from({ length: count }, (_, index) => permutation.at(index)));
        expect(places.size).toBe(count);
        expect(Math.max(...places)).toBe(count - 1);
      }),
    );
  });

  test('spreads neighbours', () => {
    const permutation = new Permutation(100_000, 7);
    let near = 0;
    for (let index = 1; index < 10_000; index++) {
      if (Math.abs(permutation.at(index) - permutation.at(index - 1)) < 1000) near += 1;
    }
    // By chance it would be 2 %.
    expect(near).toBeLessThan(500);
  });
});
