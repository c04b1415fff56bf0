import type { TargetPattern } from './recorded-pattern.ts';

/**
 * Goes through the windows of a pattern as time passes. Time is asked for in stretches, and each
 * stretch falls into pieces of one window each:
 *
 *     for (cursor.begin(fromUs, toUs); cursor.next(); ) … cursor.window, cursor.fromUs, cursor.toUs
 */
export class WindowCursor {
  /** The window of this piece. */
  window = 0;
  fromUs = 0;
  toUs = 0;
  readonly #pattern: TargetPattern;
  #nextWindow = 0;
  #beginUs = 0;
  #endUs = 0;

  constructor(pattern: TargetPattern) {
    this.#pattern = pattern;
  }

  /** Begins a stretch; none may begin before the one in front of it. */
  begin(fromUs: number, toUs: number): void {
    this.#beginUs = fromUs;
    this.#endUs = toUs;
  }

  /** Whether there is another piece. What lies outside of all windows is passed over. */
  next(): boolean {
    const { nrWindows, startUs, endUs } = this.#pattern;
    while (this.#nextWindow < nrWindows) {
      const window = this.#nextWindow;
      this.window = window;
      this.fromUs = Math.max(this.#beginUs, startUs[window]!);
      this.toUs = Math.min(this.#endUs, endUs[window]!);
      if (endUs[window]! <= this.#endUs) this.#nextWindow += 1;
      else this.#beginUs = Math.max(this.#beginUs, this.toUs);
      if (this.fromUs < this.toUs) return true;
      if (endUs[window]! > this.#endUs) return false;
    }
    return false;
  }
}
