/** Regions that were accessed, as columns. */
export interface PatternRows {
  /** Byte addresses, half-open. */
  readonly start: Float64Array;
  readonly end: Float64Array;
  /** Share of samples that found the region accessed, above 0 and up to 1. */
  readonly accessShare: Float64Array;
  /** Share of the region's pages that these accesses were to; 1 where all were accessed alike. */
  readonly activeShare: Float64Array;
}

const FIRST_ROWS = 1024;

/** Rows while they become more. */
export class RowColumns {
  nr = 0;
  #start = new Float64Array(FIRST_ROWS);
  #end = new Float64Array(FIRST_ROWS);
  #accessShare = new Float64Array(FIRST_ROWS);
  #activeShare = new Float64Array(FIRST_ROWS);

  append(start: number, end: number, accessShare: number, activeShare: number): void {
    const row = this.nr++;
    if (row === this.#start.length) {
      this.#start = doubled(this.#start);
      this.#end = doubled(this.#end);
      this.#accessShare = doubled(this.#accessShare);
      this.#activeShare = doubled(this.#activeShare);
    }
    this.#start[row] = start;
    this.#end[row] = end;
    this.#accessShare[row] = accessShare;
    this.#activeShare[row] = activeShare;
  }

  /** The rows so far, in columns of their own. */
  rows(): PatternRows {
    return {
      start: this.#start.slice(0, this.nr),
      end: this.#end.slice(0, this.nr),
      accessShare: this.#accessShare.slice(0, this.nr),
      activeShare: this.#activeShare.slice(0, this.nr),
    };
  }
}

function doubled(column: Float64Array): Float64Array<ArrayBuffer> {
  const twice = new Float64Array(column.length * 2);
  twice.set(column);
  return twice;
}
