import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { snapshotOf } from '../testing/snapshot-of.ts';
import { HeatHistory } from './heat-history.ts';

const one = (timeS: number) => snapshotOf(timeS, [{ pages: [0, 4], accesses: timeS % 20 }]);

describe('a history', () => {
  test('finds what was seen at a moment, and knows its gaps', () => {
    const history = new HeatHistory();
    for (const timeS of [1, 2, 5]) history.add(one(timeS));
    expect(history.at(1.5e6)?.toUs).toBe(2e6);
    expect(history.at(3.5e6)).toBeUndefined();
    expect(history.at(4.5e6)?.toUs).toBe(5e6);
    expect(history.within(0.5e6, 1.5e6).map(({ toUs }) => toUs)).toEqual([1e6, 2e6]);
  });

  test('takes each moment once', () => {
    const history = new HeatHistory();
    expect(history.add(one(2))).toBe(true);
    expect(history.add(one(2))).toBe(false);
    expect(history.add(one(1))).toBe(false);
    expect(history.entries).toHaveLength(1);
  });

  test('stays bounded and covers all of the time, however long it goes on', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 4, max: 50 }),
        fc.integer({ min: 1, max: 400 }),
        (max, count) => {
          const history = new HeatHistory(max);
          for (let timeS = 1; timeS <= count; timeS++) history.add(one(timeS));
          expect(history.entries.length).toBeLessThanOrEqual(max);
          expect(history.fromUs).toBe(0);
          expect(history.toUs).toBe(count * 1e6);
          for (const [index, { toUs }] of history.entries.slice(0, -1).entries()) {
            expect(history.entries[index + 1]!.fromUs).toBe(toUs);
          }
        },
      ),
    );
  });

  test('keeps the recent past as fine as it was', () => {
    const history = new HeatHistory(40);
    for (let timeS = 1; timeS <= 400; timeS++) history.add(one(timeS));
    const recent = history.entries.slice(-10);
    expect(recent.map(({ fromUs, toUs }) => toUs - fromUs)).toEqual(Array(10).fill(1e6));
  });
});
