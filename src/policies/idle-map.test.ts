import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Snapshot } from '../params/snapshot.ts';
import { IdleMap } from './idle-map.ts';

type Row = readonly [start: number, end: number, nrAccesses: number, age?: number];

function picture(timeUs: number, ...rows: Row[]): Snapshot {
  const column = <T>(of: (row: Row) => T) => rows.map(of);
  return {
    ...{ timeUs, wallTimeUs: null, tick: 0, sampleIntervalUs: 1, aggregationIntervalUs: 1 },
    ...{ maxNrAccesses: 20, windowSamples: 20, nrRegions: rows.length, targetPids: [null] },
    targetIndex: new Uint32Array(rows.length),
    start: Float64Array.from(column(([start]) => start)),
    end: Float64Array.from(column(([, end]) => end)),
    nrAccesses: Uint32Array.from(column(([, , nrAccesses]) => nrAccesses)),
    age: Uint32Array.from(column(([, , , age]) => age ?? 0)),
    ...{ probeHits: null, filterPassedBytes: null },
  };
}

test('idle time goes on through splits, merges and lost ages, and ends with an access', () => {
  const map = new IdleMap();
  expect(map.update(picture(1000, [0, 100, 0, 400], [100, 200, 3]))).toEqual([]);
  expect(map.idleBytes(400)).toBe(100);
  // Regions change, and the age is gone, as after a page-out.
  map.update(picture(2000, [0, 50, 0, 0], [50, 200, 0, 0]));
  expect(map.idleBytes(1400)).toBe(100);
  expect(map.idleBytes(1000)).toBe(200);
  const returns = map.update(picture(3000, [0, 60, 5], [60, 200, 0]));
  expect(returns).toEqual([{ bytes: 60, idleUs: 2400, outUs: null }]);
  expect(map.idleBytes(1)).toBe(140);
});

test('what is taken is that which was idle longest, within the budget, and is missed when it returns', () => {
  const map = new IdleMap();
  map.update(picture(1000, [0, 100, 0, 300], [100, 300, 0, 900]));
  expect(map.take(200, 250)).toBe(250);
  expect(map.outBytes).toBe(250);
  // The rest of it, and then nothing is left.
  expect(map.take(200, 250)).toBe(50);
  expect(map.take(200, 250)).toBe(0);
  const returns = map.update(picture(1500, [0, 100, 0], [100, 150, 1], [150, 300, 0]));
  expect(returns).toEqual([{ bytes: 50, idleUs: 1400, outUs: 500 }]);
  expect(map.outBytes).toBe(250);
});

test('memory that is no longer watched is forgotten, and new memory begins with its age', () => {
  const map = new IdleMap();
  map.update(picture(1000, [0, 100, 0, 900]));
  map.take(0, 1000);
  map.update(picture(2000, [50, 150, 0, 10]));
  expect(map.outBytes).toBe(50);
  expect(map.idleBytes(1000)).toBe(50);
});

test('covers exactly what was watched, and never takes more than was idle', () => {
  const cuts = fc.uniqueArray(fc.integer({ min: 1, max: 99 }), { maxLength: 8 });
  const step = fc.record({ cuts, accesses: fc.array(fc.nat(2), { minLength: 9, maxLength: 9 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), fc.nat(120), (steps, budget) => {
      const map = new IdleMap();
      for (const [index, { cuts: at, accesses }] of steps.entries()) {
        const edges = [0, ...at.sort((a, b) => a - b), 100];
        const rows = edges.slice(1).map((end, row): Row => [edges[row]!, end, accesses[row]!]);
        const before = map.outBytes;
        const returns = map.update(picture((index + 1) * 1000, ...rows));
        const back = returns.filter(({ outUs }) => outUs !== null);
        expect(map.outBytes).toBe(before - back.reduce((sum, { bytes }) => sum + bytes, 0));
        expect(map.idleBytes(0)).toBe(100);
        expect(map.take(500, budget)).toBeLessThanOrEqual(budget);
      }
    }),
  );
});
