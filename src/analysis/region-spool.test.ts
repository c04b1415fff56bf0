import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seriesItem, snapshotItem, source } from '../../test/hand-made-recording.ts';
import type { RecordItem, SeriesSnapshot } from '../record/recording.ts';
import { ask, type Question } from './question.ts';
import { RegionSpool } from './region-spool.ts';
import { SecondLook } from './second-look.ts';

type SnapshotItem = Extract<RecordItem, { kind: 'snapshot' }>;

const snapshotOf = (item: RecordItem) => (item as SnapshotItem).snapshot;

const plain = ({ nrRegions, ...snapshot }: SeriesSnapshot) => ({
  ...snapshot,
  start: [...snapshot.start.subarray(0, nrRegions)],
  end: [...snapshot.end.subarray(0, nrRegions)],
  nrAccesses: [...snapshot.nrAccesses.subarray(0, nrRegions)],
  age: [...snapshot.age.subarray(0, nrRegions)],
  filterPassedBytes: snapshot.filterPassedBytes && [
    ...snapshot.filterPassedBytes.subarray(0, nrRegions),
  ],
});

describe('the spool', () => {
  const address = fc.oneof(
    fc.maxSafeNat().map((value) => value % 2 ** 51),
    fc.nat({ max: 2 ** 31 - 1 }).map((page) => page * 2 ** 20),
  );
  const region = fc.tuple(
    ...[address, address, fc.nat({ max: 2 ** 32 - 1 }), fc.integer({ min: -1, max: 2 ** 40 })],
    fc.maxSafeNat(),
  );
  const short = region.map((all) => all.slice(0, 4));

  test('gives back every snapshot as it was, in any order', () => {
    const lists = fc.array(fc.oneof(fc.array(region), fc.array(short)), { minLength: 1 });
    fc.assert(
      fc.property(lists, (all) => {
        const items = all.map((regions, index) =>
          snapshotItem(index * 100, index * 100 + 100, regions, { seriesIndex: index % 3 }),
        );
        const spool = new RegionSpool(2 ** 26);
        for (const item of items) spool.add(snapshotOf(item));
        const expected = items.map((item) => plain(snapshotOf(item)));
        expect([...spool.snapshots().map(plain)]).toEqual(expected);
        const backwards = [...items.keys()].reverse();
        expect([...spool.snapshots(backwards).map(plain)]).toEqual(expected.reverse());
      }),
      { numRuns: 50 },
    );
  });

  test('refuses what does not fit, and says so', () => {
    const spool = new RegionSpool(2 ** 20);
    const regions = Array.from({ length: 15_000 }, (_, index) => [index * 4096, index * 4096, 1]);
    let nrSnapshots = 0;
    for (; !spool.isFull && nrSnapshots < 1000; nrSnapshots++) {
      spool.add(snapshotOf(snapshotItem(0, 1, regions)));
    }
    expect(spool.isFull).toBe(true);
    expect(spool.held).toHaveLength(nrSnapshots - 1);
  });
});

test('the spool refuses addresses that it could not give back', () => {
  const spool = new RegionSpool(2 ** 24);
  spool.add(snapshotOf(snapshotItem(0, 1, [[2 ** 52, 2 ** 53 - 4096, 1]])));
  expect(spool.isFull).toBe(false);
  spool.add(snapshotOf(snapshotItem(0, 1, [[1, 2 ** 52, 1]])));
  expect([spool.isFull, spool.held.length]).toEqual([true, 1]);
});

describe('a second look', () => {
  const items = [
    seriesItem(0),
    ...[1, 2, 3].map((n) => snapshotItem(n, n + 1, [[0, 4096 * n, n]])),
  ];

  const ends = (): Question<number[]> => {
    const seen: number[] = [];
    return {
      take(item) {
        if (item.kind === 'snapshot') seen.push(item.snapshot.end[0]!);
      },
      answer: () => seen,
    };
  };

  test.each([
    ['keeps what fits', 2 ** 24, [] as RecordItem[], 1],
    ['reads again what does not', 0, [], 2],
    ['reads our own records again', 2 ** 24, [originItem('tcr')], 2],
  ])('%s', async (_, maxBytes, first, nrReadings) => {
    let readings = 0;
    const read = () => {
      readings += 1;
      return source([...first, ...items]);
    };
    const again = new SecondLook(read, maxBytes);
    await ask(read(), [again]);
    expect(await again.ask([ends()])).toEqual([[4096, 8192, 12288]]);
    expect(readings).toBe(nrReadings);
  });

  function originItem(format: 'tcr'): RecordItem {
    const origin = { format, host: null, kernelRelease: null, source: null, params: null };
    return { kind: 'origin', origin };
  }
});
