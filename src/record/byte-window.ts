import { ThermoclineError } from '../base/errors.ts';
import type { ByteSource } from './recording.ts';

/**
 * So much is asked for at least, so that a source of tiny pieces costs no more than one of large.
 */
const USUAL_BYTES = 2 ** 18;

/**
 * The part of a byte source that a parser looks at. The parser advances `position`; when what lies
 * between it and `end` is no whole unit, it returns, and `fill` brings more behind it. A unit (a
 * line, a region, a value) that is longer than `maxUnitBytes` is refused, so memory is bounded
 * whatever the source holds.
 */
export class ByteWindow {
  readonly #iterator: AsyncIterator<Uint8Array>;
  readonly #maxUnitBytes: number;
  #piece: Uint8Array = new Uint8Array(0);
  #offset = 0;
  /** Replaced when it grows: read it again after each `fill`. */
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(USUAL_BYTES * 2);
  position = 0;
  end = 0;
  /** The source has no more. */
  isLast = false;
  /** What the source threw, if it did: it is thrown by the parser, once all before it is read. */
  failure: unknown = null;

  constructor(source: ByteSource, maxUnitBytes: number) {
    this.#iterator = source[Symbol.asyncIterator]();
    this.#maxUnitBytes = maxUnitBytes;
  }

  /** Bytes of the source before `position`. */
  get offset(): number {
    return this.#offset + this.position;
  }

  /**
   * Brings at least as much as is still unread, so that a unit that needs many fills is looked at a
   * logarithmic number of times only.
   * @throws ThermoclineError TC_INVALID when what is unread is already longer than a unit may be
   */
  async fill(): Promise<void> {
    const unread = this.end - this.position;
    if (unread > this.#maxUnitBytes) {
      throw new ThermoclineError(
        'TC_INVALID',
        `At byte ${this.offset} something begins that is longer than ${this.#maxUnitBytes} ` +
          'bytes; no recording has that.',
      );
    }
    this.#makeRoom(unread);
    const wanted = Math.max(unread * 2, USUAL_BYTES);
    while (this.end < wanted && !this.isLast) await this.#take();
  }

  /** Lets go of the source. */
  async close(): Promise<void> {
    await this.#iterator.return?.();
  }

  #makeRoom(unread: number): void {
    let target = this.bytes;
    if (target.length < unread * 2) target = new Uint8Array(unread * 4);
    target.set(this.bytes.subarray(this.position, this.end));
    this.bytes = target;
    this.#offset += this.position;
    this.position = 0;
    this.end = unread;
  }

  async #take(): Promise<void> {
    if (this.#piece.length === 0) {
      try {
        const { done, value } = await this.#iterator.next();
        if (done) this.isLast = true;
        else this.#piece = value;
      } catch (error) {
        this.failure = error;
        this.isLast = true;
      }
    }
    const taken = this.#piece.subarray(0, this.bytes.length - this.end);
    this.bytes.set(taken, this.end);
    this.end += taken.length;
    this.#piece = this.#piece.subarray(taken.length);
  }
}
