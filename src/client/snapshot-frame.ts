/**
 * Snapshots as they travel: length-prefixed binary frames, little-endian, in which every column
 * begins at a multiple of 8 bytes. `docs/service.md` has the layout as a table.
 */
import { ThermoclineError } from '../base/errors.ts';
import type { Snapshot } from '../params/snapshot.ts';

/** What streams and histories of binary frames are called in HTTP. */
export const FRAMES_MEDIA_TYPE = 'application/vnd.thermocline.frames';

/** One picture, and the time that it stands for. */
export interface SnapshotFrame {
  /** Of several windows: counts and `maxNrAccesses` are sums over all of them. */
  readonly snapshot: Snapshot;
  /** Microseconds up to `timeUs` that the picture tells about: one aggregation interval or more. */
  readonly spanUs: number;
}

const VERSION = 1;
const KIND = { alive: 0, snapshot: 1 } as const;
const HAS = { probeHits: 1, filterPassedBytes: 2 } as const;
const HEADER_BYTES = 72;
/** A million regions with all columns; more is no frame of ours. */
const MAX_FRAME_BYTES = 64 * 2 ** 20;

/** Says that the connection lives, where there is nothing to tell. */
export function aliveFrame(): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  view.setUint32(0, 4, true);
  view.setUint8(4, VERSION);
  view.setUint8(5, KIND.alive);
  return new Uint8Array(view.buffer);
}

/** Columns of a snapshot in the order of the frame, with those that are there only sometimes. */
function columnsOf(snapshot: Snapshot): (Float64Array | Uint32Array)[] {
  const { nrRegions: n, filterPassedBytes, probeHits } = snapshot;
  const pids = Float64Array.from(snapshot.targetPids, (pid) => pid ?? Number.NaN);
  return [
    snapshot.start.subarray(0, n),
    snapshot.end.subarray(0, n),
    ...(filterPassedBytes === null ? [] : [filterPassedBytes.subarray(0, n)]),
    pids,
    snapshot.targetIndex.subarray(0, n),
    snapshot.nrAccesses.subarray(0, n),
    snapshot.age.subarray(0, n),
    ...(probeHits === null ? [] : [probeHits.subarray(0, 4 * n)]),
  ];
}

/** The bytes of one frame, its length in front. */
export function encodeFrame({ snapshot, spanUs }: SnapshotFrame): Uint8Array {
  const columns = columnsOf(snapshot);
  const length = columns.reduce((sum, { byteLength }) => sum + padded(byteLength), HEADER_BYTES);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  const present =
    (snapshot.probeHits === null ? 0 : HAS.probeHits) |
    (snapshot.filterPassedBytes === null ? 0 : HAS.filterPassedBytes);
  view.setUint32(0, length - 4, true);
  view.setUint8(4, VERSION);
  view.setUint8(5, KIND.snapshot);
  view.setUint16(6, present, true);
  view.setUint32(8, snapshot.nrRegions, true);
  view.setUint32(12, snapshot.targetPids.length, true);
  view.setFloat64(16, snapshot.timeUs, true);
  view.setFloat64(24, snapshot.wallTimeUs ?? Number.NaN, true);
  view.setFloat64(32, snapshot.tick, true);
  view.setFloat64(40, snapshot.sampleIntervalUs, true);
  view.setFloat64(48, snapshot.aggregationIntervalUs, true);
  view.setUint32(56, snapshot.maxNrAccesses, true);
  view.setUint32(60, snapshot.windowSamples, true);
  view.setFloat64(64, spanUs, true);
  let at = HEADER_BYTES;
  for (const column of columns) {
    bytes.set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), at);
    at += padded(column.byteLength);
  }
  return bytes;
}

/**
 * Reads one whole frame; its columns are views into `bytes` where those are aligned.
 * @returns null for a frame that only says that the connection lives
 * @throws ThermoclineError TC_INVALID for bytes that are no frame of this version
 */
export function decodeFrame(bytes: Uint8Array): SnapshotFrame | null {
  const whole = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  const view = new DataView(whole.buffer, whole.byteOffset, whole.byteLength);
  if (whole.length < 8 || view.getUint8(4) !== VERSION) throw notAFrame();
  if (view.getUint8(5) === KIND.alive) return null;
  if (whole.length < HEADER_BYTES || view.getUint8(5) !== KIND.snapshot) throw notAFrame();
  const present = view.getUint16(6, true);
  const nrRegions = view.getUint32(8, true);
  const take = columnTaker(whole);
  const start = take(Float64Array, nrRegions);
  const end = take(Float64Array, nrRegions);
  const filterPassedBytes = present & HAS.filterPassedBytes ? take(Float64Array, nrRegions) : null;
  const pids = take(Float64Array, view.getUint32(12, true));
  const wallTimeUs = view.getFloat64(24, true);
  const snapshot: Snapshot = {
    timeUs: view.getFloat64(16, true),
    wallTimeUs: Number.isNaN(wallTimeUs) ? null : wallTimeUs,
    tick: view.getFloat64(32, true),
    sampleIntervalUs: view.getFloat64(40, true),
    aggregationIntervalUs: view.getFloat64(48, true),
    maxNrAccesses: view.getUint32(56, true),
    windowSamples: view.getUint32(60, true),
    nrRegions,
    targetPids: Array.from(pids, (pid) => (Number.isNaN(pid) ? null : pid)),
    start,
    end,
    targetIndex: take(Uint32Array, nrRegions),
    nrAccesses: take(Uint32Array, nrRegions),
    age: take(Uint32Array, nrRegions),
    probeHits: present & HAS.probeHits ? take(Uint32Array, 4 * nrRegions) : null,
    filterPassedBytes,
  };
  return { snapshot, spanUs: view.getFloat64(64, true) };
}

interface ColumnType<Column> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): Column;
}

function columnTaker(whole: Uint8Array): <C>(type: ColumnType<C>, length: number) => C {
  let at = HEADER_BYTES;
  return (type, length) => {
    const byteLength = length * type.BYTES_PER_ELEMENT;
    if (at + byteLength > whole.length) throw notAFrame();
    const column = new type(whole.buffer, whole.byteOffset + at, length);
    at += padded(byteLength);
    return column;
  };
}

/** Cuts a byte stream into frames, however its pieces fall. */
export class FrameSplitter {
  #rest: Uint8Array = new Uint8Array(0);

  /**
   * Whole frames that end in `piece`.
   * @throws ThermoclineError TC_INVALID for a length that no frame has
   */
  *push(piece: Uint8Array): Generator<Uint8Array> {
    let bytes = piece;
    if (this.#rest.length > 0) {
      bytes = new Uint8Array(this.#rest.length + piece.length);
      bytes.set(this.#rest);
      bytes.set(piece, this.#rest.length);
    }
    let at = 0;
    while (bytes.length - at >= 4) {
      const view = new DataView(bytes.buffer, bytes.byteOffset + at, 4);
      const length = 4 + view.getUint32(0, true);
      if (length > MAX_FRAME_BYTES) throw notAFrame();
      if (bytes.length - at < length) break;
      yield bytes.slice(at, at + length);
      at += length;
    }
    this.#rest = bytes.slice(at);
  }
}

function padded(byteLength: number): number {
  return (byteLength + 7) & ~7;
}

function notAFrame(): ThermoclineError {
  return new ThermoclineError(
    'TC_INVALID',
    'The stream holds bytes that are no snapshot frame of version 1; ' +
      'client and service have to be of the same version.',
  );
}
