import { ThermoclineError } from '../base/errors.ts';
import type { Codec, RecordItem, SeriesSnapshot } from './recording.ts';
import {
  CONTINUES,
  encodeFrame,
  FRAME,
  fileHeader,
  MAX_JSON_BYTES,
  MAX_SERIES,
} from './tcr-format.ts';
import { footprintJson, mappingJson, noteJson, originJson, seriesJson } from './tcr-items.ts';
import { SnapshotEncoder } from './tcr-snapshot-encoder.ts';

/**
 * After so many snapshots of a series a frame is closed, and the next one told without those
 * before: so much is lost at most with one that is damaged.
 */
const SNAPSHOTS_A_KEY = 64;
/** A frame is closed at the latest when it is so long. */
const USUAL_FRAME_BYTES = 2 ** 20;

/** A list of items that will become one frame of JSON. */
interface JsonFrame {
  readonly type: number;
  readonly texts: string[];
  length: number;
}

/**
 * Turns items into the bytes of a `.tcr` record. It writes nothing itself: each call returns the
 * pieces that are to be appended, in order, and every piece but the first is one whole frame.
 */
export class TcrWriter {
  readonly #codec: Codec;
  readonly #encoder = new SnapshotEncoder();
  readonly #text = new TextEncoder();
  #list: JsonFrame | null = null;
  #continues = false;
  #sequence = 0;
  #pieces: Uint8Array[] = [fileHeader()];
  #nrSnapshots = 0;
  #nrRegions = 0;

  constructor(codec: Codec) {
    this.#codec = codec;
  }

  /** Snapshots that were added so far. */
  get nrSnapshots(): number {
    return this.#nrSnapshots;
  }

  /**
   * Adds one item; its columns are free again when this returns.
   * @throws ThermoclineError TC_INVALID for what a record can't hold; it can go on without the item
   */
  add(item: RecordItem): readonly Uint8Array[] {
    switch (item.kind) {
      case 'origin':
        this.#addAlone(FRAME.head, originJson(item.origin));
        break;
      case 'series':
        if (item.index >= MAX_SERIES) throw tooLarge(`more than ${MAX_SERIES} series`);
        this.#addAlone(FRAME.series, seriesJson(item.index, item.series));
        break;
      case 'snapshot':
        this.#addSnapshot(item.snapshot);
        break;
      case 'footprint':
        this.#addToList(FRAME.footprints, footprintJson(item.footprint));
        break;
      case 'mapping':
        this.#addToList(FRAME.mappings, mappingJson(item.mapping));
        break;
      case 'event':
      case 'warning':
        this.#addToList(FRAME.notes, noteJson(item));
        break;
    }
    return this.#takePieces();
  }

  /** Closes the frame at hand, so that nothing that was added is lost with this process. */
  flush(): readonly Uint8Array[] {
    this.#close();
    return this.#takePieces();
  }

  /** The frame that says that the record is whole; nothing can be added behind it. */
  end(): readonly Uint8Array[] {
    const totals = { snapshots: this.#nrSnapshots, regions: this.#nrRegions };
    this.#addAlone(FRAME.end, JSON.stringify(totals));
    return this.#takePieces();
  }

  #addSnapshot(snapshot: SeriesSnapshot): void {
    this.#closeList();
    const encoder = this.#encoder;
    if (encoder.nrSinceKey >= SNAPSHOTS_A_KEY || encoder.isFull(snapshot)) {
      this.#closeSnapshots();
      encoder.beginAnew();
      this.#continues = false;
    }
    encoder.add(snapshot);
    this.#nrSnapshots += 1;
    this.#nrRegions += snapshot.nrRegions;
    const isDue = encoder.nrSinceKey >= SNAPSHOTS_A_KEY || encoder.length >= USUAL_FRAME_BYTES;
    if (isDue) this.#closeSnapshots();
  }

  #addAlone(type: number, text: string): void {
    const raw = this.#text.encode(text);
    if (raw.length > MAX_JSON_BYTES) throw tooLarge('a text of more than 1 MiB');
    this.#close();
    this.#putFrame(type, 0, raw);
  }

  #addToList(type: number, text: string): void {
    // A character takes three bytes at most.
    const length = text.length * 3 + 1;
    if (length + 2 > MAX_JSON_BYTES) throw tooLarge('a text of more than 1 MiB');
    this.#closeSnapshots();
    if (this.#list?.type !== type || this.#list.length + length > MAX_JSON_BYTES) {
      this.#closeList();
      this.#list = { type, texts: [], length: 2 };
    }
    this.#list.texts.push(text);
    this.#list.length += length;
  }

  #close(): void {
    this.#closeList();
    this.#closeSnapshots();
  }

  #closeList(): void {
    if (this.#list === null) return;
    const { type, texts } = this.#list;
    this.#putFrame(type, 0, this.#text.encode(`[${texts.join(',')}]`));
    this.#list = null;
  }

  #closeSnapshots(): void {
    if (this.#encoder.nrSnapshots === 0) return;
    this.#putFrame(FRAME.snapshots, this.#continues ? CONTINUES : 0, this.#encoder.take());
    this.#continues = true;
  }

  #putFrame(type: number, flags: number, raw: Uint8Array): void {
    const frame = { type, flags, sequence: this.#sequence };
    this.#pieces.push(encodeFrame(frame, raw, this.#codec));
    this.#sequence = (this.#sequence + 1) >>> 0;
  }

  #takePieces(): readonly Uint8Array[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    return pieces;
  }
}

function tooLarge(what: string): ThermoclineError {
  return new ThermoclineError('TC_INVALID', `A .tcr record can't hold ${what}.`);
}
