import { expect, test } from 'vitest';
import { DEFAULT_ATTRS, DEFAULT_SCHEME, minRegionSizeFor } from './defaults.ts';

test('a new context has the intervals and bounds of the kernel', () => {
  expect(DEFAULT_ATTRS).toEqual({
    sampleIntervalUs: 5_000,
    aggregationIntervalUs: 100_000,
    operationsUpdateIntervalUs: 60_000_000,
    intervalsGoal: {
      accessBp: 0,
      aggregations: 0,
      minSampleIntervalUs: 0,
      maxSampleIntervalUs: 0,
    },
    minNrRegions: 10,
    maxNrRegions: 1_000,
  });
});

test('the smallest region is a page, in the units of the address space', () => {
  expect(minRegionSizeFor('vaddr', 1)).toBe(4096);
  expect(minRegionSizeFor('paddr', 1)).toBe(4096);
  expect(minRegionSizeFor('paddr', 16)).toBe(256);
  expect(minRegionSizeFor('paddr', 65_536)).toBe(1);
});

test('defaults can be spread, and not be changed', () => {
  expect(Object.isFrozen(DEFAULT_SCHEME.pattern.age)).toBe(true);
  expect(Object.isFrozen(DEFAULT_SCHEME.quota.goals)).toBe(true);
});
