/** DAMON_STAT's figures (docs/damon-spec.md, 9.3), reckoned by hand. */
import { expect, test } from 'vitest';
import {
  type AccessColumns,
  bandwidthBytesPerSecond,
  idleTimePercentilesMs,
} from './damon-stat.ts';

// In bytes: 100 in use for 5 intervals, 300 idle for 10, 500 idle for one, 100 just in use.
const snapshot: AccessColumns = {
  nrRegions: 4,
  start: Float64Array.of(0, 100, 400, 900),
  end: Float64Array.of(100, 400, 900, 1000),
  nrAccesses: Uint32Array.of(10, 0, 0, 1),
  age: Uint32Array.of(4, 9, 0, 0),
  aggregationIntervalUs: 100_000,
};

test('a sample that found a region accessed counts for all of its bytes', () => {
  expect(bandwidthBytesPerSecond(snapshot)).toBe((100 * 10 + 100) * 10);
});

test('idle times are those at each percentile of bytes, below 0 where memory is in use', () => {
  const percentiles = idleTimePercentilesMs(snapshot);
  expect(percentiles).toHaveLength(101);
  const at = (percent: number) => percentiles[percent];
  expect([at(0), at(10)]).toEqual([-500, -500]);
  expect([at(11), at(20)]).toEqual([-100, -100]);
  expect([at(21), at(70)]).toEqual([100, 100]);
  expect([at(71), at(100)]).toEqual([1000, 1000]);
});

test('without regions there is nothing to tell', () => {
  const nothing = { ...snapshot, nrRegions: 0 };
  expect(bandwidthBytesPerSecond(nothing)).toBe(0);
  expect(idleTimePercentilesMs(nothing)).toEqual([]);
});
