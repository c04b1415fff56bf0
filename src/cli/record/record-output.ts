import { type FileHandle, open, rm } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { ThermoclineError } from '../../base/errors.ts';
import type { RecordItem, RecordingOrigin, Series } from '../../record/recording.ts';
import { TcrWriter } from '../../record/tcr-writer.ts';
import { checkNewFile, nodeCodec, writeFailure } from '../record-files.ts';

/** What a recording is written to; tests give one that fails. */
export interface OutputFile {
  append(bytes: Uint8Array): Promise<void>;
  /** Takes away what stands behind the first `length` bytes. */
  truncate(length: number): Promise<void>;
  close(): Promise<void>;
}

/** Where to record to. */
export interface RecordPlace {
  readonly path: string;
  readonly overwrite: boolean;
  /** A new file is begun when one has so many bytes; null: one file. */
  readonly rotateBytes: number | null;
  /** And when one spans so much time of the recording. */
  readonly rotateNs: bigint | null;
}

/** Where to record to, and what. */
export interface RecordOutputOptions extends RecordPlace {
  readonly origin: RecordingOrigin;
  /** Creates a file; by default one that only its owner can read. */
  readonly create?: (path: string) => Promise<OutputFile>;
}

/**
 * The file or files of a recording. Items are packed at once and written behind one another;
 * `flush` closes the frame at hand. Each file is whole in itself: origin and series stand in all of
 * them.
 */
export class RecordOutput {
  readonly #options: RecordOutputOptions;
  readonly #series = new Map<number, Series>();
  /** Pieces to be written, and null where the next file begins. */
  readonly #queue: (Uint8Array | null)[] = [];
  #writer: TcrWriter;
  /** Number of each series in the file at hand. */
  #numbers = new Map<number, number>();
  #packedBytes = 0;
  #sinceNs: bigint | null = null;
  #written: Promise<void> = Promise.resolve();
  #file: OutputFile | null = null;
  #path = '';
  #nrFiles = 0;
  #nrRotations = 0;
  #fileBytes = 0;
  #nrSnapshots = 0;
  #writtenBytes = 0;

  constructor(options: RecordOutputOptions) {
    this.#options = options;
    this.#path = pathOf(options, 1);
    this.#writer = this.#newWriter();
  }

  /** @throws ThermoclineError TC_INVALID when the first file is there already */
  static check(place: RecordPlace): void {
    checkNewFile(pathOf(place, 1), place.overwrite);
  }

  get nrSnapshots(): number {
    return this.#nrSnapshots;
  }

  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  /** Of the file that is being written. */
  get path(): string {
    return this.#path;
  }

  get nrRotations(): number {
    return this.#nrRotations;
  }

  /**
   * Begins a new file when it is time; call it before the items of a snapshot are made.
   * @returns whether it did
   */
  rotateIfFull(nowNs: bigint): boolean {
    const { rotateBytes, rotateNs } = this.#options;
    // A file without snapshots is never full, whatever the limits are.
    if (this.#sinceNs === null) return false;
    const isLarge = rotateBytes !== null && this.#packedBytes >= rotateBytes;
    const isLong = rotateNs !== null && nowNs - this.#sinceNs >= rotateNs;
    if (!isLarge && !isLong) return false;
    this.#put(this.#writer.end());
    this.#queue.push(null);
    this.#nrRotations += 1;
    this.#writer = this.#newWriter();
    return true;
  }

  /** Adds an item other than an origin; settles when all that is packed has been written. */
  add(item: RecordItem): Promise<void> {
    if (item.kind === 'series') {
      this.#series.set(item.index, item.series);
      return Promise.resolve();
    }
    if (item.kind === 'snapshot') {
      const { snapshot } = item;
      this.#sinceNs ??= snapshot.startNs;
      const seriesIndex = this.#numberOf(snapshot.seriesIndex);
      this.#put(this.#writer.add({ kind: 'snapshot', snapshot: { ...snapshot, seriesIndex } }));
      this.#nrSnapshots += 1;
    } else {
      this.#put(this.#writer.add(item));
    }
    return this.#write();
  }

  /** Writes all that was added: nothing of it is lost when this process is killed. */
  flush(): Promise<void> {
    this.#put(this.#writer.flush());
    return this.#write();
  }

  /** Writes the closing mark. */
  async end(): Promise<void> {
    this.#put(this.#writer.end());
    await this.#write();
    await this.#file?.close();
  }

  #newWriter(): TcrWriter {
    const writer = new TcrWriter(nodeCodec);
    this.#packedBytes = 0;
    this.#sinceNs = null;
    this.#numbers = new Map();
    this.#put(writer.add({ kind: 'origin', origin: this.#options.origin }));
    return writer;
  }

  /** Each file has those series only that it has snapshots of. */
  #numberOf(seriesIndex: number): number {
    const known = this.#numbers.get(seriesIndex);
    if (known !== undefined) return known;
    const index = this.#numbers.size;
    this.#numbers.set(seriesIndex, index);
    const series = this.#series.get(seriesIndex)!;
    this.#put(this.#writer.add({ kind: 'series', index, series }));
    return index;
  }

  #put(pieces: readonly Uint8Array[]): void {
    for (const piece of pieces) this.#packedBytes += piece.length;
    this.#queue.push(...pieces);
  }

  /** Rejects for good once a write has failed. */
  #write(): Promise<void> {
    this.#written = this.#written.then(() => this.#writeQueue());
    return this.#written;
  }

  async #writeQueue(): Promise<void> {
    for (let piece = this.#queue.shift(); piece !== undefined; piece = this.#queue.shift()) {
      if (piece === null) {
        await this.#file?.close();
        this.#file = null;
      } else {
        this.#file ??= await this.#create();
        await this.#append(this.#file, piece);
      }
    }
  }

  async #append(file: OutputFile, piece: Uint8Array): Promise<void> {
    try {
      await file.append(piece);
      this.#fileBytes += piece.length;
      this.#writtenBytes += piece.length;
    } catch (cause) {
      this.#queue.length = 0;
      // Half a frame is of no use, and would only be warned of by readers.
      await file.truncate(this.#fileBytes).catch(() => {});
      await file.close().catch(() => {});
      this.#file = null;
      const { message } = writeFailure(this.#path, cause);
      const sentence = `${message} What was recorded before is in it and can be read.`;
      throw new ThermoclineError('TC_SYSTEM', sentence, { cause });
    }
  }

  async #create(): Promise<OutputFile> {
    const { create, overwrite } = this.#options;
    this.#nrFiles += 1;
    this.#path = pathOf(this.#options, this.#nrFiles);
    this.#fileBytes = 0;
    if (create !== undefined) return await create(this.#path);
    checkNewFile(this.#path, overwrite);
    return await createFile(this.#path);
  }
}

/** `a.tcr`; of a recording in several files `a.0001.tcr`, `a.0002.tcr`, …: by name is by time. */
function pathOf({ path, rotateBytes, rotateNs }: RecordPlace, number: number): string {
  if (rotateBytes === null && rotateNs === null) return path;
  const extension = extname(path);
  const name = `${basename(path, extension)}.${String(number).padStart(4, '0')}${extension}`;
  return join(dirname(path), name);
}

async function createFile(path: string): Promise<OutputFile> {
  // A file that is to be replaced goes first, so that the new one's mode is its own.
  await rm(path, { force: true });
  const handle = await open(path, 'wx', 0o600).catch((cause) => {
    throw writeFailure(path, cause);
  });
  return {
    append: (bytes) => appendAll(handle, bytes),
    truncate: (length) => handle.truncate(length),
    close: () => handle.close(),
  };
}

async function appendAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await handle.write(bytes, done)).bytesWritten;
  }
}
