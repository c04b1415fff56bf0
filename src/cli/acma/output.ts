/** How `acma run` and `acma shadow` show their steps. */
import { exactJson } from '../../base/exact-json.ts';
import type { AcmaReport } from '../../control/acma/acma-loop.ts';
import type { Interruption } from '../interruption.ts';
import { colourDepth, isLiveTerminal, openScreen } from '../watch/output.ts';
import { acmaFrame } from './live-view.ts';
import { standingLine } from './report.ts';

/** One way of showing them. */
export interface AcmaOutput extends Disposable {
  /** What the latest step of some of them came to. */
  show(reports: readonly AcmaReport[]): void;
  /** One is scaled no more, and why. */
  lost(sentence: string): void;
}

/** On a terminal the whole screen; else a line of text or JSON for each report. */
export function acmaOutput(json: boolean, interruption: Interruption): AcmaOutput {
  if (!json && isLiveTerminal()) return liveOutput(interruption);
  return {
    show(reports) {
      for (const report of reports)
        process.stdout.write(`${json ? exactJson(report) : line(report)}\n`);
    },
    lost: (sentence) => process.stderr.write(`${sentence}\n`),
    [Symbol.dispose]: () => {},
  };
}

function line(report: AcmaReport): string {
  return `${report.name}  ${standingLine(report, report.mode === 'shadow')}`;
}

function liveOutput(interruption: Interruption): AcmaOutput {
  const latest = new Map<string, AcmaReport>();
  const notices: string[] = [];
  const draw = () => screen.draw(acmaFrame([...latest.values()], notices, screen.columns));
  const screen = openScreen(interruption, colourDepth(), draw);
  return {
    show(reports) {
      for (const report of reports) latest.set(report.name, report);
      draw();
    },
    lost: (sentence) => notices.push(sentence),
    [Symbol.dispose]() {
      screen[Symbol.dispose]();
      // What was said on the screen has gone with it.
      for (const sentence of notices.splice(0)) process.stderr.write(`${sentence}\n`);
    },
  };
}
