/** Damaged recordings of each format, and what a reader may do with them. */
import { deflateSync, inflateSync } from 'node:zlib';
import { ThermoclineError } from '../../src/base/errors.ts';
import { KernelRandom } from '../../src/base/random.ts';
import { writeDamoJson } from '../../src/record/damo-json-writer.ts';
import { readRecording } from '../../src/record/open.ts';
import { writePerfScript } from '../../src/record/perf-script-writer.ts';
import type { ItemSource, RecordItem } from '../../src/record/recording.ts';
import { TcrWriter } from '../../src/record/tcr-writer.ts';
import { binaryRecord } from './binary-record.ts';
import { allBytes, bytesOf, testCodec, testRecord } from './reading.ts';

/** Formats that damage is done to. */
export const DAMAGED_FORMATS = [
  'damo-json',
  'damo-json-compressed',
  'perf-script',
  'damo-binary',
  'tcr',
] as const;
export type DamagedFormat = (typeof DAMAGED_FORMATS)[number];

/** A small good recording of the format: some snapshots of a real one. */
export async function goodRecord(format: DamagedFormat): Promise<Uint8Array> {
  const items = () =>
    firstSnapshots(readRecording(bytesOf(testRecord('damon.data')), testCodec), 8);
  if (format === 'perf-script') return allBytes(writePerfScript(items()));
  if (format === 'damo-binary') return binaryRecord(2, await binaryFrames(items()));
  if (format === 'tcr') return allBytes(tcrBytes(items()));
  const text = await allBytes(writeDamoJson(items));
  return format === 'damo-json' ? text : new Uint8Array(deflateSync(text));
}

async function* firstSnapshots(items: ItemSource, count: number): ItemSource {
  let nrSnapshots = 0;
  for await (const batch of items) {
    for (const item of batch) {
      if (item.kind === 'snapshot' && nrSnapshots++ >= count) return;
      yield [item];
    }
  }
}

async function* tcrBytes(items: ItemSource): AsyncGenerator<Uint8Array> {
  const writer = new TcrWriter(testCodec);
  for await (const batch of items) for (const item of batch) yield* writer.add(item);
  yield* writer.end();
}

async function binaryFrames(items: ItemSource) {
  const frames = [];
  for await (const batch of items) {
    for (const item of batch) {
      if (item.kind !== 'snapshot') continue;
      const { endNs, nrRegions, start, end, nrAccesses } = item.snapshot;
      const rows = Array.from({ length: nrRegions }, (_, row) => row);
      const regions = rows.map((row) => [start[row]!, end[row]!, nrAccesses[row]!] as const);
      const targets = [{ id: 1n, regions }];
      frames.push({
        seconds: endNs / 1_000_000_000n,
        nanoseconds: endNs % 1_000_000_000n,
        targets,
      });
    }
  }
  return frames;
}

/** Damages a copy: the same seed does the same damage. */
export function damaged(good: Uint8Array, format: DamagedFormat, seed: number): Uint8Array {
  const random = new KernelRandom(seed);
  // Within compressed data nearly all damage is found by the checksum, so half is done before
  // packing.
  if (format === 'damo-json-compressed' && random.between(0, 2) === 0) {
    const text = new Uint8Array(inflateSync(good));
    return new Uint8Array(deflateSync(damaged(text, 'damo-json', seed + 1)));
  }
  const bytes = good.slice();
  const nrFaults = random.between(1, 6);
  let length = bytes.length;
  for (let fault = 0; fault < nrFaults; fault++) {
    const at = random.between(0, length);
    const kind = random.between(0, 5);
    if (kind === 0) bytes[at]! ^= 1 << random.between(0, 8);
    else if (kind === 1) bytes[at] = random.between(0, 256);
    else if (kind === 2) bytes[at] = LIKELY.charCodeAt(random.between(0, LIKELY.length));
    else if (kind === 3) bytes.copyWithin(at, random.between(0, length), length);
    else if (fault === 0) length = Math.max(at, 1);
  }
  return bytes.subarray(0, length);
}

/** What changes the meaning of text most. */
const LIKELY = '"{}[],:0919-.en \\\n\0';

/** What became of reading it. */
export interface Outcome {
  readonly nrSnapshots: number;
  readonly message: string | null;
}

/**
 * Reads all.
 * @throws for everything that a reader must not do: other errors than TC_INVALID, rows that can't
 * be
 */
export async function readDamaged(bytes: Uint8Array): Promise<Outcome> {
  let nrSnapshots = 0;
  try {
    for await (const batch of readRecording(bytesOf(bytes), testCodec)) {
      for (const item of batch) {
        if (item.kind !== 'snapshot') continue;
        nrSnapshots += 1;
        check(item);
      }
    }
  } catch (error) {
    if (!(error instanceof ThermoclineError) || error.code !== 'TC_INVALID') throw error;
    return { nrSnapshots, message: error.message };
  }
  return { nrSnapshots, message: null };
}

function check({ snapshot }: Extract<RecordItem, { kind: 'snapshot' }>): void {
  const { nrRegions, start, end, age, startNs, endNs } = snapshot;
  if (endNs < startNs) throw new Error('a snapshot ends before it starts');
  if (nrRegions > start.length || nrRegions > end.length) throw new Error('rows without columns');
  for (let row = 0; row < nrRegions; row++) {
    if (!(start[row]! >= 0 && start[row]! <= end[row]!))
      throw new Error('a region that can not be');
    if (Number.isNaN(age[row]!)) throw new Error('an age that is none');
  }
}
