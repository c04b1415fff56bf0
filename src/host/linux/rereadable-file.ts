import { closeSync, openSync, readSync } from 'node:fs';
import { isGone } from './read-file.ts';

/**
 * A small file of the kernel that is read again and again: it stays open, and its text goes to one
 * buffer, so that a reading costs one system call and leaves no garbage.
 */
export class RereadableFile implements Disposable {
  readonly #path: string;
  readonly #bytes: Buffer;
  #descriptor = -1;
  #length = 0;

  /** @param capacityBytes what does not fit is not seen */
  constructor(path: string, capacityBytes = 8192) {
    this.#path = path;
    this.#bytes = Buffer.alloc(capacityBytes);
  }

  /** Reads the file anew. False when it is missing, or gone, or unreadable. */
  refresh(): boolean {
    try {
      if (this.#descriptor < 0) this.#descriptor = openSync(this.#path, 'r');
      this.#length = this.#readAll();
      return true;
    } catch (error) {
      // A descriptor of something that went away stays dead; the path may come back.
      if (isGone(error)) this[Symbol.dispose]();
      this.#length = 0;
      return false;
    }
  }

  /** Where `label` first stands at or behind `from`; -1 when it doesn't. */
  find(label: string, from = 0): number {
    const at = this.#bytes.indexOf(label, from, 'latin1');
    return at < this.#length ? at : -1;
  }

  /** The whole number that follows `label`, blanks between them skipped; -1 without one. */
  numberAfter(label: string, from = 0): number {
    const at = this.find(label, from);
    if (at < 0) return -1;
    let position = at + label.length;
    while (this.#bytes[position] === 0x20) position += 1;
    return this.#numberAt(position);
  }

  [Symbol.dispose](): void {
    if (this.#descriptor >= 0) closeSync(this.#descriptor);
    this.#descriptor = -1;
  }

  #readAll(): number {
    let length = 0;
    while (length < this.#bytes.length) {
      const rest = this.#bytes.length - length;
      const read = readSync(this.#descriptor, this.#bytes, length, rest, length);
      if (read === 0) break;
      length += read;
    }
    return length;
  }

  #numberAt(start: number): number {
    let value = 0;
    let position = start;
    for (; position < this.#length; position++) {
      const digit = this.#bytes[position]! - 0x30;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    return position === start ? -1 : value;
  }
}
