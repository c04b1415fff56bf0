import type { SeriesSnapshot } from '../record/recording.ts';

const CHUNK_BYTES = 2 ** 20;
/** The longest that one row can take: five numbers of eight bytes of seven bits. */
const MAX_ROW_BYTES = 48;
const PAGE = 4096;
/** Distances between addresses below it stay exact as they are packed. */
const MAX_UNALIGNED = 2 ** 51;

interface Held {
  readonly seriesIndex: number;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly sampleIntervalUs: number | null;
  readonly aggregationIntervalUs: number | null;
  readonly nrRegions: number;
  /** What addresses are counted in: pages where all are aligned. */
  readonly unit: number;
  readonly hasFilterPassed: boolean;
  readonly chunk: number;
  readonly offset: number;
}

/**
 * Snapshots kept for questions that can only be asked once the end is known: about six bytes a
 * region instead of reading the file twice. What does not fit is refused.
 */
export class RegionSpool {
  readonly #maxBytes: number;
  readonly #chunks: Uint8Array[] = [];
  readonly #held: Held[] = [];
  #offset = CHUNK_BYTES;
  #isFull = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether something had to be left out; the file has to be read again then. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** Keeps a copy of the snapshot, without its probe hits and statistics. */
  add(snapshot: SeriesSnapshot): void {
    if (this.#isFull) return;
    const { nrRegions, filterPassedBytes } = snapshot;
    const unit = unitOf(snapshot);
    const chunk = unit === null ? null : this.#room(nrRegions * MAX_ROW_BYTES);
    if (unit === null || chunk === null) {
      this.#isFull = true;
      return;
    }
    this.#held.push({
      seriesIndex: snapshot.seriesIndex,
      startNs: snapshot.startNs,
      endNs: snapshot.endNs,
      sampleIntervalUs: snapshot.sampleIntervalUs,
      aggregationIntervalUs: snapshot.aggregationIntervalUs,
      nrRegions,
      unit,
      hasFilterPassed: filterPassedBytes !== null,
      chunk: this.#chunks.length - 1,
      offset: this.#offset,
    });
    this.#offset = packRows(snapshot, unit, chunk, this.#offset);
    // Of a chunk made for one large snapshot, only what was written stays.
    if (chunk.length > CHUNK_BYTES) {
      this.#chunks[this.#chunks.length - 1] = chunk.slice(0, this.#offset);
    }
  }

  /** What is held, in the order in which it came, without its regions. */
  get held(): readonly Pick<SeriesSnapshot, 'seriesIndex' | 'startNs' | 'endNs'>[] {
    return this.#held;
  }

  /**
   * The snapshots, in their order or in the given one of their indices. Columns are valid until the
   * next one is asked for.
   */
  *snapshots(order: Iterable<number> = this.#held.keys()): Generator<SeriesSnapshot> {
    let columns = roomFor(0);
    for (const index of order) {
      const held = this.#held[index]!;
      if (held.nrRegions > columns.start.length) columns = roomFor(held.nrRegions);
      unpackRows(held, columns, this.#chunks[held.chunk]!);
      const { seriesIndex, startNs, endNs, nrRegions } = held;
      yield {
        seriesIndex,
        startNs,
        endNs,
        nrRegions,
        sampleIntervalUs: held.sampleIntervalUs,
        aggregationIntervalUs: held.aggregationIntervalUs,
        ...columns,
        filterPassedBytes: held.hasFilterPassed ? columns.filterPassedBytes : null,
        probeHits: null,
        schemeStats: null,
      };
    }
  }

  #room(bytes: number): Uint8Array | null {
    const last = this.#chunks.at(-1);
    if (last !== undefined && this.#offset + bytes <= last.length) return last;
    const held = this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    const length = Math.max(CHUNK_BYTES, bytes);
    if (held + length > this.#maxBytes) return null;
    const chunk = new Uint8Array(length);
    this.#chunks.push(chunk);
    this.#offset = 0;
    return chunk;
  }
}

interface Columns {
  readonly start: Float64Array;
  readonly end: Float64Array;
  readonly nrAccesses: Uint32Array;
  readonly age: Float64Array;
  readonly filterPassedBytes: Float64Array;
}

function roomFor(nrRegions: number): Columns {
  return {
    start: new Float64Array(nrRegions),
    end: new Float64Array(nrRegions),
    nrAccesses: new Uint32Array(nrRegions),
    age: new Float64Array(nrRegions),
    filterPassedBytes: new Float64Array(nrRegions),
  };
}

/** What addresses can be counted in; null for some that no machine has. */
function unitOf({ nrRegions, start, end }: SeriesSnapshot): number | null {
  let unit = PAGE;
  let highest = 0;
  for (let row = 0; row < nrRegions; row++) {
    if (start[row]! % PAGE !== 0 || end[row]! % PAGE !== 0) unit = 1;
    highest = Math.max(highest, start[row]!, end[row]!);
  }
  return unit === 1 && highest > MAX_UNALIGNED ? null : unit;
}

/** Rows as distances: of each start from the end before it, of each end from its start. */
function packRows(
  { nrRegions, start, end, nrAccesses, age, filterPassedBytes }: SeriesSnapshot,
  unit: number,
  bytes: Uint8Array,
  from: number,
): number {
  let offset = from;
  let previous = 0;
  for (let row = 0; row < nrRegions; row++) {
    const rowEnd = end[row]!;
    offset = packSigned((start[row]! - previous) / unit, bytes, offset);
    offset = packSigned((rowEnd - start[row]!) / unit, bytes, offset);
    offset = pack(nrAccesses[row]!, bytes, offset);
    offset = pack(age[row]! + 1, bytes, offset);
    if (filterPassedBytes !== null) offset = pack(filterPassedBytes[row]!, bytes, offset);
    previous = rowEnd;
  }
  return offset;
}

function unpackRows(held: Held, columns: Columns, bytes: Uint8Array): void {
  const { start, end, nrAccesses, age, filterPassedBytes } = columns;
  const packed = new PackedNumbers(bytes, held.offset);
  let previous = 0;
  for (let row = 0; row < held.nrRegions; row++) {
    const rowStart = previous + packed.nextSigned() * held.unit;
    previous = rowStart + packed.nextSigned() * held.unit;
    start[row] = rowStart;
    end[row] = previous;
    nrAccesses[row] = packed.next();
    age[row] = packed.next() - 1;
    if (held.hasFilterPassed) filterPassedBytes[row] = packed.next();
  }
}

function packSigned(value: number, bytes: Uint8Array, offset: number): number {
  return pack(value < 0 ? -2 * value - 1 : 2 * value, bytes, offset);
}

/** Seven bits a byte, lowest first; the eighth says that more follow. */
function pack(value: number, bytes: Uint8Array, from: number): number {
  let offset = from;
  let rest = value;
  while (rest >= 2 ** 28) {
    bytes[offset++] = (rest % 128) | 128;
    rest = Math.floor(rest / 128);
  }
  let low = rest | 0;
  while (low > 127) {
    bytes[offset++] = (low & 127) | 128;
    low >>>= 7;
  }
  bytes[offset++] = low;
  return offset;
}

class PackedNumbers {
  readonly #bytes: Uint8Array;
  #offset: number;

  constructor(bytes: Uint8Array, offset: number) {
    this.#bytes = bytes;
    this.#offset = offset;
  }

  next(): number {
    let byte = this.#bytes[this.#offset++]!;
    let value = byte & 127;
    for (let weight = 128; byte > 127; weight *= 128) {
      byte = this.#bytes[this.#offset++]!;
      value += (byte & 127) * weight;
    }
    return value;
  }

  nextSigned(): number {
    const value = this.next();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
