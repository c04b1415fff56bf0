import type { Interruption } from '../interruption.ts';
import type { ColourDepth } from '../terminal/line.ts';
import { Screen } from '../terminal/screen.ts';
import { watchFrame } from './frame.ts';
import { snapshotJson } from './json-line.ts';
import { closingLines, openingLines, sampleLine } from './plain-lines.ts';
import type { WatchView } from './view.ts';

/** One way of showing what is watched. */
export interface WatchOutput extends Disposable {
  show(view: WatchView): void;
  /** The last words; nothing is shown after them. `last` is null when nothing was ever shown. */
  finish(last: WatchView | null, reason: string): void;
}

/** A line of JSON each time. */
export function jsonOutput(): WatchOutput {
  return {
    show: (view) => print([snapshotJson(view)]),
    finish: (_last, reason) => process.stderr.write(`${reason}\n`),
    [Symbol.dispose]: () => {},
  };
}

/** A line of text each time, for pipes, files and dumb terminals. */
export function plainOutput(): WatchOutput {
  let opened = false;
  return {
    show(view) {
      if (!opened) print(openingLines(view));
      opened = true;
      print([sampleLine(view)]);
    },
    finish: (last, reason) => print(last === null ? [reason] : closingLines(last, reason)),
    [Symbol.dispose]: () => {},
  };
}

/** The live picture on the whole terminal; the last words stay after it has gone. */
export function liveOutput(interruption: Interruption): WatchOutput {
  const depth = colourDepth();
  let latest: WatchView | null = null;
  const draw = () => {
    if (latest !== null) screen.draw(watchFrame(latest, screen.columns, screen.rows, depth));
  };
  const screen = openScreen(interruption, depth, draw);
  return {
    show(view) {
      latest = view;
      draw();
    },
    finish(last, reason) {
      screen[Symbol.dispose]();
      print(last === null ? [reason] : closingLines(last, reason));
    },
    [Symbol.dispose]: () => screen[Symbol.dispose](),
  };
}

/** Takes the terminal; its keys end the command. */
export function openScreen(
  interruption: Interruption,
  depth: ColourDepth,
  resized: () => void,
): Screen {
  return new Screen(process.stdout, process.stdin.isTTY ? process.stdin : null, depth, {
    quit: () => interruption.end(),
    interrupt: () => interruption.interrupt(),
    resized,
  });
}

/** Whether a picture can be drawn over the whole terminal. */
export function isLiveTerminal(): boolean {
  return process.stdout.isTTY === true && process.env['TERM'] !== 'dumb';
}

/** By NO_COLOR, FORCE_COLOR, COLORTERM and TERM, as Node itself goes by them. */
export function colourDepth(): ColourDepth {
  const bits = process.stdout.getColorDepth();
  if (bits >= 24) return 'truecolour';
  return bits >= 8 ? '256' : 'none';
}

function print(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}
