/** Mappings that are no memory of the process: the kernel's own pages, devices, hugetlb pages. */
export const NOT_MEMORY = 1;
/** Mappings without any access right: reservations and guard pages. */
export const NO_ACCESS = 2;

const INITIAL_CAPACITY = 128;

/**
 * The mappings of one process as one reading of `smaps` found them, in address order, as a
 * structure of arrays. Two tables take turns: a new reading looks up in the one before what it can
 * keep.
 */
export class MappingTable {
  nr = 0;
  /** When it was read. */
  readAtUs = 0;
  start: Float64Array<ArrayBuffer> = new Float64Array(INITIAL_CAPACITY);
  end: Float64Array<ArrayBuffer> = new Float64Array(INITIAL_CAPACITY);
  inode: Float64Array<ArrayBuffer> = new Float64Array(INITIAL_CAPACITY);
  residentBytes: Float64Array<ArrayBuffer> = new Float64Array(INITIAL_CAPACITY);
  anonymousBytes: Float64Array<ArrayBuffer> = new Float64Array(INITIAL_CAPACITY);
  swappedBytes: Float64Array<ArrayBuffer> = new Float64Array(INITIAL_CAPACITY);
  /** Referenced since the bits were last cleared; 0 until they have been. */
  touchedBytes: Float64Array<ArrayBuffer> = new Float64Array(INITIAL_CAPACITY);
  /** When it was last found touched, or first seen. */
  untouchedSinceUs: Float64Array<ArrayBuffer> = new Float64Array(INITIAL_CAPACITY);
  /** The touched shares of all samples added up, before the last sample and with it. */
  sharesBefore: Float64Array<ArrayBuffer> = new Float64Array(INITIAL_CAPACITY);
  shares: Float64Array<ArrayBuffer> = new Float64Array(INITIAL_CAPACITY);
  flags: Uint8Array<ArrayBuffer> = new Uint8Array(INITIAL_CAPACITY);
  /** Row of the same mapping in the table before, or -1. */
  sameRow: Int32Array<ArrayBuffer> = new Int32Array(INITIAL_CAPACITY);
  name: string[] = [];

  /** Adds a mapping with all counts 0 and returns its row. */
  append(start: number, end: number): number {
    const row = this.nr;
    if (row === this.start.length) this.#grow();
    this.start[row] = start;
    this.end[row] = end;
    this.residentBytes[row] = 0;
    this.anonymousBytes[row] = 0;
    this.swappedBytes[row] = 0;
    this.touchedBytes[row] = 0;
    this.nr = row + 1;
    return row;
  }

  /** Whether the mapping is worth watching: it holds memory, or may come to. */
  isWatched(row: number): boolean {
    if (this.flags[row]! & NOT_MEMORY) return false;
    return (
      !(this.flags[row]! & NO_ACCESS) || this.residentBytes[row]! + this.swappedBytes[row]! > 0
    );
  }

  /**
   * Completes a reading with what is known from the one before.
   * @param sampled whether the bits were cleared before, so that the touched bytes are a sample
   */
  carryOver(before: MappingTable, sampled: boolean, nowUs: number): void {
    this.readAtUs = nowUs;
    for (let row = 0; row < this.nr; row++) {
      const same = this.sameRow[row]!;
      const touched = this.touchedBytes[row]!;
      const share = sampled ? Math.min(1, touched / (this.end[row]! - this.start[row]!)) : 0;
      const shares = same < 0 ? 0 : before.shares[same]!;
      this.sharesBefore[row] = shares;
      this.shares[row] = shares + share;
      const stillUntouched = same >= 0 && touched === 0;
      this.untouchedSinceUs[row] = stillUntouched ? before.untouchedSinceUs[same]! : nowUs;
      // Without a clearing before, it is what was touched since nobody knows when.
      if (!sampled) this.touchedBytes[row] = 0;
    }
  }

  #grow(): void {
    const capacity = this.start.length * 2;
    const floats = (old: Float64Array) => {
      const grown = new Float64Array(capacity);
      grown.set(old);
      return grown;
    };
    this.start = floats(this.start);
    this.end = floats(this.end);
    this.inode = floats(this.inode);
    this.residentBytes = floats(this.residentBytes);
    this.anonymousBytes = floats(this.anonymousBytes);
    this.swappedBytes = floats(this.swappedBytes);
    this.touchedBytes = floats(this.touchedBytes);
    this.untouchedSinceUs = floats(this.untouchedSinceUs);
    this.sharesBefore = floats(this.sharesBefore);
    this.shares = floats(this.shares);
    const flags = new Uint8Array(capacity);
    flags.set(this.flags);
    this.flags = flags;
    const sameRow = new Int32Array(capacity);
    sameRow.set(this.sameRow);
    this.sameRow = sameRow;
  }
}
