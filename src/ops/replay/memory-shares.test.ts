import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MemoryShares, MetMemory } from './memory-shares.ts';

const PAGE = 4096;
const NR_PAGES = 64;

const range = fc
  .tuple(fc.integer({ min: 0, max: NR_PAGES - 1 }), fc.integer({ min: 1, max: NR_PAGES }))
  .map(([a, b]): [number, number] => [Math.min(a, b), Math.max(a, b, Math.min(a, b) + 1)]);
const step = fc.record({
  what: fc.constantFrom('raise', 'lower', 'retain'),
  range,
  share: fc.constantFrom(0, 0.25, 0.5, 1),
});

/** The same on single pages. */
class PageModel {
  readonly pages = new Float64Array(NR_PAGES);
  do(what: string, [from, to]: [number, number], share: number): void {
    for (let page = 0; page < NR_PAGES; page++) {
      const isIn = page >= from && page < to;
      if (what === 'raise' && isIn) this.pages[page]! += (1 - this.pages[page]!) * share;
      if (what === 'lower' && isIn) this.pages[page]! *= share;
      if (what === 'retain' && !isIn) this.pages[page] = 0;
    }
  }
  get bytes(): number {
    return this.pages.reduce((sum, share) => sum + share * PAGE, 0);
  }
}

test('is the sum of single pages, whatever happens', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const shares = new MemoryShares();
      const met = new MetMemory();
      const model = new PageModel();
      for (const {
        what,
        range: [from, to],
        share,
      } of steps) {
        const before = shares.bytes;
        const [start, end] = [from * PAGE, to * PAGE];
        const row = {
          ...{ start: Float64Array.of(start), end: Float64Array.of(end), first: 0, last: 1 },
          activeShare: Float64Array.of(1),
        };
        const rows = { ...row, keeps: () => share };
        shares.meet(row, met);
        const foreseen = met.wouldLose(rows.keeps);
        if (what === 'raise') expect(shares.raise(start, end, share)).toBe(shares.bytes - before);
        if (what === 'lower') expect(shares.lower(rows)).toBeCloseTo(foreseen, -5);
        if (what === 'retain') shares.retain([{ start, end }]);
        model.do(what, [from, to], share);
        // Less than half a page in an extent counts as nothing, and there are 64 at most.
        expect(Math.abs(shares.bytes - model.bytes)).toBeLessThan((PAGE / 2) * NR_PAGES);
        let seen = 0;
        shares.forEach(0, NR_PAGES * PAGE, (at, until, part) => {
          seen += (until - at) * part;
        });
        expect(seen).toBeCloseTo(shares.bytes, 3);
      }
    }),
  );
});

test('whole pages are exact', () => {
  const shares = new MemoryShares();
  expect(shares.raise(0, 10 * PAGE, 1)).toBe(10 * PAGE);
  expect(shares.raise(2 * PAGE, 12 * PAGE, 1)).toBe(2 * PAGE);
  const rows = {
    ...{ start: Float64Array.of(PAGE, 5 * PAGE), end: Float64Array.of(3 * PAGE, 6 * PAGE) },
    activeShare: Float64Array.of(1, 1),
  };
  expect(shares.lower({ ...rows, first: 0, last: 2, keeps: () => 0 })).toBe(3 * PAGE);
  expect(shares.bytes).toBe(9 * PAGE);
});

test('accesses to a part of the pages meet as few that have the property as they can', () => {
  const shares = new MemoryShares();
  shares.raise(0, 4 * PAGE, 1);
  shares.raise(4 * PAGE, 8 * PAGE, 0.75);
  shares.raise(8 * PAGE, 12 * PAGE, 0.5);
  const rows = {
    ...{ start: Float64Array.of(0), end: Float64Array.of(12 * PAGE), first: 0, last: 1 },
    activeShare: Float64Array.of(0.5),
  };
  const met = new MetMemory();
  shares.meet(rows, met);
  expect(met.wouldLose(() => 0)).toBe(3 * PAGE);
  expect(shares.lower({ ...rows, keeps: () => 0 })).toBe(3 * PAGE);
});
