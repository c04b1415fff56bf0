import { describe, expect, test } from 'vitest';
import { parseParams } from './parse.ts';
import { resolveParams } from './resolve.ts';

const GIB = 1024 ** 3;
const resolve = (attrs: unknown, bytes: number) =>
  resolveParams(parseParams({ attrs }, 'test'), bytes).attrs;

describe('auto', () => {
  test('stands for the goal of 4 % in three aggregations, from 5 ms to 10 s', () => {
    expect(resolve('auto', 0)).toEqual({
      sampleIntervalUs: 5_000,
      aggregationIntervalUs: 100_000,
      operationsUpdateIntervalUs: 60_000_000,
      intervalsGoal: {
        accessBp: 400,
        aggregations: 3,
        minSampleIntervalUs: 5_000,
        maxSampleIntervalUs: 10_000_000,
      },
      minNrRegions: 10,
      maxNrRegions: 1_000,
    });
  });

  test('has one region for each begun 512 MiB', () => {
    expect(resolve({ minNrRegions: 'auto' }, 5 * GIB).minNrRegions).toBe(10);
    expect(resolve({ minNrRegions: 'auto' }, 5 * GIB + 1).minNrRegions).toBe(11);
    expect(resolve({ minNrRegions: 'auto' }, 64 * GIB).minNrRegions).toBe(128);
  });

  test('leaves half of the regions free, so that boundaries can move', () => {
    expect(resolve({ minNrRegions: 'auto' }, 1024 * GIB).minNrRegions).toBe(500);
    expect(resolve({ minNrRegions: 'auto', maxNrRegions: 15 }, 0).minNrRegions).toBe(7);
    expect(resolve({ minNrRegions: 'auto', maxNrRegions: 3 }, 0).minNrRegions).toBe(3);
  });

  test('takes in the interval that it starts from', () => {
    const goal = resolve({ intervalsGoal: 'auto', sampleIntervalUs: '1ms' }, 0).intervalsGoal;
    expect([goal.minSampleIntervalUs, goal.maxSampleIntervalUs]).toEqual([1_000, 10_000_000]);
  });
});

test('what is written stays, and all is frozen', () => {
  const params = resolveParams(parseParams({ schemes: [{ action: 'stat' }] }, 'test'), 64 * GIB);
  expect(params.attrs.minNrRegions).toBe(10);
  expect(params.attrs.intervalsGoal.aggregations).toBe(0);
  expect(Object.isFrozen(params.attrs.intervalsGoal)).toBe(true);
  expect(Object.isFrozen(params.schemes[0]!.quota.weights)).toBe(true);
});
