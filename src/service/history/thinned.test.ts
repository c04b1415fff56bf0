import { expect, test } from 'vitest';
import { SpanKeeper } from './thinned.ts';

/** Spans of those that are kept, of windows of a second that end at `times`. */
function spans(times: readonly number[], keep: readonly number[]): number[] {
  const keeper = new SpanKeeper();
  const found: number[] = [];
  for (const time of times) {
    keeper.pass(time, 1);
    if (keep.includes(time)) found.push(keeper.keep());
  }
  return found;
}

test('a picture speaks for those before it that were left out', () => {
  expect(spans([1, 2, 3, 4, 5, 6], [3, 6])).toEqual([3, 3]);
  expect(spans([1, 2, 3], [1, 2, 3])).toEqual([1, 1, 1]);
});

test('a gap stays a gap', () => {
  expect(spans([1, 2, 10, 11], [2, 11])).toEqual([2, 2]);
  expect(spans([1, 2, 10, 11], [11])).toEqual([2]);
});
