import { describe, expect, test } from 'vitest';
import { intervals, seriesItem, snapshotItem, source } from '../../test/hand-made-recording.ts';
import type { RecordItem } from '../record/recording.ts';
import { Footprints } from './footprints.ts';
import { MappingNames } from './mapping-names.ts';
import { ofTarget } from './narrowed.ts';
import { PatternTimes } from './pattern-times.ts';
import { ask, type Question } from './question.ts';
import { filtered, NO_FILTER, type SnapshotFilter } from './snapshot-filter.ts';

/** What is left of each snapshot, row by row. */
function rows(): Question<number[][][]> {
  const seen: number[][][] = [];
  return {
    take(item) {
      if (item.kind !== 'snapshot') return;
      const { nrRegions, start, end, nrAccesses, filterPassedBytes } = item.snapshot;
      seen.push(
        Array.from({ length: nrRegions }, (_, row) => [
          ...[start[row]!, end[row]!, nrAccesses[row]!],
          ...(filterPassedBytes ? [filterPassedBytes[row]!] : []),
        ]),
      );
    },
    answer: () => seen,
  };
}

const known = seriesItem(0, { intervals: intervals(5000, 100_000) });
const three: RecordItem[] = [
  known,
  snapshotItem(0, 100, [
    [0, 10, 0, 9],
    [10, 30, 10, 2],
    [30, 70, 20, 0],
  ]),
];

async function left(filter: Partial<SnapshotFilter>, items = three) {
  return (await ask(source(items), [filtered({ ...NO_FILTER, ...filter }, rows())]))[0];
}

describe('a filter', () => {
  test.each<[string, Partial<SnapshotFilter>, number[][]]>([
    [
      'addresses',
      { addresses: { start: 5, end: 31 } },
      [
        [5, 10, 0],
        [10, 30, 10],
        [30, 31, 20],
      ],
    ],
    ['sizes', { sizeBytes: [20, 39] }, [[10, 30, 10]]],
    ['sizes after cutting', { addresses: { start: 60, end: 99 }, sizeBytes: [11, 99] }, []],
    ['rates', { ratePercent: [50, 99.9] }, [[10, 30, 10]]],
    [
      'ages',
      { ageUs: [200_000, 900_000] },
      [
        [0, 10, 0],
        [10, 30, 10],
      ],
    ],
    [
      'nothing',
      {},
      [
        [0, 10, 0],
        [10, 30, 10],
        [30, 70, 20],
      ],
    ],
  ])('goes by %s', async (_, filter, expected) => {
    expect(await left(filter)).toEqual([expected]);
  });

  test('goes by time, on the clock or from the start', async () => {
    const items = [
      known,
      ...[1000, 1100, 1200].map((ms) => snapshotItem(ms, ms + 100, [[0, ms, 1]])),
    ];
    const late = {
      time: [{ afterStartNs: 100_000_000n }, { afterStartNs: 200_000_000n }],
    } as const;
    expect(await left(late, items)).toEqual([[[0, 1100, 1]]]);
    const clock = { time: [{ atNs: 1_150_000_000n }, { atNs: 9_000_000_000n }] } as const;
    expect(await left(clock, items)).toEqual([[[0, 1100, 1]], [[0, 1200, 1]]]);
  });

  test('cuts the bytes that passed with the region', async () => {
    const items = [known, snapshotItem(0, 100, [[0, 100, 1, 0, 40]])];
    expect(await left({ addresses: { start: 0, end: 25 } }, items)).toEqual([[[0, 25, 1, 10]]]);
  });

  test('refuses to go by what was not recorded', async () => {
    const unknown = [seriesItem(0), snapshotItem(0, 100, [[0, 10, 1]])];
    await expect(left({ ratePercent: [0, 100] }, unknown)).rejects.toThrow('its intervals');
    const noAges = [known, snapshotItem(0, 100, [[0, 10, 1]])];
    await expect(left({ ageUs: [0, 1] }, noAges)).rejects.toThrow('ages of regions');
  });
});

test('one target is all of its series', async () => {
  const items = [
    ...[seriesItem(0, { targetId: '7' }), seriesItem(1, { targetId: '8' })],
    seriesItem(2, { targetId: '7', schemeIndex: 1 }),
    ...[0, 1, 2].map((seriesIndex) =>
      snapshotItem(0, 100, [[0, seriesIndex + 1, 1]], { seriesIndex }),
    ),
  ];
  const [seen] = await ask(source(items), [ofTarget('7', rows())]);
  expect(seen).toEqual([[[0, 1, 1]], [[0, 3, 1]]]);
  await expect(ask(source(items), [ofTarget('9', rows())])).rejects.toThrow(
    'The recording has no target 9; its targets are 7, 8.',
  );
});

test('times of a pattern are joined over snapshots and targets', async () => {
  const at = (seriesIndex: number, startMs: number, isSeen: boolean) =>
    snapshotItem(startMs, startMs + 100, isSeen ? [[0, 1, 1]] : [], { seriesIndex });
  const items = [
    ...[seriesItem(0), seriesItem(1)],
    ...[at(0, 0, true), at(0, 100, true), at(0, 200, false), at(0, 300, true), at(0, 400, false)],
    ...[at(1, 0, false), at(1, 100, false), at(1, 200, false), at(1, 300, false), at(1, 400, true)],
    ...[at(0, 600, true)],
  ];
  const [times] = await ask(source(items), [new PatternTimes()]);
  expect(times.map(({ startNs, endNs }) => [Number(startNs) / 1e6, Number(endNs) / 1e6])).toEqual([
    ...[
      [0, 200],
      [300, 500],
      [600, 700],
    ],
  ]);
});

describe('names', () => {
  const mapping = (timeNs: bigint, pid: number, start: number, end: number, name: string) =>
    ({ kind: 'mapping', mapping: { timeNs, pid, start, end, name } }) as const;

  test('are those of the mapping that covers most, as it was last', async () => {
    const items = [
      ...[mapping(1n, 5, 0, 100, 'old'), mapping(2n, 5, 0, 10, '[heap]')],
      ...[
        mapping(2n, 5, 10, 14, 'libc'),
        mapping(2n, 5, 20, 29, 'libc'),
        mapping(2n, 5, 30, 40, ''),
      ],
      mapping(1n, 6, 0, 100, '[stack]'),
    ];
    const [names] = await ask(source(items), [new MappingNames()]);
    expect(names.nameOf(5, 0, 29)).toBe('libc');
    expect(names.nameOf(5, 0, 20)).toBe('[heap]');
    expect(names.nameOf(5, 28, 60)).toBe('(anonymous)');
    expect(names.nameOf(5, 50, 60)).toBe('');
    expect(names.nameOf(6, 50, 60)).toBe('[stack]');
    // Of which process, nobody knows.
    expect(names.nameOf(null, 50, 60)).toBe('');
  });

  test('serve series without a process where only one was recorded', async () => {
    const [names] = await ask(source([mapping(1n, 5, 0, 100, '[heap]')]), [new MappingNames()]);
    expect(names.nameOf(null, 50, 60)).toBe('[heap]');
  });
});

test('footprints are kept by process', async () => {
  const footprint = (pid: number | null, residentBytes: number) =>
    ({
      kind: 'footprint',
      footprint: { timeNs: 0n, pid, virtualBytes: 9, residentBytes },
    }) as const;
  const items = [footprint(1, 5), footprint(null, 7), footprint(1, 6)];
  const [byPid] = await ask(source(items), [new Footprints()]);
  expect([...byPid].map(([pid, list]) => [pid, list.map((one) => one.residentBytes)])).toEqual([
    ...[
      [1, [5, 6]],
      [null, [7]],
    ],
  ]);
});
