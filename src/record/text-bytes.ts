/** Text of single-byte characters, put together as bytes: millions of numbers, and no strings. */

const FIRST_BYTES = 2 ** 18;
/** Room that one call may need at most. */
const RESERVE_BYTES = 2 ** 12;

const ZERO = 0x30;
const COMMA = 0x2c;

/** Bytes that writers collect before they hand them on. */
export class TextBytes {
  #bytes = new Uint8Array(FIRST_BYTES);
  #length = 0;

  /** Enough to be handed on. */
  get isFull(): boolean {
    return this.#length > FIRST_BYTES - RESERVE_BYTES;
  }

  /** What was collected; collecting begins anew. */
  take(): Uint8Array {
    const taken = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return taken;
  }

  /** Appends text; characters above 0x7f are not for here. */
  text(text: string): void {
    this.#reserve(text.length);
    for (let i = 0; i < text.length; i++) this.#bytes[this.#length + i] = text.charCodeAt(i);
    this.#length += text.length;
  }

  /** Appends a whole number, not negative. */
  number(value: number): void {
    if (value >= Number.MAX_SAFE_INTEGER) this.text(BigInt(value).toString());
    else this.#digits(value, 0);
  }

  /** Appends a whole number, not negative, with a comma before each three digits: `1,234,567`. */
  groupedNumber(value: number): void {
    if (value >= Number.MAX_SAFE_INTEGER) {
      this.text(
        BigInt(value)
          .toString()
          .replace(/\B(?=(?:\d{3})+$)/g, ','),
      );
    } else this.#digits(value, COMMA);
  }

  #digits(value: number, separator: number): void {
    this.#reserve(32);
    const from = this.#length;
    let rest = value;
    let at = from;
    let digits = 0;
    do {
      if (separator !== 0 && digits > 0 && digits % 3 === 0) this.#bytes[at++] = separator;
      const tenth = Math.floor(rest / 10);
      this.#bytes[at++] = ZERO + (rest - tenth * 10);
      rest = tenth;
      digits += 1;
    } while (rest > 0);
    this.#bytes.subarray(from, at).reverse();
    this.#length = at;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}
