import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { KernelRandom } from './random.ts';

test('many draws at once are the draws one by one, spans beyond 32 bits included', () => {
  const spans = fc.array(fc.integer({ min: 1, max: 2 ** 47 }), { minLength: 1, maxLength: 50 });
  const property = fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), spans, (seed, list) => {
    const starts = Float64Array.from(list, (_, index) => index * 4096);
    const ends = starts.map((start, index) => start + list[index]!);
    const together = new Float64Array(list.length);
    new KernelRandom(seed).betweenEach(starts, ends, together, list.length);
    const single = new KernelRandom(seed);
    expect([...together]).toEqual(list.map((_, i) => single.between(starts[i]!, ends[i]!)));
    for (const [index, value] of together.entries()) {
      expect(value).toBeGreaterThanOrEqual(starts[index]!);
      expect(value).toBeLessThan(ends[index]!);
    }
  });
  fc.assert(property);
});

test('all values of a small range come up about equally often', () => {
  const random = new KernelRandom(1);
  const counts = new Array<number>(10).fill(0);
  for (let draw = 0; draw < 100_000; draw++) counts[random.between(0, 10)]! += 1;
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
});
