import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAX_NR_PROBES, RegionTable } from './region-table.ts';

/** What one region should hold, in a list that is changed in the plainest way. */
interface Expected {
  start: number;
  end: number;
  nrAccesses: number;
  age: number;
  hits: number;
}

const rowsOf = (table: RegionTable): Expected[] =>
  Array.from({ length: table.nr }, (_, row) => ({
    start: table.start[row]!,
    end: table.end[row]!,
    nrAccesses: table.nrAccesses[row]!,
    age: table.age[row]!,
    hits: table.probeHits[row * MAX_NR_PROBES]!,
  }));

const SIZE = 64;

function build(nrRegions: number): { table: RegionTable; expected: Expected[] } {
  const table = new RegionTable();
  table.countProbes();
  const expected: Expected[] = [];
  for (let row = 0; row < nrRegions; row++) {
    const start = row * 2 * SIZE;
    table.append(start, start + SIZE);
    table.nrAccesses[row] = row;
    table.age[row] = row * 3;
    table.probeHits[row * MAX_NR_PROBES] = row % 251;
    const region = { start, end: start + SIZE, nrAccesses: row, age: row * 3, hits: row % 251 };
    expected.push(region);
  }
  return { table, expected };
}

const step = fc.constantFrom('advance', 'split', 'insert', 'remove', 'merge');

test('a walk changes the table as it would change a plain list', () => {
  const run = fc.property(
    fc.integer({ min: 0, max: 150 }),
    fc.array(step, { maxLength: 500 }),
    (nrRegions, steps) => {
      const { table, expected } = build(nrRegions);
      let at = 0;
      table.beginWalk();
      for (const what of steps) {
        if (what === 'insert') {
          const start = at === 0 ? -2 : expected[at - 1]!.end;
          table.insertBeforeCursor(start, start + 1);
          expected.splice(at, 0, { start, end: start + 1, nrAccesses: 0, age: 0, hits: 0 });
          at += 1;
          continue;
        }
        if (!table.walking()) break;
        expect(table.atLast()).toBe(at === expected.length - 1);
        const region = expected[at]!;
        if (what === 'advance') {
          table.advance();
          at += 1;
        } else if (what === 'remove') {
          table.removeAtCursor();
          expected.splice(at, 1);
        } else if (what === 'merge' && at > 0) {
          table.mergeIntoPrevious();
          expected[at - 1]!.end = region.end;
          expected.splice(at, 1);
        } else if (what === 'split' && region.end - region.start > 1) {
          const boundary = region.start + 1;
          table.splitAtCursor(1);
          expected.splice(at, 1, { ...region, end: boundary }, { ...region, start: boundary });
        }
      }
      table.endWalk();
      expect(rowsOf(table)).toEqual(expected);
    },
  );
  fc.assert(run, { numRuns: 300 });
});

test('appending grows the columns and keeps what they hold', () => {
  const { table, expected } = build(1000);
  expect(rowsOf(table)).toEqual(expected);
  expect(table.capacity).toBe(1024);
  expect(table.totalSize()).toBe(1000 * SIZE);
});

test('a new window keeps the counts of the last one', () => {
  const { table } = build(3);
  table.rotateWindow();
  expect([...table.lastNrAccesses.subarray(0, 3)]).toEqual([0, 1, 2]);
  expect([...table.nrAccesses.subarray(0, 3)]).toEqual([0, 0, 0]);
  expect(table.lastProbeHits[MAX_NR_PROBES]).toBe(1);
  expect(table.probeHits[MAX_NR_PROBES]).toBe(0);
});
