/** Recordings for tests: real ones, and items as plain values that can be compared. */
import { readFileSync } from 'node:fs';
import { type Duplex, Readable } from 'node:stream';
import {
  crc32,
  createDeflate,
  createInflate,
  deflateRawSync,
  gunzipSync,
  inflateRawSync,
} from 'node:zlib';
import type {
  ByteSource,
  Codec,
  ItemSource,
  RecordItem,
  SeriesSnapshot,
} from '../../src/record/recording.ts';

export const testCodec: Codec = {
  deflateRaw: (bytes) => deflateRawSync(bytes),
  inflateRaw: (bytes, maxOutputLength) => inflateRawSync(bytes, { maxOutputLength }),
  crc32: (bytes) => crc32(bytes),
  inflateStream: (source) => through(source, createInflate()),
  deflateStream: (source) => through(source, createDeflate({ level: 6 })),
};

function through(source: ByteSource, transform: Duplex): ByteSource {
  const input = Readable.from(source);
  input.on('error', (error) => transform.destroy(error));
  return input.pipe(transform);
}

/** A file of this folder; `.gz` ones unpacked. */
export function testRecord(name: string): Uint8Array {
  const bytes = readFileSync(new URL(name, import.meta.url));
  return new Uint8Array(name.endsWith('.gz') ? gunzipSync(bytes) : bytes);
}

// biome-ignore lint/suspicious/noExplicitAny: figures of many shapes, which the tests know
export function testFacts(name: string): any {
  return JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), 'utf8'));
}

/** A source of these bytes, in pieces of so many. */
export function bytesOf(
  content: Uint8Array | string,
  pieceBytes: number = Number.POSITIVE_INFINITY,
): () => ByteSource {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  return async function* () {
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      yield bytes.subarray(at, Math.min(at + pieceBytes, bytes.length));
    }
  };
}

export async function allBytes(source: ByteSource): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) pieces.push(piece);
  return new Uint8Array(Buffer.concat(pieces));
}

export async function textOfSource(source: ByteSource): Promise<string> {
  return new TextDecoder().decode(await allBytes(source));
}

export interface PlainSnapshot
  extends Omit<SeriesSnapshot, 'start' | 'end' | 'nrAccesses' | 'age'> {
  readonly start: readonly number[];
  readonly end: readonly number[];
  readonly nrAccesses: readonly number[];
  readonly age: readonly number[];
}

/** Every item, with columns copied and cut to their rows. */
export async function allItems(source: ItemSource): Promise<unknown[]> {
  const items: unknown[] = [];
  for await (const batch of source) for (const item of batch) items.push(plain(item));
  return items;
}

function plain(item: RecordItem): unknown {
  if (item.kind !== 'snapshot') return item;
  const { snapshot } = item;
  const { nrRegions } = snapshot;
  const cut = (column: ArrayLike<number> | null, width = 1) =>
    column === null ? null : Array.from(column).slice(0, nrRegions * width);
  return {
    kind: 'snapshot',
    snapshot: {
      ...snapshot,
      ...{ start: cut(snapshot.start), end: cut(snapshot.end) },
      ...{ nrAccesses: cut(snapshot.nrAccesses), age: cut(snapshot.age) },
      filterPassedBytes: cut(snapshot.filterPassedBytes),
      probeHits: cut(snapshot.probeHits, 4),
    },
  };
}

/** The snapshots alone. */
export async function allSnapshots(source: ItemSource): Promise<PlainSnapshot[]> {
  const items = (await allItems(source)) as { kind: string; snapshot: PlainSnapshot }[];
  return items.filter(({ kind }) => kind === 'snapshot').map(({ snapshot }) => snapshot);
}

/** Warnings alone. */
export async function allWarnings(source: ItemSource): Promise<string[]> {
  const items = (await allItems(source)) as { kind: string; text: string }[];
  return items.filter(({ kind }) => kind === 'warning').map(({ text }) => text);
}

/** Items from plain values; may be read many times. */
export function itemsOf(items: readonly RecordItem[], batchSize = 7): () => ItemSource {
  return async function* () {
    for (let at = 0; at < items.length; at += batchSize) yield items.slice(at, at + batchSize);
  };
}
