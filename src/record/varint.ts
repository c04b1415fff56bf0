/**
 * Whole numbers in as few bytes as they need: seven bits a byte, the low ones first, the top bit
 * set on all bytes but the last. Signed numbers carry their sign in the lowest bit of the first
 * byte. Plain functions over one array, since they run for each change of each region.
 */

/** A varint of a safe integer and its sign, with room to spare. */
const MAX_BYTES = 8;
/** One of a difference of 64-bit numbers takes up to ten. */
const RESERVE_BYTES = 16;
const MAX_BIGINT_BITS = 70n;

/** Bytes that are being collected; `bytes` may be longer than `length`. */
export interface ByteSink {
  bytes: Uint8Array<ArrayBuffer>;
  length: number;
}

/** Bytes that are being taken, all of them up to the end of `bytes`. */
export interface ByteCursor {
  bytes: Uint8Array;
  offset: number;
}

/** What was read can't be what a writer wrote. Readers catch it and go on behind the damage. */
export class DamageError extends Error {}

/** An empty sink. */
export function newSink(capacity = 4096): ByteSink {
  return { bytes: new Uint8Array(capacity), length: 0 };
}

/** Appends a whole number from 0 to 2^53. */
export function putVarint(sink: ByteSink, value: number): void {
  if (sink.length + RESERVE_BYTES > sink.bytes.length) grow(sink, RESERVE_BYTES);
  const { bytes } = sink;
  let { length } = sink;
  let rest = value;
  while (rest >= 0x80) {
    bytes[length++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  bytes[length++] = rest;
  sink.length = length;
}

/** Appends a whole number from -2^53 to 2^53. */
export function putSigned(sink: ByteSink, value: number): void {
  if (sink.length + RESERVE_BYTES > sink.bytes.length) grow(sink, RESERVE_BYTES);
  const magnitude = Math.abs(value);
  const first = (magnitude % 0x40) * 2 + (value < 0 ? 1 : 0);
  if (magnitude < 0x40) {
    sink.bytes[sink.length++] = first;
    return;
  }
  sink.bytes[sink.length++] = first | 0x80;
  putVarint(sink, Math.floor(magnitude / 0x40));
}

/** Appends a difference of two 64-bit numbers. */
export function putBigInt(sink: ByteSink, value: bigint): void {
  if (sink.length + RESERVE_BYTES > sink.bytes.length) grow(sink, RESERVE_BYTES);
  let rest = value < 0n ? -value * 2n + 1n : value * 2n;
  while (rest >= 0x80n) {
    sink.bytes[sink.length++] = Number(rest & 0x7fn) | 0x80;
    rest >>= 7n;
  }
  sink.bytes[sink.length++] = Number(rest);
}

/** Appends `bytes` as they are. */
export function putBytes(sink: ByteSink, bytes: Uint8Array): void {
  if (sink.length + bytes.length > sink.bytes.length) grow(sink, bytes.length);
  sink.bytes.set(bytes, sink.length);
  sink.length += bytes.length;
}

/** What was collected, in place: valid until the sink is used again. */
export function contentOf(sink: ByteSink): Uint8Array<ArrayBuffer> {
  return sink.bytes.subarray(0, sink.length);
}

/** Takes what `putVarint` wrote. */
export function takeVarint(cursor: ByteCursor): number {
  const { bytes } = cursor;
  let { offset } = cursor;
  let byte = bytes[offset++]!;
  let value = byte & 0x7f;
  // Behind the end there is `undefined`, which compares false and so ends below.
  for (let scale = 0x80, count = 1; byte >= 0x80 && count < MAX_BYTES; scale *= 0x80, count++) {
    byte = bytes[offset++]!;
    value += (byte & 0x7f) * scale;
  }
  if (!(byte < 0x80) || value > Number.MAX_SAFE_INTEGER) throw damagedNumber();
  cursor.offset = offset;
  return value;
}

/** Takes what `putSigned` wrote. */
export function takeSigned(cursor: ByteCursor): number {
  const first = cursor.bytes[cursor.offset]!;
  let magnitude = (first & 0x7f) >> 1;
  cursor.offset += 1;
  if (first >= 0x80) magnitude += takeVarint(cursor) * 0x40;
  else if (!(first < 0x80)) throw damagedNumber();
  if (magnitude > Number.MAX_SAFE_INTEGER) throw damagedNumber();
  return (first & 1) === 1 ? -magnitude : magnitude;
}

/** Takes what `putBigInt` wrote. */
export function takeBigInt(cursor: ByteCursor): bigint {
  let value = 0n;
  for (let shift = 0n; shift < MAX_BIGINT_BITS; shift += 7n) {
    const byte = cursor.bytes[cursor.offset];
    if (byte === undefined) break;
    cursor.offset += 1;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return (value & 1n) === 1n ? -(value >> 1n) : value >> 1n;
  }
  throw damagedNumber();
}

/** Takes `count` bytes as they are. */
export function takeBytes(cursor: ByteCursor, count: number): Uint8Array {
  const end = cursor.offset + count;
  if (end > cursor.bytes.length) throw damagedNumber();
  const taken = cursor.bytes.subarray(cursor.offset, end);
  cursor.offset = end;
  return taken;
}

function grow(sink: ByteSink, count: number): void {
  const grown = new Uint8Array(Math.max(sink.bytes.length * 2, sink.length + count));
  grown.set(contentOf(sink));
  sink.bytes = grown;
}

function damagedNumber(): DamageError {
  return new DamageError('a number in it is cut off or too long');
}
