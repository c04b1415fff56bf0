/** The screen of `acma run` and `acma shadow`: each guest or container in a few lines. */
import { formatBytes, formatDuration, formatShare } from '../../base/units.ts';
import type { AcmaReport } from '../../control/acma/acma-loop.ts';
import { BLOCKS_A_WINDOW } from '../../policies/acma/observation.ts';
import { bold, dim, type Line, plain, safeText } from '../terminal/line.ts';
import { wrapText } from '../terminal/wrap.ts';
import { billLine, sizeBar } from './report.ts';

/** The whole screen. @param notices what has happened to those that are scaled no more */
export function acmaFrame(
  reports: readonly AcmaReport[],
  notices: readonly string[],
  width: number,
): Line[] {
  const title = `thermocline acma ${reports[0]?.mode ?? ''}`.trimEnd();
  const elapsed = Math.max(0, ...reports.map(({ timeUs }) => timeUs));
  const right = `${formatDuration(elapsed)}   q quits`;
  const gap = Math.max(width - title.length - right.length, 2);
  return [
    [
      { text: title, bold: true },
      { text: ' '.repeat(gap) + right, dim: true },
    ],
    ...reports.flatMap((report) => [plain(''), ...reportLines(report, width)]),
    ...notices.flatMap((notice) => wrapText(safeText(notice), width, '').map(plain)),
  ];
}

function reportLines(report: AcmaReport, width: number): Line[] {
  const { name, mode, sizeBytes, minBytes, maxBytes, usedBytes, overshootBytes } = report;
  const { workingSetBytes, pressureShare, acceptableShare, pressureFrom, why } = report;
  const would = mode === 'shadow' ? 'would be ' : '';
  const beyond =
    overshootBytes === 0 ? '' : `, and ${formatBytes(overshootBytes)} that it was not given`;
  const texts = [
    `${sizeBar(report)}  ${would}${formatBytes(sizeBytes)} of ${formatBytes(minBytes)} to ${formatBytes(maxBytes)}${beyond}`,
    `in use ${formatBytes(usedBytes)}, working set ${formatBytes(workingSetBytes)}; ` +
      `pressure ${formatShare(pressureShare)} of ${formatShare(acceptableShare)}`,
    windowText(report),
    billLine(report),
    why,
  ];
  return [
    bold(safeText(name)),
    ...texts.flatMap((text) => indented(text, width).map(plain)),
    ...indented(`pressure from ${pressureFrom}`, width).map(dim),
  ];
}

function indented(text: string, width: number): string[] {
  return wrapText(safeText(text), width - 2).map((line) => `  ${line}`);
}

function windowText({ takenByWindow, heldBytes, nrFreeBlocks }: AcmaReport): string {
  const free =
    nrFreeBlocks === null ? '' : `; ${nrFreeBlocks} blocks of 2 MiB are free in one piece`;
  return `${formatBytes(heldBytes)} taken, by windows from the lowest ${windowMap(takenByWindow)}${free}`;
}

/** One letter a window: `#` nothing of it is taken, `-` a part, `.` all. */
function windowMap(takenByWindow: readonly number[]): string {
  return takenByWindow
    .map((nrTaken) => (nrTaken === 0 ? '#' : nrTaken < BLOCKS_A_WINDOW ? '-' : '.'))
    .join('');
}
