import { describe, expect, test } from 'vitest';
import { depthProfile, idleBuckets, idlePercentiles, sumsOf } from '../figures/region-figures.ts';
import { PAGE, snapshotOf } from '../testing/snapshot-of.ts';
import { Picture } from './picture.ts';
import { readingAt } from './place-text.ts';
import { accessedWithin, selectedRegions } from './selection.ts';

const picture = new Picture();
picture.add([
  { snapshot: snapshotOf(1, [{ pages: [0, 4], accesses: 10 }, { pages: [8, 12] }]), spanUs: 1e6 },
  {
    snapshot: snapshotOf(2, [
      { pages: [0, 3], accesses: 20 },
      { pages: [3, 4], accesses: 1, age: 2 },
      { pages: [8, 12], age: 9 },
    ]),
    spanUs: 1e6,
  },
]);
picture.setLabels([{ targetIndex: 0, start: 8 * PAGE, end: 12 * PAGE, name: '[heap]' }]);
const { history } = picture;
const all = selectedRegions(history, picture.axis.value, null);

describe('what is selected', () => {
  test('is the newest picture while nothing is', () => {
    expect(all.map(({ heat, idleUs }) => [heat, idleUs])).toEqual([
      [1, 0],
      [0.05, 0],
      [0, 10e6],
    ]);
  });

  test('is the last picture of the time, cut to the addresses', () => {
    const selection = { fromUs: 0, toUs: 1e6, fromOffset: 3 * PAGE, toOffset: 5 * PAGE };
    const regions = selectedRegions(history, picture.axis.value, selection);
    expect(regions.map(({ start, end, heat }) => [start / PAGE, end / PAGE, heat])).toEqual([
      [3, 4, 0.5],
      [8, 9, 0],
    ]);
  });

  test('has the working set of its addresses only', () => {
    const within = (fromPage: number, toPage: number) => {
      const offsets = { fromOffset: fromPage * PAGE, toOffset: toPage * PAGE };
      const selection = { fromUs: 0, toUs: 2e6, ...offsets };
      return accessedWithin(history.latest!.snapshot, picture.axis.value, selection) / PAGE;
    };
    expect([within(0, 8), within(2, 6), within(4, 8)]).toEqual([4, 2, 0]);
  });

  test('sums up, by heat and by idle time', () => {
    expect(sumsOf(all)).toEqual({
      watchedBytes: 8 * PAGE,
      workingSetBytes: 4 * PAGE,
      hotBytes: 3 * PAGE,
    });
    expect(depthProfile(all)).toEqual([
      { fromBytes: 0, toBytes: 3 * PAGE, heat: 1 },
      { fromBytes: 3 * PAGE, toBytes: 4 * PAGE, heat: 0.05 },
      { fromBytes: 4 * PAGE, toBytes: 8 * PAGE, heat: 0 },
    ]);
    expect(idlePercentiles(all)).toEqual([0, 0, 10e6, 10e6, 10e6]);
    expect(idleBuckets(all).map(({ bytes }) => bytes / PAGE)).toEqual([4, 0, 0, 4, 0, 0, 0, 0]);
  });
});

describe('a reading', () => {
  test('names the place and says what was seen there', () => {
    expect(readingAt(picture, 1.5e6, 5 * PAGE)).toEqual({
      time: '0:01.5',
      place: '[heap] + 4 KiB',
      address: '0x9000',
      heat: 0,
      sentence: 'not accessed for 9 s; region of 16 KiB',
    });
    expect(readingAt(picture, 1.5e6, 0)!.sentence).toBe(
      'accessed in 20 of 20 samples (100 %); region of 12 KiB',
    );
  });

  test('says when there is none', () => {
    expect(readingAt(picture, 7e6, 0)).toMatchObject({
      heat: null,
      sentence: 'nothing was recorded',
    });
    expect(readingAt(new Picture(), 0, 0)).toBeNull();
  });
});
