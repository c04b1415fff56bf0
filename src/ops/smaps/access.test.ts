import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RegionTable } from '../../core/region-table.ts';
import { countAccesses, watchedRanges } from './access.ts';
import { MappingTable } from './mapping-table.ts';

const PAGE = 4096;

/** A table in its steady state: each mapping is that of the table before. */
class Mappings {
  #now = new MappingTable();
  #before = new MappingTable();

  constructor(ranges: readonly (readonly [start: number, end: number])[]) {
    for (const table of [this.#now, this.#before]) {
      for (const [start, end] of ranges) {
        const row = table.append(start, end);
        table.sameRow[row] = row;
        table.flags[row] = 0;
      }
    }
  }

  get table(): MappingTable {
    return this.#now;
  }

  sample(touchedBytes: readonly number[], nowUs = 0): MappingTable {
    const next = this.#before;
    next.touchedBytes.set(touchedBytes);
    next.carryOver(this.#now, true, nowUs);
    this.#before = this.#now;
    this.#now = next;
    return next;
  }
}

function regionsOf(...ranges: readonly (readonly [start: number, end: number])[]): RegionTable {
  const regions = new RegionTable();
  for (const [start, end] of ranges) regions.append(start, end);
  return regions;
}

describe('counting accesses', () => {
  test('a third of a mapping makes 3 hits in 9 samples, spread evenly', () => {
    const mappings = new Mappings([[0, 6 * PAGE]]);
    const regions = regionsOf([0, PAGE], [PAGE, 6 * PAGE]);
    const seen: number[] = [];
    for (let sample = 0; sample < 9; sample++) {
      seen.push(countAccesses(regions, mappings.sample([2 * PAGE])));
    }
    expect(seen).toEqual([0, 1, 1, 1, 2, 2, 2, 3, 3]);
    expect(Array.from(regions.nrAccesses.subarray(0, 2))).toEqual([3, 3]);
  });

  test('a region over mappings and a gap goes by the average of what it covers', () => {
    // Half of it is touched in full, a quarter not at all, a quarter is not mapped any more.
    const mappings = new Mappings([
      [0, 2 * PAGE],
      [3 * PAGE, 4 * PAGE],
    ]);
    const regions = regionsOf([0, 4 * PAGE]);
    for (let sample = 0; sample < 10; sample++) {
      countAccesses(regions, mappings.sample([2 * PAGE, 0]));
    }
    expect(regions.nrAccesses[0]).toBe(5);
  });

  test('whatever the shares, the hits are their sum, rounded', () => {
    const samples = fc.array(fc.integer({ min: 0, max: 64 }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(samples, (touchedPages) => {
        const mappings = new Mappings([[0, 64 * PAGE]]);
        const regions = regionsOf([0, 64 * PAGE]);
        for (const pages of touchedPages) {
          countAccesses(regions, mappings.sample([pages * PAGE]));
        }
        const sum = touchedPages.reduce((total, pages) => total + pages / 64, 0);
        expect(regions.nrAccesses[0]).toBe(Math.round(sum));
      }),
    );
  });
});

test('untouched time runs from the last touch', () => {
  const mappings = new Mappings([[0, 8 * PAGE]]);
  mappings.sample([PAGE], 100);
  mappings.sample([0], 200);
  expect(mappings.sample([0], 300).untouchedSinceUs[0]).toBe(100);
  expect(mappings.sample([PAGE], 400).untouchedSinceUs[0]).toBe(400);
});

describe('ranges to watch', () => {
  const adjacent = new Mappings([
    [0, 2 * PAGE],
    [2 * PAGE, 4 * PAGE],
    [6 * PAGE, 7 * PAGE],
  ]).table;

  test('are the mappings, each by itself', () => {
    expect(watchedRanges(adjacent, new RegionTable(), PAGE)).toEqual([
      { start: 0, end: 2 * PAGE },
      { start: 2 * PAGE, end: 4 * PAGE },
      { start: 6 * PAGE, end: 7 * PAGE },
    ]);
  });

  test('stay together where a region covers two', () => {
    const regions = regionsOf([0, PAGE], [PAGE, 4 * PAGE], [6 * PAGE, 7 * PAGE]);
    expect(watchedRanges(adjacent, regions, PAGE)).toEqual([
      { start: 0, end: 4 * PAGE },
      { start: 6 * PAGE, end: 7 * PAGE },
    ]);
  });

  test('never overlap, however large the smallest region', () => {
    expect(watchedRanges(adjacent, new RegionTable(), 4 * PAGE)).toEqual([
      { start: 0, end: 4 * PAGE },
      { start: 6 * PAGE, end: 7 * PAGE },
    ]);
  });
});
