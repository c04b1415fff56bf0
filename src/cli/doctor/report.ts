import type { Diagnosis } from '../../control/diagnosis/examine.ts';
import { safeText } from '../terminal/line.ts';
import { wrapText } from '../terminal/wrap.ts';

/** Behind the longest status and its margins. */
const TEXT_COLUMN = 8;

/** The diagnosis for people: a heading for each group, a sentence for each check. */
export function formatDiagnosis(diagnosis: Diagnosis, columns: number): string {
  const lines = [`Linux ${diagnosis.kernelRelease} on ${diagnosis.architecture}`];
  for (const { name, checks } of diagnosis.groups) {
    lines.push('', `${name.charAt(0).toUpperCase()}${name.slice(1)}`);
    for (const { status, sentence } of checks) {
      const [first, ...more] = wrapText(safeText(sentence), columns - TEXT_COLUMN);
      lines.push(`  ${status.padEnd(TEXT_COLUMN - 2)}${first}`);
      for (const text of more) lines.push(' '.repeat(TEXT_COLUMN) + text);
    }
  }
  return lines.join('\n');
}
