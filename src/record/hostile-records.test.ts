/** Files that were cut off, damaged or made to harm: one clear sentence or what is good of them. */
import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { DAMAGED_FORMATS, damaged, goodRecord, readDamaged } from '../../test/records/damage.ts';
import { testCodec } from '../../test/records/reading.ts';
import { readRecording } from './open.ts';

/** With a window of a pieceOf, and columns for the most regions that a snapshot may have. */
const MAX_HEAP_BYTES = 256 * 2 ** 20;

describe.each(DAMAGED_FORMATS)('%s', (format) => {
  test('cut off at every 97th byte', async () => {
    const good = await goodRecord(format);
    const { nrSnapshots } = await readDamaged(good);
    expect(nrSnapshots).toBe(8);
    let previous = 0;
    for (let length = 0; length < good.length; length += 97) {
      const outcome = await readDamaged(good.subarray(0, length));
      expect(outcome.nrSnapshots).toBeGreaterThanOrEqual(previous);
      expect(outcome.nrSnapshots).toBeLessThanOrEqual(8);
      if (outcome.nrSnapshots === 0 && outcome.message !== null) {
        expect(outcome.message).toMatch(/\.$/);
      }
      previous = outcome.nrSnapshots;
    }
  });

  test('damaged in 300 ways', async () => {
    const good = await goodRecord(format);
    let nrGood = 0;
    for (let seed = 1; seed <= 300; seed++) {
      const outcome = await readDamaged(damaged(good, format, seed));
      if (outcome.nrSnapshots > 0) nrGood += 1;
    }
    expect(nrGood).toBeGreaterThan(20);
  });
});

/** Reads in pieces of 64 KiB that are made as they are asked for. */
async function readMade(pieces: () => Iterable<string>, isPacked: boolean): Promise<unknown> {
  async function* text() {
    for (const piece of pieces()) yield new TextEncoder().encode(piece);
  }
  const open = () => (isPacked ? testCodec.deflateStream(text()) : text());
  let peakBytes = 0;
  const before = process.memoryUsage().arrayBuffers;
  try {
    let nrItems = 0;
    for await (const batch of readRecording(open, testCodec)) {
      for (const _ of batch) nrItems += 1;
      peakBytes = Math.max(peakBytes, process.memoryUsage().arrayBuffers - before);
    }
    return nrItems;
  } catch (error) {
    return (error as Error).message;
  } finally {
    expect(peakBytes).toBeLessThan(MAX_HEAP_BYTES);
  }
}

function* repeated(first: string, piece: string, times: number): Generator<string> {
  yield first;
  for (let i = 0; i < times; i++) yield piece;
}

const SERIES = '[{"target_id":0,"intervals":null,"snapshots":[';
const SNAPSHOT = '{"start_time":0,"end_time":1,"regions":[';

describe.each([
  ['plain', false],
  ['packed', true],
])('made to harm, %s', (_name, isPacked) => {
  const pieceOf = (unit: string) => unit.repeat(Math.ceil(2 ** 16 / unit.length));

  test.each([
    ['white space', '[', ' ', /longer than 1048576 bytes/],
    ['brackets', '[{"x":', '[', /nested deeper than 64/],
    ['a key', '[{"', 'x', /longer than 1048576 bytes/],
    ['a number', `${SERIES}${SNAPSHOT}{"start":`, '9', /longer than 1048576 bytes/],
    ['a time', `${SERIES}{"start_time":`, '9', /longer than 1048576 bytes/],
    ['an id', '[{"target_id":', '9', /longer than 1048576 bytes/],
    ['backslashes', '[{"', '\\\\', /longer than 1048576 bytes/],
    ['commas', '[', ',', /a record in \{braces\} should be here/],
    ['records', '[', '{"target_id":0,"intervals":null,"snapshots":[]},', /more than 1024 records/],
    ['regions', `${SERIES}${SNAPSHOT}`, '{"start":0,"end":1},', /more than 1048576 regions/],
  ])('endless %s', async (_what, first, unit, message) => {
    const text = () => repeated(first, pieceOf(unit), 700);
    expect(await readMade(text, isPacked)).toMatch(message);
  });
});

test('a trace whose snapshots never end', async () => {
  const row = (index: number) =>
    `k 1 [0] 1.000001: damon:damon_aggregated: target_id=1 nr_regions=4000000000 ${index}-${index + 1}: 0\n`;
  function* lines() {
    for (let from = 0; from < 1_100_000; from += 1000) {
      yield Array.from({ length: 1000 }, (_, index) => row(from + index)).join('');
    }
  }
  expect(await readMade(lines, false)).toMatch(/More than 1048576 regions/);
});

test('a bomb of a thousand to one costs no memory', async () => {
  const region = '{"start":0,"end":4096,"nr_accesses":{"samples":1}}';
  const snapshot = `${SNAPSHOT}${`${region},`.repeat(999)}${region}]}`;
  const text = `${SERIES}${`${snapshot},`.repeat(399)}${snapshot}]}]`;
  const packed = new Uint8Array(deflateSync(text));
  expect(packed.length).toBeLessThan(text.length / 300);
  const items = await readMade(() => [text], true);
  expect(items).toBe(402);
});
