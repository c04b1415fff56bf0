import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AWAY, ExtentMap, UNTOUCHED } from './extents.ts';

const PAGES = 200;
const range = fc
  .tuple(fc.integer({ min: 0, max: PAGES }), fc.integer({ min: 0, max: PAGES }))
  .map(([a, b]): [number, number] => [Math.min(a, b), Math.max(a, b)]);

test('keeps what was done to each page', () => {
  const changes = fc.array(fc.tuple(range, fc.integer({ min: -2, max: 2 }), fc.boolean()));
  fc.assert(
    fc.property(changes, (list) => {
      const map = new ExtentMap({ pages: PAGES, huge: false, walls: [] });
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

/** A mapping on node 0 in which each of the first `count` pages has a history of its own. */
function historied(count: number): ExtentMap {
  const map = new ExtentMap({ pages: 10_000, huge: false, walls: [] });
  for (const extent of map.cut(0, 10_000)) extent.location = 0;
  for (let page = 0; page < count; page++) {
    map.cut(page, page + 1)[0]!.youngSinceUs = page * 10_000;
  }
  map.tidy();
  return map;
}

test('keeps neighbours of different history apart', () => {
  expect(historied(30).list.length).toBe(31);
});

test('takes similar histories together when there are too many', () => {
  const { list } = historied(3000);
  expect(list.length).toBeGreaterThan(4);
  expect(list.length).toBeLessThanOrEqual(17);
  expect(list.at(-1)).toMatchObject({ end: 10_000, youngSinceUs: -1 });
});

test('keeps missing pages of different rates apart', () => {
  const map = new ExtentMap({ pages: 100, huge: false, walls: [40] });
  for (const extent of [...map.cut(0, 40), ...map.cut(40, 100)]) extent.location = AWAY;
  map.tidy();
  expect(map.list.map(({ end }) => end)).toEqual([40, 100]);
  for (const extent of map.cut(0, 100)) {
    extent.location = 0;
    extent.frame = extent.start;
  }
  map.tidy();
  expect(map.list.map(({ end }) => end)).toEqual([100]);
});

test('puts pages of one section in order by what became of them, and keeps their number', () => {
  const map = new ExtentMap({ pages: 100, huge: false, walls: [40] });
  for (const extent of map.cut(0, 100)) extent.location = 0;
  for (let page = 0; page < 100; page += 2) map.cut(page, page + 1)[0]!.location = AWAY;
  map.sortSections();
  for (const extent of map.list) extent.frame = extent.start;
  map.tidy();
  expect(map.list.map(({ end, location }) => [end, location])).toEqual([
    [20, AWAY],
    [40, 0],
    [70, AWAY],
    [100, 0],
  ]);
});

test('keeps pages whose accessed bits were never cleared apart from those that were looked at', () => {
  const map = new ExtentMap({ pages: 10_000, huge: false, walls: [] });
  for (const extent of map.cut(0, 10_000)) extent.location = 0;
  // Small looks at scattered places of one large run, each of which a long list would swallow.
  for (let look = 0; look < 100; look++) {
    map.cut(look * 100, look * 100 + 10)[0]!.youngSinceUs = 1e6 + look;
    map.tidy();
  }
  const looked = map.list.filter(({ youngSinceUs }) => youngSinceUs >= 0);
  expect(looked.reduce((sum, { start, end }) => sum + end - start, 0)).toBe(1_000);
  expect(looked.every(({ youngSinceUs }) => youngSinceUs >= 1e6)).toBe(true);
});
