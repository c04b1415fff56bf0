import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ExtentMap, UNTOUCHED } from './extents.ts';

const PAGES = 200;
const range = fc
  .tuple(fc.integer({ min: 0, max: PAGES }), fc.integer({ min: 0, max: PAGES }))
  .map(([a, b]): [number, number] => [Math.min(a, b), Math.max(a, b)]);

test('keeps what was done to each page', () => {
  const changes = fc.array(fc.tuple(range, fc.integer({ min: -2, max: 2 }), fc.boolean()));
  fc.assert(
    fc.property(changes, (list) => {
      const map = new ExtentMap(PAGES, false);
      const model = new Array<number>(PAGES).fill(UNTOUCHED);
      for (const [[start, end], location, tidy] of list) {
        for (const extent of map.cut(start, end)) {
          extent.location = location;
          // As if node n had frames from 1000n on, in the order of pages.
          extent.frame = location * 1000 + extent.start;
        }
        model.fill(location, start, end);
        if (tidy) map.tidy();
        const seen = map.list.flatMap((extent) =>
          new Array<number>(extent.end - extent.start).fill(extent.location),
        );
        expect(seen).toEqual(model);
        for (const [index, extent] of map.list.entries()) {
          expect(extent.start).toBe(index === 0 ? 0 : map.list[index - 1]!.end);
          if (extent.location >= 0)
            expect(extent.frame).toBe(extent.location * 1000 + extent.start);
        }
      }
      map.tidy();
      const changesOfFate = model.filter((value, page) => page > 0 && value !== model[page - 1]);
      expect(map.list.length).toBe(changesOfFate.length + 1);
    }),
  );
});

test('keeps neighbours of different history apart, until there are too many', () => {
  const map = new ExtentMap(10_000, false);
  for (const extent of map.cut(0, 10_000)) extent.location = 0;
  for (const [page, extent] of Array.from({ length: 3000 }, (_, page) =>
    map.cut(page, page + 1),
  ).entries()) {
    extent[0]!.lru = 1;
    extent[0]!.lruUs = page;
  }
  map.tidy();
  expect(map.list.length).toBe(3001);
  for (let page = 3000; page < 6000; page++) map.cut(page, page + 1)[0]!.youngSinceUs = page;
  map.tidy();
  expect(map.list.length).toBe(1);
});
