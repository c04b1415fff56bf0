import { ThermoclineError } from '../base/errors.ts';
import { ByteWindow } from './byte-window.ts';
import type {
  ByteSource,
  Codec,
  ItemSource,
  RecordItem,
  RecordingOrigin,
  Series,
} from './recording.ts';
import {
  CONTINUES,
  FILE_HEADER_BYTES,
  FRAME,
  FRAME_HEADER_BYTES,
  type FrameHeader,
  MAX_FRAME_BYTES,
  PACKED,
  parseFrameHeader,
  SIGNATURE,
  SYNC,
  VERSION,
} from './tcr-format.ts';
import { readFootprints, readMappings, readNotes, readOrigin, readSeries } from './tcr-items.ts';
import { SnapshotDecoder } from './tcr-snapshot-decoder.ts';
import { DamageError } from './varint.ts';

const UNKNOWN_ORIGIN: RecordingOrigin = {
  format: 'tcr',
  host: null,
  kernelRelease: null,
  source: null,
  params: null,
};

const UNKNOWN_SERIES: Series = {
  kdamondIndex: null,
  contextIndex: null,
  schemeIndex: null,
  targetId: null,
  pid: null,
  intervals: null,
  filters: [],
};

/** A frame that came whole, and where it began. */
interface Frame extends FrameHeader {
  readonly offset: number;
  readonly payload: Uint8Array;
}

/**
 * Reads a `.tcr` record, one batch of items a frame. Damage becomes a warning that says where;
 * reading goes on with the next whole frame, and snapshots with the next that don't build on what
 * is lost.
 * @throws ThermoclineError TC_INVALID when it is no such record, or of another version
 */
export function readTcr(source: ByteSource, codec: Codec): ItemSource {
  return new TcrReader(source, codec).read();
}

class TcrReader {
  readonly #window: ByteWindow;
  readonly #codec: Codec;
  readonly #decoder = new SnapshotDecoder();
  readonly #knownSeries = new Set<number>();
  /** Of the next frame; null behind damage of unknown length. */
  #sequence: number | null = 0;
  #hasOrigin = false;
  /** Whether what the next snapshots are told by is there; whether it was said that it is not. */
  #chain: 'whole' | 'broken' | 'left out' = 'whole';
  #hasEnded = false;
  /** It has ended by its closing mark. */
  #isWhole = false;

  constructor(source: ByteSource, codec: Codec) {
    this.#window = new ByteWindow(source, MAX_FRAME_BYTES + FRAME_HEADER_BYTES);
    this.#codec = codec;
  }

  async *read(): ItemSource {
    try {
      await this.#takeFileHeader();
      while (!this.#hasEnded) {
        const frame = await this.#takeFrame();
        const items = typeof frame === 'string' ? [warning(frame)] : this.#itemsOf(frame);
        if (!this.#hasOrigin) yield [{ kind: 'origin', origin: UNKNOWN_ORIGIN }];
        this.#hasOrigin = true;
        yield items;
        // Later frames build on each snapshot of this one, whatever the caller has left of it.
        for (const _ of items);
      }
      if (this.#window.failure !== null) throw this.#window.failure;
      if (this.#isWhole && (await this.#has(1))) {
        yield [
          warning(`What follows the closing mark, at byte ${this.#window.offset}, is unread.`),
        ];
      }
    } finally {
      await this.#window.close();
    }
  }

  async #takeFileHeader(): Promise<void> {
    const window = this.#window;
    const isWhole = await this.#has(FILE_HEADER_BYTES);
    if (!isWhole && window.failure !== null) throw window.failure;
    const { bytes } = window;
    if (!isWhole || SIGNATURE.some((byte, index) => bytes[index] !== byte)) {
      throw new ThermoclineError('TC_INVALID', 'This is no .tcr record: its signature is missing.');
    }
    const view = new DataView(bytes.buffer);
    const version = view.getUint16(SIGNATURE.length, true);
    if (version !== VERSION || view.getUint16(SIGNATURE.length + 2, true) !== 0) {
      throw new ThermoclineError(
        'TC_INVALID',
        `This .tcr record is of version ${version}, and this program reads version ${VERSION}; ` +
          'read it with the program that wrote it, or a newer one.',
      );
    }
    window.position += FILE_HEADER_BYTES;
  }

  /** Whether `count` bytes are there, in the window. */
  async #has(count: number): Promise<boolean> {
    const window = this.#window;
    while (window.end - window.position < count && !window.isLast) await window.fill();
    return window.end - window.position >= count;
  }

  /** The next frame, or the sentence that says why it can't be read. */
  async #takeFrame(): Promise<Frame | string> {
    const window = this.#window;
    const { offset } = window;
    if (!(await this.#has(FRAME_HEADER_BYTES))) return this.#cutOff();
    const header = parseFrameHeader(window.bytes, window.position, this.#codec);
    if (header === null) return this.#findFrame();
    if (header.sequence !== (this.#sequence ?? header.sequence)) {
      this.#chain = 'broken';
      this.#sequence = null;
      return `At byte ${offset} frames are missing.`;
    }
    const frameBytes = FRAME_HEADER_BYTES + header.payloadBytes;
    if (!(await this.#has(frameBytes))) return this.#cutOff();
    const from = window.position + FRAME_HEADER_BYTES;
    const payload = window.bytes.subarray(from, from + header.payloadBytes);
    window.position += frameBytes;
    this.#sequence = (header.sequence + 1) >>> 0;
    if (this.#codec.crc32(payload) !== header.payloadCrc) {
      this.#chain = 'broken';
      return `The frame at byte ${offset} is damaged and was left out.`;
    }
    return { ...header, offset, payload };
  }

  /** Goes to the next whole frame header. */
  async #findFrame(): Promise<string> {
    const window = this.#window;
    const { offset } = window;
    this.#chain = 'broken';
    this.#sequence = null;
    window.position += 1;
    while (await this.#has(FRAME_HEADER_BYTES)) {
      const { bytes, end } = window;
      const last = end - FRAME_HEADER_BYTES;
      for (; window.position <= last; window.position++) {
        if (bytes[window.position] !== SYNC[0]) continue;
        if (parseFrameHeader(bytes, window.position, this.#codec) === null) continue;
        return `The bytes from ${offset} to ${window.offset} are damaged and were left out.`;
      }
    }
    this.#hasEnded = true;
    return `From byte ${offset} on the recording is damaged; nothing of that could be read.`;
  }

  #cutOff(): string {
    this.#hasEnded = true;
    const { offset } = this.#window;
    return (
      `The recording ends at byte ${offset} without its closing mark: recording was cut off, or ` +
      'still goes on. All before is good.'
    );
  }

  #itemsOf(frame: Frame): Iterable<RecordItem> {
    try {
      return this.#decode(frame);
    } catch (error) {
      return [this.#damage(error, frame.offset)];
    }
  }

  #decode(frame: Frame): Iterable<RecordItem> {
    switch (frame.type) {
      case FRAME.head:
        this.#hasOrigin = true;
        return [{ kind: 'origin', origin: readOrigin(this.#unpack(frame)) }];
      case FRAME.series: {
        const { index, series } = readSeries(this.#unpack(frame));
        this.#knownSeries.add(index);
        return [{ kind: 'series', index, series }];
      }
      case FRAME.snapshots:
        return this.#snapshotsOf(frame);
      case FRAME.notes:
        return readNotes(this.#unpack(frame));
      case FRAME.footprints:
        return readFootprints(this.#unpack(frame));
      case FRAME.mappings:
        return readMappings(this.#unpack(frame));
      case FRAME.end:
        this.#hasEnded = true;
        this.#isWhole = true;
        return [];
      default:
        return [];
    }
  }

  #snapshotsOf(frame: Frame): Iterable<RecordItem> {
    if ((frame.flags & CONTINUES) === 0) {
      this.#decoder.beginAnew();
      this.#chain = 'whole';
    } else if (this.#chain !== 'whole') {
      const text = `Snapshots from byte ${frame.offset} on build on what is lost and are left out.`;
      const isNews = this.#chain === 'broken';
      this.#chain = 'left out';
      return isNews ? [warning(text)] : [];
    }
    let nrLeft = this.#decoder.open(this.#unpack(frame));
    let held: RecordItem | null = null;
    return untilNull(() => {
      if (held !== null || nrLeft === 0) {
        const item = held;
        held = null;
        return item;
      }
      nrLeft -= 1;
      try {
        const snapshot = this.#decoder.next();
        const item: RecordItem = { kind: 'snapshot', snapshot };
        const index = snapshot.seriesIndex;
        if (this.#knownSeries.has(index)) return item;
        this.#knownSeries.add(index);
        held = item;
        return { kind: 'series', index, series: UNKNOWN_SERIES };
      } catch (error) {
        nrLeft = 0;
        return this.#damage(error, frame.offset);
      }
    });
  }

  #unpack({ packed, payload, rawBytes }: Frame): Uint8Array {
    const raw = this.#unpacked(packed, payload, rawBytes);
    if (raw.length === rawBytes) return raw;
    throw new DamageError('it is longer or shorter than it says');
  }

  #unpacked(packed: number, payload: Uint8Array, rawBytes: number): Uint8Array {
    if (packed === PACKED.stored) return payload;
    if (packed !== PACKED.deflateRaw) {
      throw new DamageError(`it is packed in a way (${packed}) that this program does not know`);
    }
    try {
      return this.#codec.inflateRaw(payload, rawBytes);
    } catch {
      throw new DamageError('it does not unpack to what it says');
    }
  }

  /** What was thrown as a warning; bugs of our own are thrown again. */
  #damage(error: unknown, offset: number): RecordItem {
    if (!(error instanceof DamageError)) throw error;
    this.#chain = 'broken';
    return warning(`The frame at byte ${offset} can't be read: ${error.message}.`);
  }
}

function warning(text: string): RecordItem {
  return { kind: 'warning', text };
}

/** Not a generator: those end for good when a loop over them is left early. */
function untilNull(take: () => RecordItem | null): Iterable<RecordItem> {
  const iterator: IterableIterator<RecordItem> = {
    [Symbol.iterator]: () => iterator,
    next() {
      const value = take();
      return value === null ? { done: true, value } : { done: false, value };
    },
  };
  return iterator;
}
