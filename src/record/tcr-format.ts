/**
 * The bytes of a `.tcr` record: signature, limits, and the header of frames. All numbers are
 * little-endian. `docs/record-format.md` tells the whole of it.
 *
 *   file:   signature 8 · version u16 · flags u16 · frames
 *   frame:  sync 4 · type u8 · codec u8 · flags u16 · sequence u32 · payload bytes u32 ·
 *           raw bytes u32 · CRC of the payload u32 · CRC of the header so far u32 · payload
 */
import type { Codec } from './recording.ts';

/** The first eight bytes: not text, and changed by any transfer that takes them for text. */
export const SIGNATURE: Uint8Array = Uint8Array.of(0x89, 0x54, 0x43, 0x52, 0x0d, 0x0a, 0x1a, 0x0a);
export const VERSION = 1;
export const FILE_HEADER_BYTES = 12;

/** What a frame holds. Readers pass over types that they don't know. */
export const FRAME = {
  head: 1,
  series: 2,
  snapshots: 3,
  notes: 4,
  footprints: 5,
  mappings: 6,
  end: 7,
} as const;

/** How a payload is packed. */
export const PACKED = { stored: 0, deflateRaw: 1 } as const;

/** Flag of a snapshots frame: it goes on from the frame of snapshots before. */
export const CONTINUES = 1;

/** Begins each frame, so that readers find the next one behind damage. */
export const SYNC: Uint8Array = Uint8Array.of(0xf7, 0x54, 0x43, 0x46);
export const FRAME_HEADER_BYTES = 28;
const CHECKED_HEADER_BYTES = 24;

/** Of a payload, packed or not. */
export const MAX_FRAME_BYTES: number = 64 * 2 ** 20;
/** Of a payload of JSON: objects take many times the memory of their text. */
export const MAX_JSON_BYTES: number = 2 ** 20;
/** Of one snapshot, and of the latest snapshots of all series together. */
export const MAX_REGIONS: number = 2 ** 20;
export const MAX_SERIES: number = 2 ** 16;
/** Hits a region. */
export const PROBES = 4;

/** One frame's header. */
export interface FrameHeader {
  readonly type: number;
  readonly packed: number;
  readonly flags: number;
  /** Of the frame in its file, from 0. */
  readonly sequence: number;
  readonly payloadBytes: number;
  readonly rawBytes: number;
  readonly payloadCrc: number;
}

/** The bytes that a file begins with. */
export function fileHeader(): Uint8Array {
  const bytes = new Uint8Array(FILE_HEADER_BYTES);
  bytes.set(SIGNATURE);
  new DataView(bytes.buffer).setUint16(SIGNATURE.length, VERSION, true);
  return bytes;
}

/** A whole frame around `raw`, which is packed when that makes it smaller. */
export function encodeFrame(
  { type, flags, sequence }: Pick<FrameHeader, 'type' | 'flags' | 'sequence'>,
  raw: Uint8Array,
  codec: Codec,
): Uint8Array {
  const deflated = codec.deflateRaw(raw);
  const isPacked = deflated.length < raw.length;
  const payload = isPacked ? deflated : raw;
  const bytes = new Uint8Array(FRAME_HEADER_BYTES + payload.length);
  const view = new DataView(bytes.buffer);
  bytes.set(SYNC);
  view.setUint8(4, type);
  view.setUint8(5, isPacked ? PACKED.deflateRaw : PACKED.stored);
  view.setUint16(6, flags, true);
  view.setUint32(8, sequence, true);
  view.setUint32(12, payload.length, true);
  view.setUint32(16, raw.length, true);
  view.setUint32(20, codec.crc32(payload), true);
  view.setUint32(24, codec.crc32(bytes.subarray(0, CHECKED_HEADER_BYTES)), true);
  bytes.set(payload, FRAME_HEADER_BYTES);
  return bytes;
}

/** Null when there is no whole frame header at `offset`, or one that breaks the limits. */
export function parseFrameHeader(
  bytes: Uint8Array,
  offset: number,
  codec: Codec,
): FrameHeader | null {
  for (let i = 0; i < SYNC.length; i++) if (bytes[offset + i] !== SYNC[i]) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, FRAME_HEADER_BYTES);
  const header: FrameHeader = {
    type: view.getUint8(4),
    packed: view.getUint8(5),
    flags: view.getUint16(6, true),
    sequence: view.getUint32(8, true),
    payloadBytes: view.getUint32(12, true),
    rawBytes: view.getUint32(16, true),
    payloadCrc: view.getUint32(20, true),
  };
  if (header.payloadBytes > MAX_FRAME_BYTES || header.rawBytes > MAX_FRAME_BYTES) return null;
  const crc = codec.crc32(bytes.subarray(offset, offset + CHECKED_HEADER_BYTES));
  return crc === view.getUint32(24, true) ? header : null;
}
