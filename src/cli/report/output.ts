/** Ways in which a report goes out. */
import { writeFileSync } from 'node:fs';
import { ThermoclineError } from '../../base/errors.ts';
import { type ColourDepth, type Line, renderLine } from '../terminal/line.ts';
import { colourDepth } from '../watch/output.ts';

const WIDEST = 160;
/** Where output is no terminal. */
const USUAL_WIDTH = 100;

/** How much room there is, and how many colours. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly depth: ColourDepth;
}

/** The terminal, or a page of usual size without colours where there is none. */
export function canvas(): Canvas {
  const isTerminal = process.stdout.isTTY === true;
  return {
    width: isTerminal ? Math.min(process.stdout.columns, WIDEST) : USUAL_WIDTH,
    height: isTerminal ? process.stdout.rows : 40,
    depth: isTerminal ? colourDepth() : 'none',
  };
}

/** One line of JSON. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** Text, with colours where the terminal has them. */
export function printLines(lines: readonly Line[], { depth }: Canvas): void {
  process.stdout.write(lines.map((line) => `${renderLine(line, depth).trimEnd()}\n`).join(''));
}

/** Writes pieces one by one, as fast as they are taken. */
export async function printPieces(pieces: Iterable<string>): Promise<void> {
  for (const piece of pieces) {
    if (process.stdout.write(piece)) continue;
    // No listener for errors: a reader that has gone ends the process, as everywhere.
    await new Promise<void>((resolve) => process.stdout.once('drain', resolve));
  }
}

/**
 * Writes a picture to a file, readable by its owner.
 * @throws ThermoclineError TC_SYSTEM where that can't be done
 */
export function writePicture(file: string, svg: string): void {
  try {
    writeFileSync(file, svg, { mode: 0o600 });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new ThermoclineError(
      'TC_SYSTEM',
      `--svg names ${file}, which can't be written (${code}).`,
      {
        cause,
      },
    );
  }
}

/** `1 snapshot`, `2 snapshots`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
