import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nodeCodec } from '../cli/record-files.ts';
import type { RecordItem, RecordingOrigin, Series, SeriesSnapshot } from './recording.ts';
import { FILE_HEADER_BYTES, FRAME_HEADER_BYTES } from './tcr-format.ts';
import { readTcr } from './tcr-reader.ts';
import { TcrWriter } from './tcr-writer.ts';

const origin: RecordingOrigin = {
  format: 'tcr',
  host: 'lake',
  kernelRelease: '7.3.4',
  source: 'engine sim',
  params: { operations: 'vaddr' },
};
const series: Series = {
  kdamondIndex: 0,
  contextIndex: 0,
  schemeIndex: null,
  targetId: '18446623438842320000',
  pid: 42,
  intervals: {
    sampleIntervalUs: 5000,
    aggregationIntervalUs: 100_000,
    operationsUpdateIntervalUs: 1_000_000,
    goal: null,
  },
  filters: [{ filter_type: 'anon' }],
};

type Row = readonly [start: number, end: number, nrAccesses: number, age: number];

function snapshotOf(rows: readonly Row[], more: Partial<SeriesSnapshot> = {}): SeriesSnapshot {
  return {
    seriesIndex: 0,
    startNs: 0n,
    endNs: 100_000_000n,
    sampleIntervalUs: 5000,
    aggregationIntervalUs: 100_000,
    nrRegions: rows.length,
    start: Float64Array.from(rows, ([start]) => start),
    end: Float64Array.from(rows, ([, end]) => end),
    nrAccesses: Uint32Array.from(rows, ([, , nrAccesses]) => nrAccesses),
    age: Float64Array.from(rows, ([, , , age]) => age),
    filterPassedBytes: null,
    probeHits: null,
    schemeStats: null,
    ...more,
  };
}

function snapshotItem(...given: Parameters<typeof snapshotOf>): RecordItem {
  return { kind: 'snapshot', snapshot: snapshotOf(...given) };
}

const head: readonly RecordItem[] = [
  { kind: 'origin', origin },
  { kind: 'series', index: 0, series },
];

/** A row for each page number, a window later each time; of `nr` windows. */
function windows(nr: number): RecordItem[] {
  return Array.from({ length: nr }, (_, index) =>
    snapshotItem(
      [0, 1, 2, 3].map((page) => [page * 4096, (page + 1) * 4096, (index * page) % 20, index]),
      { startNs: BigInt(index) * 100n, endNs: BigInt(index + 1) * 100n },
    ),
  );
}

/** @param flushEvery closes frames after so many items */
function write(items: readonly RecordItem[], flushEvery = Number.POSITIVE_INFINITY): Uint8Array[] {
  const writer = new TcrWriter(nodeCodec);
  const pieces: Uint8Array[] = [];
  items.forEach((item, index) => {
    pieces.push(...writer.add(item));
    if ((index + 1) % flushEvery === 0) pieces.push(...writer.flush());
  });
  return [...pieces, ...writer.end()];
}

/** An item as it will stay, columns cut to their rows. */
function kept(item: RecordItem): RecordItem {
  if (item.kind !== 'snapshot') return item;
  const { nrRegions, filterPassedBytes, probeHits, ...rest } = item.snapshot;
  return {
    kind: 'snapshot',
    snapshot: {
      ...rest,
      nrRegions,
      start: rest.start.slice(0, nrRegions),
      end: rest.end.slice(0, nrRegions),
      nrAccesses: rest.nrAccesses.slice(0, nrRegions),
      age: rest.age.slice(0, nrRegions),
      filterPassedBytes: filterPassedBytes?.slice(0, nrRegions) ?? null,
      probeHits: probeHits?.slice(0, nrRegions * 4) ?? null,
    },
  };
}

async function read(pieces: Iterable<Uint8Array>): Promise<RecordItem[]> {
  const source = (async function* () {
    yield* pieces;
  })();
  const items: RecordItem[] = [];
  for await (const batch of readTcr(source, nodeCodec)) {
    for (const item of batch) items.push(kept(item));
  }
  return items;
}

function warningsOf(items: readonly RecordItem[]): string[] {
  return items.flatMap((item) => (item.kind === 'warning' ? [item.text] : []));
}

function withoutWarnings(items: readonly RecordItem[]): RecordItem[] {
  return items.filter(({ kind }) => kind !== 'warning');
}

describe('what goes in comes out', () => {
  const whole = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  const wide = fc.oneof(whole, fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER - 1 }));
  const orNull = <Value>(of: fc.Arbitrary<Value>) => fc.option(of, { nil: null });
  const time = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n });
  const text = fc.string({ unit: 'binary', maxLength: 20 });
  const age = fc.oneof(fc.integer({ min: -1, max: 3 }), wide);
  const json = fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value)));
  /** Few bounds, so that rows of one snapshot come again in the next. */
  const bound = fc.oneof(
    fc.integer({ min: 0, max: 12 }).map((page) => page * 4096),
    wide,
  );
  const rows = fc.array(
    fc.tuple(bound, bound, fc.oneof(fc.nat(20), whole), age, wide, fc.tuple(whole, whole, whole)),
    { maxLength: 12 },
  );
  const stats = fc.dictionary(text, time, { maxKeys: 4, noNullPrototype: true });
  const snapshot = fc
    .record({
      rows,
      seriesIndex: fc.nat(2),
      startNs: time,
      endNs: time,
      sampleIntervalUs: orNull(wide),
      aggregationIntervalUs: orNull(wide),
      hasPassed: fc.boolean(),
      hasProbes: fc.boolean(),
      schemeStats: orNull(stats),
    })
    .map(({ rows: table, hasPassed, hasProbes, ...rest }) =>
      snapshotItem(
        table.map(([start, end, nrAccesses, rowAge]): Row => [start, end, nrAccesses, rowAge]),
        {
          ...rest,
          filterPassedBytes: hasPassed ? Float64Array.from(table, (row) => row[4]) : null,
          probeHits: hasProbes ? Uint32Array.from(table.flatMap((row) => [0, ...row[5]])) : null,
        },
      ),
    );
  const other = fc.oneof<fc.Arbitrary<RecordItem>[]>(
    fc.record({
      kind: fc.constant('origin' as const),
      origin: fc.record({
        format: fc.constant('tcr' as const),
        host: orNull(text),
        kernelRelease: orNull(text),
        source: orNull(text),
        params: json,
      }),
    }),
    fc.record({
      kind: fc.constant('footprint' as const),
      footprint: fc.record({
        timeNs: time,
        pid: orNull(whole),
        virtualBytes: wide,
        residentBytes: wide,
      }),
    }),
    fc.record({
      kind: fc.constant('mapping' as const),
      mapping: fc.record({ timeNs: time, pid: whole, start: wide, end: wide, name: text }),
    }),
    fc.record({ kind: fc.constant('event' as const), timeNs: time, text }),
    fc.record({ kind: fc.constant('warning' as const), text }),
  );
  const items = fc.array(fc.oneof({ weight: 4, arbitrary: snapshot }, other), { maxLength: 30 });
  const announced: RecordItem[] = [0, 1, 2].map((index) => ({ kind: 'series', index, series }));

  test('for any items, in frames of any length, from pieces of any size', async () => {
    const property = fc.asyncProperty(
      items,
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 5000 }),
      async (given, flushEvery, pieceBytes) => {
        const all: RecordItem[] = [{ kind: 'origin', origin }, ...announced, ...given];
        const bytes = Buffer.concat(write(all, flushEvery));
        const pieces: Uint8Array[] = [];
        for (let at = 0; at < bytes.length; at += pieceBytes) {
          pieces.push(bytes.subarray(at, at + pieceBytes));
        }
        expect(await read(pieces)).toEqual(all.map(kept));
      },
    );
    await fc.assert(property, { numRuns: 300 });
  });

  test('also over many frames, and when a caller leaves a batch early', async () => {
    const all = [...head, ...windows(500)];
    const pieces = write(all, 10);
    expect(await read(pieces)).toEqual(all);

    const last: RecordItem[] = [];
    const source = (async function* () {
      yield* pieces;
    })();
    for await (const batch of readTcr(source, nodeCodec)) {
      for (const item of batch) {
        last.push(kept(item));
        break;
      }
    }
    expect(last.slice(0, 4)).toEqual([all[0], all[1], all[2], all[10]]);
    expect(last.at(-1)).toEqual(all[500]);
  });

  test('lists that are too long for one frame come in several', async () => {
    const name = 'x'.repeat(1000);
    const all: RecordItem[] = Array.from({ length: 1000 }, (_, index) => ({
      kind: 'mapping',
      mapping: { timeNs: 1n, pid: 1, start: index * 4096, end: (index + 1) * 4096, name },
    }));
    expect(await read(write([...head, ...all]))).toEqual([...head, ...all]);
  });
});

describe('size', () => {
  test('a snapshot without changes costs next to nothing', () => {
    const rows = Array.from({ length: 1000 }, (_, i): Row => [i * 4096, (i + 1) * 4096, i % 20, 5]);
    const older = rows.map(([start, end, nr, age]): Row => [start, end, nr, age + 1]);
    const one = write([...head, snapshotItem(rows)]);
    const two = write([...head, snapshotItem(rows), snapshotItem(older)]);
    const size = (pieces: Uint8Array[]) => pieces.reduce((sum, { length }) => sum + length, 0);
    expect(size(two) - size(one)).toBeLessThan(20);
  });
});

describe('what a record can not hold', () => {
  test.each([
    ['a fraction', [[0, 0.5, 0, 0]], '0.5 is no address'],
    ['no number', [[Number.NaN, 1, 0, 0]], 'NaN is no address'],
    ['an address beyond 2^53', [[0, 2 ** 60, 0, 0]], 'is no address'],
    ['an age below -1', [[0, 1, 0, -2]], '-2 is no age'],
  ] as [string, Row[], string][])('%s is refused', (_name, rows, sentence) => {
    const writer = new TcrWriter(nodeCodec);
    expect(() => writer.add(snapshotItem(rows))).toThrow(sentence);
    // Nothing of it stays.
    expect(writer.flush().length).toBeLessThanOrEqual(1);
    expect(writer.nrSnapshots).toBe(0);
  });

  test('a long text, and too many series', () => {
    const writer = new TcrWriter(nodeCodec);
    const text = 'x'.repeat(2 ** 20);
    expect(() => writer.add({ kind: 'warning', text })).toThrow('a text of more than 1 MiB');
    expect(() => writer.add({ kind: 'series', index: 2 ** 16, series })).toThrow('series');
  });
});

describe('damage', () => {
  const items = [...head, ...windows(150), { kind: 'event', timeNs: 5n, text: 'over' } as const];
  const pieces = write(items, 10);
  const bytes = Buffer.concat(pieces);
  /** Where each piece ends. */
  const ends = pieces.map((_, index) =>
    pieces.slice(0, index + 1).reduce((sum, { length }) => sum + length, 0),
  );

  test('cut at any byte, everything up to the last whole frame is there', async () => {
    const short = write([...head, ...windows(24)], 10);
    const all = Buffer.concat(short);
    let end = short[0]!.length;
    let whole = 0;
    let expected = withoutWarnings(await read(short.slice(0, 1)));
    for (let length = FILE_HEADER_BYTES; length < all.length; length++) {
      while (length >= end + short[whole + 1]!.length) {
        whole += 1;
        end += short[whole]!.length;
        expected = withoutWarnings(await read(short.slice(0, whole + 1)));
      }
      const found = await read([all.subarray(0, length)]);
      expect(withoutWarnings(found)).toEqual(expected);
      expect(warningsOf(found)).toEqual([
        `The recording ends at byte ${end} without its closing mark: recording was cut off, or ` +
          'still goes on. All before is good.',
      ]);
    }
    expect(whole).toBe(short.length - 2);
  });

  test('a byte that is changed costs a frame, or what builds on it, and never more', async () => {
    const all = new Set(items.map((item) => JSON.stringify(kept(item), bigints)));
    for (let at = FILE_HEADER_BYTES; at < bytes.length; at += 3) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1 << (at % 8);
      const found = await read([changed]);
      expect(warningsOf(found).length).toBeGreaterThan(0);
      const texts = withoutWarnings(found).map((item) => JSON.stringify(item, bigints));
      const snapshots = texts.filter((text) => text.startsWith('{"kind":"snapshot"'));
      expect(snapshots.filter((text) => !all.has(text))).toEqual([]);
      expect(snapshots.length).toBeGreaterThanOrEqual(150 - 64);
    }
  });

  test('a frame that is missing is noticed, and so is what stands behind the end', async () => {
    const without = await read(pieces.filter((_, index) => index !== 5));
    expect(warningsOf(without)[0]).toContain('frames are missing');
    expect(warningsOf(without)[1]).toContain('build on what is lost');
    const twice = await read([bytes, bytes]);
    expect(withoutWarnings(twice)).toEqual(items);
    expect(warningsOf(twice)).toEqual([
      `What follows the closing mark, at byte ${bytes.length}, is unread.`,
    ]);
  });

  test('snapshots of a series that is lost are given without its particulars', async () => {
    const found = await read(pieces.filter((_, index) => index !== 2));
    const unknown = found.find((item) => item.kind === 'series');
    expect(unknown).toMatchObject({ index: 0, series: { targetId: null, pid: null } });
    expect(found.filter(({ kind }) => kind === 'snapshot')).toHaveLength(150);
  });

  test('frames of a type that is not known are passed over', async () => {
    const changed = Buffer.from(bytes);
    const at = ends[1]!;
    changed[at + 4] = 99;
    changed.writeUInt32LE(nodeCodec.crc32(changed.subarray(at, at + 24)), at + 24);
    const found = await read([changed]);
    expect(warningsOf(found)).toEqual([]);
    expect(found).toHaveLength(items.length);
  });

  test('what is no record, or one of another version, is refused in a sentence', async () => {
    await expect(read([])).rejects.toThrow('This is no .tcr record');
    await expect(read([Buffer.from('{"kind":"wss"}')])).rejects.toThrow('This is no .tcr record');
    const other = Buffer.from(bytes);
    other.writeUInt16LE(2, 8);
    await expect(read([other])).rejects.toThrow(
      'is of version 2, and this program reads version 1',
    );
  });

  test('an error of the source comes after all that was read before it', async () => {
    const found: RecordItem[] = [];
    const source = (async function* () {
      yield bytes.subarray(0, ends.at(-3));
      throw new Error('the cable was pulled');
    })();
    const reading = async () => {
      for await (const batch of readTcr(source, nodeCodec)) found.push(...batch);
    };
    await expect(reading).rejects.toThrow('the cable was pulled');
    expect(found.filter(({ kind }) => kind === 'snapshot')).toHaveLength(150);
  });
});

describe('hostile records', () => {
  /** A record of one frame with correct checksums. */
  function forge(type: number, raw: Uint8Array, rawBytes = raw.length): Uint8Array {
    const [first] = write([]);
    const payload = nodeCodec.deflateRaw(raw);
    const frame = Buffer.alloc(FRAME_HEADER_BYTES + payload.length);
    frame.set([0xf7, 0x54, 0x43, 0x46, type, 1]);
    frame.writeUInt32LE(payload.length, 12);
    frame.writeUInt32LE(rawBytes, 16);
    frame.writeUInt32LE(nodeCodec.crc32(payload), 20);
    frame.writeUInt32LE(nodeCodec.crc32(frame.subarray(0, 24)), 24);
    frame.set(payload, FRAME_HEADER_BYTES);
    return Buffer.concat([first!, frame]);
  }

  test.each([
    ['a bomb', forge(3, new Uint8Array(2 ** 24), 100), 'does not unpack'],
    ['zeros', forge(3, new Uint8Array(100)), 'without its closing mark'],
    ['deep nesting', forge(4, Buffer.from('['.repeat(1000))), 'nested too deeply'],
    ['long texts', forge(4, Buffer.alloc(2 ** 20 + 1, ' ')), 'too long'],
    ['no JSON', forge(5, Buffer.from('[[1,')), 'no JSON'],
    ['other JSON', forge(6, Buffer.from('[{"a":1}]')), 'a list is missing'],
  ])('%s: one warning', async (_name, record, sentence) => {
    expect(warningsOf(await read([record]))[0]).toContain(sentence);
  });

  test('any columns give snapshots or a warning, within the memory that their bytes justify', () => {
    const lengths = fc.array(fc.uint8Array({ maxLength: 60 }), { minLength: 7, maxLength: 7 });
    const property = fc.asyncProperty(lengths, fc.nat(5), async (columns, nrSnapshots) => {
      const table = Buffer.alloc(32);
      for (const [index, { length }] of columns.entries()) table.writeUInt32LE(length, index * 4);
      table.writeUInt32LE(nrSnapshots, 28);
      const found = await read([forge(3, Buffer.concat([table, ...columns]))]);
      for (const item of found) {
        if (item.kind === 'snapshot') expect(item.snapshot.nrRegions).toBeLessThanOrEqual(200);
      }
      expect(warningsOf(found).length).toBeGreaterThan(0);
    });
    return fc.assert(property, { numRuns: 500 });
  });
});

function bigints(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
