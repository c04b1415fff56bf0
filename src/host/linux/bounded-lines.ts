/** Cuts what a stranger sends into lines, of which none takes more than its share of memory. */
import { StringDecoder } from 'node:string_decoder';

/** A stream of bytes on one side, whole lines on the other. */
export class BoundedLines {
  readonly #maxLength: number;
  readonly #decoder = new StringDecoder('utf8');
  #line = '';
  /** The line that has begun is too long: it is dropped up to its end. */
  #drops = false;

  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  /**
   * @returns the lines that have ended, without empty ones; null stands for one that was too long
   */
  push(bytes: Uint8Array): (string | null)[] {
    const pieces = this.#decoder.write(bytes).split('\n');
    const rest = pieces.pop()!;
    const lines = pieces.map((piece) => this.#end(piece)).filter((line) => line !== '');
    this.#grow(rest);
    return lines;
  }

  #end(piece: string): string | null {
    this.#grow(piece);
    const line = this.#drops ? null : this.#line;
    this.#line = '';
    this.#drops = false;
    return line;
  }

  #grow(piece: string): void {
    this.#drops ||= this.#line.length + piece.length > this.#maxLength;
    this.#line = this.#drops ? '' : this.#line + piece;
  }
}
