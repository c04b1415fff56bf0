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

const BY_REGION = { mostAccesses: 0, comesBack: true };
const all = () => 1;
/** All that is tried counts. */
const most = (bytes: number) => ({ bytes, failShare: 1 });

test('idle time goes on through splits, merges and lost ages, and ends with an access', () => {
  const map = new IdleMap();
  expect(map.update(picture(1000, [0, 100, 0, 400], [100, 200, 3]), BY_REGION)).toBe(0);
  expect(map.idleBytes(400)).toBe(100);
  // Regions change, and the age is gone, as after a page-out.
  map.update(picture(2000, [0, 50, 0, 0], [50, 200, 0, 0]), BY_REGION);
  expect(map.idleBytes(1400)).toBe(100);
  expect(map.idleBytes(1000)).toBe(200);
  map.update(picture(3000, [0, 60, 5], [60, 200, 0]), BY_REGION);
  expect(map.idleBytes(1)).toBe(140);
});

test('what is taken is that which was idle longest, within the budget, and is missed when it returns', () => {
  const map = new IdleMap();
  map.update(picture(1000, [0, 100, 0, 300], [100, 300, 0, 900]), BY_REGION);
  expect(map.take(200, most(250), all)).toEqual({ charged: 250, left: 250 });
  expect(map.outBytes).toBe(250);
  // The rest of it, and then nothing is left.
  expect(map.take(200, most(250), all)).toEqual({ charged: 50, left: 50 });
  expect(map.take(200, most(250), all)).toEqual({ charged: 0, left: 0 });
  const rows: Row[] = [
    [0, 100, 0],
    [100, 150, 1],
    [150, 300, 0],
  ];
  expect(map.update(picture(1500, ...rows), BY_REGION)).toBe(50);
  expect(map.outBytes).toBe(250);
  // It comes by what is out as well, once in that time, and nothing leaves.
  expect(map.take(200, most(1000), all)).toEqual({ charged: 250, left: 0 });
  expect(map.take(200, most(1000), all)).toEqual({ charged: 0, left: 0 });
});

test('what stays counts less where the quota says so', () => {
  const map = new IdleMap();
  map.update(picture(1000, [0, 100, 0, 900], [100, 200, 0, 800]), BY_REGION);
  const half = () => 0.5;
  // 120 bytes are tried: 60 leave, and of the others 15 count.
  expect(map.take(500, { bytes: 75, failShare: 0.25 }, half)).toEqual({ charged: 75, left: 60 });
  expect(map.outBytes).toBe(60);
});

test('memory that is no longer watched is forgotten, and new memory begins with its age', () => {
  const map = new IdleMap();
  map.update(picture(1000, [0, 100, 0, 900]), BY_REGION);
  map.take(0, most(1000), all);
  map.update(picture(2000, [50, 150, 0, 10]), BY_REGION);
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
        const back = map.update(picture((index + 1) * 1000, ...rows), BY_REGION);
        expect(map.outBytes).toBeCloseTo(before - back);
        expect(map.idleBytes(0)).toBe(100);
        const { charged, left } = map.take(500, most(budget), all);
        expect(charged).toBeLessThanOrEqual(budget + 1e-9);
        expect(left).toBeLessThanOrEqual(charged + 1e-9);
      }
    }),
  );
});

test('where pages tell, a share of a part leaves and comes back, and accesses to regions end idle time only', () => {
  const byPages = { mostAccesses: 0, comesBack: false };
  const map = new IdleMap(null, [0, 100]);
  map.update(picture(1000, [0, 200, 0, 900]), byPages);
  const share = (address: number) => (address < 100 ? 0.5 : 1);
  expect(map.take(500, most(1000), share)).toEqual({ charged: 200, left: 150 });
  expect(map.update(picture(1100, [0, 100, 0], [100, 200, 5]), byPages)).toBe(0);
  expect(map.outBytes).toBe(150);
  expect(map.idleBytes(1000)).toBe(100);
  expect(map.comeBack({ start: 100, end: 1000 }, 0.25)).toBe(25);
  expect(map.outBytes).toBe(125);
  // What came back leaves again, where the region has been idle for so long since.
  map.update(picture(2000, [0, 100, 0], [100, 200, 0]), byPages);
  expect(map.take(500, most(1000), share)).toEqual({ charged: 200, left: 25 });
});
