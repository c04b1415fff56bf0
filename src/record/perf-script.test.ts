import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arbitraryItems } from '../../test/records/arbitrary.ts';
import {
  allBytes,
  allItems,
  allSnapshots,
  allWarnings,
  bytesOf,
  itemsOf,
  testCodec,
  testRecord,
  textOfSource,
} from '../../test/records/reading.ts';
import { readRecording } from './open.ts';
import { writePerfScript } from './perf-script-writer.ts';
import type { RecordItem, SeriesSnapshot } from './recording.ts';

const read = (text: string, pieceBytes?: number) =>
  readRecording(bytesOf(text, pieceBytes), testCodec);

const line = (ms: number, target: number, nrRegions: number, region: string) =>
  `  kdamond.0  4452 [000] ${(100 + ms / 1000).toFixed(6)}: damon:damon_aggregated: ` +
  `target_id=${target} nr_regions=${nrRegions} ${region}\n`;

/** Three regions at 100, 200, 300… ms. */
const regions = ['0-10: 1 5', '10-20: 2 6', '30-40: 3 7'];
const snapshotText = (ms: number, target = 7) =>
  regions.map((region, row) => line(ms + row / 1000, target, 3, region)).join('');

describe('both shapes', () => {
  test('of perf script, with ages', async () => {
    const [first] = await allSnapshots(read(snapshotText(100) + snapshotText(200)));
    expect(first).toEqual({
      ...{ seriesIndex: 0, startNs: 100_000_000_000n, endNs: 100_100_000_000n },
      ...{ sampleIntervalUs: null, aggregationIntervalUs: null, schemeStats: null },
      ...{ nrRegions: 3, start: [0, 10, 30], end: [10, 20, 40] },
      ...{ nrAccesses: [1, 2, 3], age: [5, 6, 7], filterPassedBytes: null, probeHits: null },
    });
  });

  test('of trace-cmd report, without ages, with a comm of spaces and colons', async () => {
    const text =
      'cpus=2\nodd: 1.5 name-4452  [000] ..... 100.100000: damon_aggregated:     ' +
      'target_id=18446623438842320000 nr_regions=1 4096-8192: 9\r\n';
    const items = await allItems(read(text));
    expect(items[1]).toMatchObject({ series: { targetId: '18446623438842320000' } });
    expect(items[2]).toMatchObject({ snapshot: { start: [4096], nrAccesses: [9], age: [-1] } });
    expect(items[3]).toMatchObject({
      kind: 'warning',
      text: expect.stringContaining('One target has a single snapshot'),
    });
  });

  test('of kernels with probes', async () => {
    const one = (event: string, tail: string) =>
      `kdamond.0 1 [000] 100.100000: damon:${event}: target_id=0 nr_regions=1 0-9: 1 2${tail}\n`;
    const text =
      one('damon_region_aggregated', ' probe_hits=01 0a 00 ff') + one('damon_aggregated', '');
    expect(await allSnapshots(read(text))).toMatchObject([
      { probeHits: [1, 10, 0, 255], age: [2] },
    ]);
  });

  test('of schemes, which are series of their own', async () => {
    const one = (ms: number, region: string) =>
      `kdamond.0 1 [000] 100.${ms}: damon:damos_before_apply: ctx_idx=0 scheme_idx=2 ` +
      `target_idx=1 nr_regions=11 ${region}\n`;
    const text = one(100_000, '0-9: 1 2') + one(100_001, '9-12: 0 2') + one(200_000, '0-9: 1 3');
    const items = await allItems(read(text));
    expect(items[1]).toMatchObject({
      series: { kdamondIndex: 0, contextIndex: 0, schemeIndex: 2, targetId: '1' },
    });
    expect(await allSnapshots(read(text))).toMatchObject([{ nrRegions: 2 }, { nrRegions: 1 }]);
    expect(await allWarnings(read(text))).toEqual([]);
  });
});

describe('lost lines', () => {
  const texts = [100, 200, 300, 400, 500].map((ms) => snapshotText(ms));
  const whole = texts.join('');

  test.each(Array.from({ length: 15 }, (_, index) => index))('line %i', async (lost) => {
    const text = whole.split('\n').toSpliced(lost, 1).join('\n');
    const snapshots = await allSnapshots(read(text));
    const hit = Math.floor(lost / 3);
    expect(snapshots.map(({ nrRegions }) => nrRegions)).toEqual(
      texts.map((_, index) => (index === hit ? 2 : 3)),
    );
    expect(await allWarnings(read(text))).toEqual([
      '1 of 5 snapshots are incomplete: 1 lines of regions were lost when the trace was recorded. ' +
        'What is left of them is used.',
    ]);
  });

  test('lines of two targets may alternate', async () => {
    const rows = [100, 200, 300].flatMap((ms) =>
      regions.flatMap((region) => [line(ms, 7, 3, region), line(ms, 8, 3, region)]),
    );
    const snapshots = await allSnapshots(read(rows.join('')));
    expect(snapshots.map(({ seriesIndex, nrRegions }) => [seriesIndex, nrRegions])).toEqual(
      [0, 1, 0, 1, 0, 1].map((series) => [series, 3]),
    );
  });

  test('the end of one and the start of the next', async () => {
    const text = whole.split('\n').toSpliced(8, 2).join('\n');
    const snapshots = await allSnapshots(read(text));
    expect(snapshots.map(({ nrRegions }) => nrRegions)).toEqual([3, 3, 2, 2, 3]);
  });

  test('lines that are torn are counted', async () => {
    const text = `${whole}${line(600, 7, 3, '30-2')}${line(600, 7, 3, '9-3: 1')}`;
    expect(await allWarnings(read(text))).toEqual([
      "2 lines about DAMON can't be read, the first being line 16; they were left out.",
    ]);
  });
});

test('tuned intervals hold from the next interval on, traced before or after the regions', async () => {
  const tuned = (ms: number, us: number) =>
    `kdamond.0 1 [000] ${(100 + ms / 1000).toFixed(6)}: damon:damon_monitor_intervals_tune: ` +
    `sample_us=${us}\n`;
  const text =
    snapshotText(100) +
    tuned(199.999, 8000) +
    snapshotText(200) +
    snapshotText(300) +
    tuned(300.1, 9000) +
    snapshotText(400);
  const snapshots = await allSnapshots(read(text));
  expect(snapshots.map(({ sampleIntervalUs }) => sampleIntervalUs)).toEqual([
    ...[null, null, 8000, 9000],
  ]);
});

test('text without lines of DAMON is no recording', async () => {
  for (const text of ['hello\n', 'a: 1.0: b: c\n'.repeat(10_000), 'x'.repeat(100_000)]) {
    await expect(allItems(read(text))).rejects.toMatchObject({
      code: 'TC_INVALID',
      message: expect.stringMatching(/^This is no recording/),
    });
  }
});

test('the real trace is written as it was read', async () => {
  const open = () => readRecording(bytesOf(testRecord('perf.data.script.gz')), testCodec);
  const text = await textOfSource(writePerfScript(open()));
  expect(await allItems(read(text))).toEqual(await allItems(open()));
});

test('one snapshot keeps its start by a second one that readers drop', async () => {
  const open = () => readRecording(bytesOf(testRecord('damon.data.snapshot.anon')), testCodec);
  // The trace of a scheme; damo's own rule is about all regions of a target.
  const [expected] = await allSnapshots(open());
  const text = await textOfSource(writePerfScript(open()));
  expect(text).toMatch(/nr_regions=1 0-0: -1 -1\n$/);
  expect(await allSnapshots(read(text))).toMatchObject([
    { startNs: expected!.startNs, endNs: expected!.endNs, start: expected!.start },
  ]);
});

test('regions and ends are read as they were written', async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryItems, fc.integer({ min: 1, max: 500 }), async (items, piece) => {
      const kept = simplified(items);
      if (kept === null) return;
      const text = new TextDecoder().decode(await allBytes(writePerfScript(itemsOf(kept)())));
      const shown = (snapshots: Awaited<ReturnType<typeof allSnapshots>>) =>
        snapshots.map(({ endNs, start, end, nrAccesses, age }) => ({
          ...{ endNs, start, end, nrAccesses, age },
        }));
      const expected = shown(await allSnapshots(itemsOf(kept)()));
      expect(shown(await allSnapshots(read(text, piece)))).toEqual(expected);
    }),
    { numRuns: 100 },
  );
});

/** What a trace can hold: one target with intervals of a second and regions. */
function simplified(items: readonly RecordItem[]): RecordItem[] | null {
  const snapshots = items
    .filter((item) => item.kind === 'snapshot' && item.snapshot.nrRegions > 0)
    .map((item, number): RecordItem => {
      const { snapshot } = item as { snapshot: SeriesSnapshot };
      const startNs = BigInt(number) * 1_000_000_000n;
      const times = { startNs, endNs: startNs + 1_000_000_000n, sampleIntervalUs: null };
      return { kind: 'snapshot', snapshot: { ...snapshot, seriesIndex: 0, ...times } };
    });
  const series = items.find((item) => item.kind === 'series')!;
  if (snapshots.length === 0 || series.series.targetId === null) return null;
  return [
    items[0]!,
    { ...series, series: { ...series.series, schemeIndex: null, kdamondIndex: null } },
    ...snapshots,
  ];
}
