import { readSync } from 'node:fs';
import { ThermoclineError } from '../../base/errors.ts';
import { type MappingTable, NO_ACCESS, NOT_MEMORY } from './mapping-table.ts';

const BUFFER_BYTES = 128 * 1024;

/**
 * Nearly all lines are `Name:` padded to 16 bytes, 8 digits, ` kB` and the end: 28 bytes. Reading
 * ahead to there spares looking at each byte.
 */
const USUAL_LINE_BYTES = 28;
const VALUE_AT = 16;

const NEWLINE = 0x0a;
const BLANK = 0x20;
const COLON = 0x3a;
const DASH = 0x2d;
const ZERO = 0x30;

/**
 * Flags of mappings that hold no pages of the process: device memory, raw frames, hugetlb pages.
 */
const FLAGS_NOT_MEMORY = ['io', 'pf', 'ht'].map(pair);

/**
 * Reads `/proc/PID/smaps` into a table without making a string of any line: only names of mappings
 * that are new become strings. One reader with one buffer serves all processes.
 */
export class SmapsReader {
  readonly #bytes: Buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  #table!: MappingTable;
  #before!: MappingTable;
  /** The row that lines belong to, or -1 while they belong to nothing of interest. */
  #row = -1;
  #beforeRow = 0;
  /** End of the number that was parsed last. */
  #at = 0;

  /**
   * Fills `table` anew from an open file. Nothing is found when the process has no memory any more.
   * @param before the reading before, for names
   */
  read(descriptor: number, table: MappingTable, before: MappingTable): void {
    this.#table = table;
    this.#before = before;
    this.#row = -1;
    this.#beforeRow = 0;
    table.nr = 0;
    const bytes = this.#bytes;
    let position = 0;
    let held = 0;
    for (;;) {
      const read = readSync(descriptor, bytes, held, bytes.length - held, position);
      if (read === 0) break;
      position += read;
      held += read;
      const complete = bytes.lastIndexOf(NEWLINE, held - 1) + 1;
      if (complete === 0 && held === bytes.length) {
        throw new ThermoclineError('TC_SYSTEM', 'smaps has a line that is too long to be read.');
      }
      this.#parse(bytes, complete);
      if (complete < held) bytes.copyWithin(0, complete, held);
      held -= complete;
    }
    table.name.length = table.nr;
  }

  /** Parses the lines in [0, limit), of which each is complete. */
  #parse(bytes: Buffer, limit: number): void {
    let at = 0;
    while (at < limit) {
      const usualEnd = at + USUAL_LINE_BYTES;
      let end = usualEnd;
      if (usualEnd > limit || bytes[usualEnd - 1] !== NEWLINE || bytes[usualEnd - 2] !== 0x42) {
        end = after(bytes, at, NEWLINE);
      }
      const first = bytes[at]!;
      // Names of fields begin with a capital letter, mappings with a lower-case hex digit.
      if (first < 0x41 || first > 0x5a) this.#parseMapping(bytes, at, end - 1);
      else if (this.#row >= 0) this.#parseField(bytes, at, end - 1, first);
      at = end;
    }
  }

  /** `7f00-7f10 r--p 0 fe:00 260850   /usr/bin/sed` */
  #parseMapping(bytes: Buffer, lineStart: number, lineEnd: number): void {
    const table = this.#table;
    const start = this.#hex(bytes, lineStart);
    const end = bytes[this.#at] === DASH ? this.#hex(bytes, this.#at + 1) : 0;
    const lastEnd = table.nr === 0 ? 0 : table.end[table.nr - 1]!;
    // Beyond 2^53 there is only the vsyscall page. A mapping that changes while it is read may come
    // twice.
    if (end > Number.MAX_SAFE_INTEGER || start < lastEnd || start >= end) {
      this.#row = -1;
      return;
    }
    const permissions = this.#at + 1;
    let at = permissions;
    for (let word = 0; word < 3; word++) at = after(bytes, at, BLANK);
    const inode = this.#decimal(bytes, at);
    let name = this.#at;
    while (name < lineEnd && bytes[name] === BLANK) name += 1;

    const row = table.append(start, end);
    this.#row = row;
    table.inode[row] = inode;
    table.flags[row] = 0;
    if (bytes[permissions] === DASH && bytes[permissions + 1] === DASH) {
      if (bytes[permissions + 2] === DASH) table.flags[row] = NO_ACCESS;
    }
    // [vdso], [vvar] and their like.
    if (bytes[name] === 0x5b && bytes[name + 1] === 0x76) table.flags[row]! |= NOT_MEMORY;
    this.#recognise(row, bytes, name, lineEnd);
  }

  #recognise(row: number, bytes: Buffer, nameStart: number, nameEnd: number): void {
    const table = this.#table;
    const before = this.#before;
    const start = table.start[row]!;
    let same = this.#beforeRow;
    while (same < before.nr && before.start[same]! < start) same += 1;
    this.#beforeRow = same;
    const isSame =
      same < before.nr &&
      before.start[same] === start &&
      before.end[same] === table.end[row] &&
      before.inode[same] === table.inode[row];
    table.sameRow[row] = isSame ? same : -1;
    table.name[row] = isSame ? before.name[same]! : bytes.toString('utf8', nameStart, nameEnd);
  }

  #parseField(bytes: Buffer, at: number, lineEnd: number, first: number): void {
    const table = this.#table;
    const row = this.#row;
    switch (first) {
      case 0x52: // R
        if (bytes[at + 1] === 0x73) table.residentBytes[row] = this.#kilobytes(bytes, at);
        else if (bytes[at + 1] === 0x65) table.touchedBytes[row] = this.#kilobytes(bytes, at);
        break;
      case 0x41: // A: "Anonymous:", not "AnonHugePages:"
        if (bytes[at + 4] === 0x79) table.anonymousBytes[row] = this.#kilobytes(bytes, at);
        break;
      case 0x53: // S: "Swap:", not "SwapPss:"
        if (bytes[at + 4] === COLON && bytes[at + 1] === 0x77) {
          table.swappedBytes[row] = this.#kilobytes(bytes, at);
        }
        break;
      case 0x56: // V: "VmFlags: rd wr mr"
        for (let flag = at + 9; flag + 1 < lineEnd; flag += 3) {
          const found = (bytes[flag]! << 8) | bytes[flag + 1]!;
          if (FLAGS_NOT_MEMORY.includes(found)) table.flags[row]! |= NOT_MEMORY;
        }
        break;
    }
  }

  #kilobytes(bytes: Buffer, lineStart: number): number {
    let at = lineStart + VALUE_AT;
    while (bytes[at] === BLANK) at += 1;
    return this.#decimal(bytes, at) * 1024;
  }

  #decimal(bytes: Buffer, start: number): number {
    let value = 0;
    let at = start;
    for (; ; at++) {
      const digit = bytes[at]! - ZERO;
      if (!(digit >= 0 && digit <= 9)) break;
      value = value * 10 + digit;
    }
    this.#at = at;
    return value;
  }

  #hex(bytes: Buffer, start: number): number {
    let value = 0;
    let at = start;
    for (; ; at++) {
      const byte = bytes[at]!;
      if (byte >= ZERO && byte <= 0x39) value = value * 16 + byte - ZERO;
      else if (byte >= 0x61 && byte <= 0x66) value = value * 16 + byte - 0x57;
      else break;
    }
    this.#at = at;
    return value;
  }
}

/** The place behind the next `byte`. A native search costs more to call than it saves here. */
function after(bytes: Buffer, start: number, byte: number): number {
  let at = start;
  while (at < bytes.length && bytes[at] !== byte) at += 1;
  return at + 1;
}

function pair(letters: string): number {
  return (letters.charCodeAt(0) << 8) | letters.charCodeAt(1);
}
