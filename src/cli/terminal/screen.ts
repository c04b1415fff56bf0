import { type ColourDepth, fitLine, type Line, renderLine } from './line.ts';

const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J';
const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l';
const CTRL_C = '\x03';

/** What a screen needs of standard output. */
export interface ScreenOutput {
  readonly columns: number;
  readonly rows: number;
  write(text: string): unknown;
  on(event: 'resize', listener: () => void): unknown;
  off(event: 'resize', listener: () => void): unknown;
}

/** What a screen needs of standard input. */
export interface ScreenInput {
  setRawMode(raw: boolean): unknown;
  on(event: 'data', listener: (bytes: Buffer) => void): unknown;
  off(event: 'data', listener: (bytes: Buffer) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

/** What keys, and changes of the terminal, set off. */
export interface ScreenKeys {
  /** q. */
  quit(): void;
  /** Ctrl-C, which is no signal while keys come one by one. */
  interrupt(): void;
  /** The picture must be drawn again: the size has changed. */
  resized(): void;
}

/**
 * The terminal's alternate screen. Writes only the rows that have changed since the last drawing,
 * and gives the terminal back as it was when disposed, or at the latest when the process exits.
 */
export class Screen implements Disposable {
  readonly #output: ScreenOutput;
  readonly #input: ScreenInput | null;
  readonly #depth: ColourDepth;
  readonly #keys: ScreenKeys;
  #shown: string[] = [];
  #open = true;

  /** @param input null where standard input is no terminal: no keys then. */
  constructor(
    output: ScreenOutput,
    input: ScreenInput | null,
    depth: ColourDepth,
    keys: ScreenKeys,
  ) {
    this.#output = output;
    this.#input = input;
    this.#depth = depth;
    this.#keys = keys;
    process.on('exit', this.#leave);
    output.on('resize', this.#resized);
    if (input !== null) {
      input.setRawMode(true);
      input.on('data', this.#typed);
      input.resume();
    }
    output.write(ENTER);
  }

  get columns(): number {
    return this.#output.columns;
  }

  get rows(): number {
    return this.#output.rows;
  }

  /** Shows `lines` from the top; what doesn't fit is cut, what is not covered is blank. */
  draw(lines: readonly Line[]): void {
    const { columns, rows } = this.#output;
    const next: string[] = [];
    for (let row = 0; row < rows; row++) {
      next.push(renderLine(fitLine(lines[row] ?? [], columns), this.#depth));
    }
    this.#output.write(changedRows(this.#shown, next));
    this.#shown = next;
  }

  [Symbol.dispose](): void {
    this.#leave();
    process.off('exit', this.#leave);
  }

  readonly #leave = (): void => {
    if (!this.#open) return;
    this.#open = false;
    this.#output.off('resize', this.#resized);
    if (this.#input !== null) {
      this.#input.off('data', this.#typed);
      this.#input.setRawMode(false);
      this.#input.pause();
    }
    this.#output.write(LEAVE);
  };

  readonly #resized = (): void => {
    this.#shown = [];
    this.#output.write('\x1b[2J');
    this.#keys.resized();
  };

  readonly #typed = (bytes: Buffer): void => {
    const text = bytes.toString('latin1');
    if (text.includes(CTRL_C)) this.#keys.interrupt();
    else if (text === 'q' || text === 'Q') this.#keys.quit();
  };
}

/** The bytes that turn the rows `shown` into `next`; empty when nothing differs. */
export function changedRows(shown: readonly string[], next: readonly string[]): string {
  let bytes = '';
  for (let row = 0; row < next.length; row++) {
    if (next[row] !== shown[row]) bytes += `\x1b[${row + 1};1H${next[row]}`;
  }
  // One update for the eye: terminals that know the mode show the whole frame at once.
  return bytes === '' ? '' : `\x1b[?2026h${bytes}\x1b[?2026l`;
}
