import { deflateSync } from 'node:zlib';
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
import { writeDamoJson } from './damo-json-writer.ts';
import { readRecording } from './open.ts';
import type { ItemSource, RecordItem } from './recording.ts';

function read(content: Uint8Array | string, pieceBytes?: number): ItemSource {
  return readRecording(bytesOf(content, pieceBytes), testCodec);
}

/** Items in the order of the JSON text: all of a series together. */
function grouped(items: readonly RecordItem[]): RecordItem[] {
  const [origin, ...others] = items;
  const series = others.filter((item) => item.kind === 'series');
  return [
    origin!,
    ...series.flatMap((one) => [
      one,
      ...others.filter(
        (item) => item.kind === 'snapshot' && item.snapshot.seriesIndex === one.index,
      ),
    ]),
  ];
}

test('what is written is read as it was, in pieces of any size', async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryItems, fc.integer({ min: 1, max: 500 }), async (items, piece) => {
      const text = await allBytes(writeDamoJson(itemsOf(items)));
      expect(await allItems(read(text, piece))).toEqual(await allItems(itemsOf(grouped(items))()));
    }),
    { numRuns: 150 },
  );
});

test('packed, it is read as well', async () => {
  const items = await allItems(read(testRecord('damon.data.snapshot.anon')));
  const text = writeDamoJson(() => read(testRecord('damon.data.snapshot.anon')));
  const packed = await allBytes(testCodec.deflateStream(text));
  expect(await allItems(read(packed))).toEqual(items);
});

test('the text is that of damo, byte for byte, but for keys that old versions did not write', async () => {
  const original = await textOfSource(
    testCodec.inflateStream(bytesOf(testRecord('damon.data.snapshot.nofilter'))()),
  );
  const written = await textOfSource(
    writeDamoJson(() => read(testRecord('damon.data.snapshot.nofilter'))),
  );
  expect(written).toBe(original.replaceAll('"0 B"', '"0"'));
});

test('keys of JSON may be in any order, and white space is free', async () => {
  const text = await textOfSource(
    testCodec.inflateStream(bytesOf(testRecord('damon.data.snapshot.anon'))()),
  );
  const expected = (await allItems(read(text))).slice(1);
  // Sorted keys put "snapshots" before "target_id".
  const sorted = (key: string, value: unknown) =>
    value && typeof value === 'object' && !Array.isArray(value) && key !== 'scheme_filters'
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value;
  for (const space of [0, '\t']) {
    const other = JSON.stringify(JSON.parse(text), sorted, space);
    expect((await allItems(read(other))).slice(1)).toEqual(expected);
  }
});

function recordText(region: string, intervals = '"sample_us":"5ms","aggr_us":"100ms"'): string {
  return (
    `[{"target_id":0,"intervals":{${intervals},"ops_update_us":"1s"},"snapshots":` +
    `[{"start_time":"0","end_time":"100 ms","regions":[${region}]}]}]`
  );
}

describe('regions', () => {
  const of = async (region: string) => {
    const [snapshot] = await allSnapshots(read(recordText(region)));
    return snapshot;
  };

  test('the smallest example that damo takes', async () => {
    const region =
      '{"start":"4K","end":"8K","nr_accesses":{"samples":3,"percent":null},' +
      '"age":{"usec":null,"aggr_intervals":7}}';
    expect(await of(region)).toEqual({
      ...{ seriesIndex: 0, startNs: 0n, endNs: 100_000_000n, nrRegions: 1 },
      ...{ sampleIntervalUs: 5000, aggregationIntervalUs: 100_000 },
      ...{ start: [4096], end: [8192], nrAccesses: [3], age: [7] },
      ...{ filterPassedBytes: null, probeHits: null, schemeStats: null },
    });
  });

  test('samples from percent and intervals from time, cut as damo cuts', async () => {
    const region =
      '{"start":"1,000","end":2000,"nr_accesses":{"samples":null,"percent":"97 %"},' +
      '"age":{"usec":"3 s 450 ms","aggr_intervals":null},"sz_filter_passed":"0.5 KiB"}';
    expect(await of(region)).toMatchObject({
      ...{ start: [1000], end: [2000], nrAccesses: [19], age: [34], filterPassedBytes: [512] },
    });
  });

  test('a bare range, and rows of different shapes after each other', async () => {
    const rows =
      '{"start":1,"end":2},{"start":2,"end":3,"nr_accesses":{"samples":5}},' +
      '{"start":3,"end":4,"nr_accesses":{"samples":6},"probe_hits":[1,2]},' +
      '{"start":4,"end":18446744073709551615,"nr_accesses":{"samples":4294967295}}';
    expect(await of(rows)).toMatchObject({
      nrAccesses: [0, 5, 6, 4294967295],
      age: [-1, -1, -1, -1],
      probeHits: [...[0, 0, 0, 0], ...[0, 0, 0, 0], ...[1, 2, 0, 0], ...[0, 0, 0, 0]],
      end: [2, 3, 4, 2 ** 64],
    });
  });

  test.each([
    ['{"start":"x","end":2}', 'start is no number that damo writes'],
    ['{"start":4,"end":2}', 'the region can not be'],
    ['{"end":2}', 'the region can not be'],
    ['{"start":1,"end":"4k"}', 'end is no number that damo writes'],
    [`{"start":1,"end":${'9'.repeat(100_000)}}`, 'end is no number that damo writes'],
    ['{"start":1,"end":2,"nr_accesses":{"samples":-1}}', 'nr_accesses.samples is no number'],
    ['{"start":1,"end":2,"nr_accesses":{"samples":4294967296}}', 'the region can not be'],
    ['{"start":1,"end":2,"probe_hits":[1,2,3,4,5]}', 'more than four probe_hits'],
    ['{"start":1 "end":2}', 'a comma or closing brace should be here'],
    ['7', 'a region in braces should be here'],
  ])('%s is refused', async (region, message) => {
    await expect(allItems(read(recordText(region)))).rejects.toMatchObject({
      code: 'TC_INVALID',
      message: expect.stringContaining(message),
    });
  });
});

test('sizes of statistics have units where damo writes for people', async () => {
  const text = recordText('').replace(
    '"regions"',
    '"damos_stats":{"nr_tried":"1,234","sz_tried":"1.500 GiB","sz_applied":"4,096"},"regions"',
  );
  const [snapshot] = await allSnapshots(read(text));
  expect(snapshot!.schemeStats).toEqual({
    ...{ nr_tried: 1234n, sz_tried: 1_610_612_736n, sz_applied: 4096n },
  });
});

test('percents are not taken for none where the record has no intervals', async () => {
  const text =
    '[{"target_id":0,"intervals":null,"snapshots":[{"start_time":"0","end_time":"1","regions":' +
    '[{"start":1,"end":2,"nr_accesses":{"samples":null,"percent":50}}]}]}]';
  await expect(allItems(read(text))).rejects.toThrow('percents of samples, but the record no');
});

test('a derived start may lie before 0', async () => {
  const text = recordText('').replace('"start_time":"0"', '"start_time":"-50000000"');
  const [snapshot] = await allSnapshots(read(text));
  expect(snapshot!.startNs).toBe(-50_000_000n);
});

describe('what is no recording', () => {
  test.each([
    ['', 'The recording is empty.'],
    [' \n ', 'The recording is empty.'],
    ['{"kdamonds":[]}', 'damo writes a list of records in [brackets]'],
    ['[]', 'the list of records is empty'],
    ['[{"kdamond_idx":0}]', 'record has no "snapshots"'],
    ['[{"target_id":"x","snapshots":[]}]', 'target_id is no whole number'],
    ['[[]]', 'a record in {braces} should be here'],
    ['[{"snapshots":[],"target_id":0', 'ends after 30 bytes, in the middle of a record'],
    [`[${' '.repeat(2 ** 21)}`, 'longer than 1048576 bytes'],
    [`[{"x":${'['.repeat(100)}`, 'nested deeper than 64'],
    [`[{"x":"${'y'.repeat(2 ** 21)}`, 'longer than 1048576 bytes'],
    [`[{"scheme_filters":["${'y'.repeat(2 ** 15)}"]}]`, 'longer than 16384 bytes'],
    [`[${'{"target_id":0,"intervals":null,"snapshots":[]},'.repeat(1025)}`, 'more than 1024'],
    ['PERFILE2xxxxxxxx', 'perf script -i FILE'],
    ['\x1f\x8b\x08\x00', 'unpack it with gunzip first'],
  ])('%j', async (text, message) => {
    const content = Uint8Array.from(text, (character) => character.charCodeAt(0));
    await expect(allItems(read(content))).rejects.toMatchObject({
      code: 'TC_INVALID',
      message: expect.stringContaining(message),
    });
  });
});

test('a damaged end leaves what is before it, with one warning', async () => {
  const packed = testRecord('damon.data');
  const whole = await allSnapshots(read(packed));
  const cut = packed.subarray(0, packed.length / 2);
  const snapshots = await allSnapshots(read(cut));
  expect(snapshots.length).toBeGreaterThan(200);
  expect(snapshots).toEqual(whole.slice(0, snapshots.length));
  expect(await allWarnings(read(cut))).toEqual([
    `The compressed data are damaged or cut off. The ${snapshots.length} snapshots before are good.`,
  ]);
});

test('a bomb of zeros ends at once', async () => {
  const bomb = deflateSync(new Uint8Array(2 ** 26));
  await expect(allItems(read(new Uint8Array(bomb)))).rejects.toThrow(/damaged at byte 0/);
});

test('errors of the source stay what they are', async () => {
  async function* failing() {
    yield testRecord('damon.data').subarray(0, 5000);
    throw new Error('the disk is gone');
  }
  await expect(allItems(readRecording(failing, testCodec))).rejects.toThrow('the disk is gone');
});
