/** The suite as a picture: each policy's throughput as a share of the oracle's. */

import type { Row } from './rows.ts';
import { POLICIES } from './run-pattern.ts';

const ROW_HEIGHT = 22;
const LEFT = 190;
const WIDTH = 560;
const TOP = 46;
const COLOURS: Readonly<Record<string, string>> = {
  none: '#9aa0a6',
  lru: '#e0a030',
  'hint-fault': '#c0504d',
  thermocline: '#1b7f9c',
};

/** The rows as SVG; policies are dots on a line from half of the oracle's throughput to all. */
export function suiteChart(rows: readonly Row[]): string {
  const patterns = [...new Set(rows.map(({ pattern }) => pattern))];
  const height = TOP + patterns.length * ROW_HEIGHT + 30;
  const x = (share: number) => LEFT + Math.max(0, Math.min(1, (share - 0.5) / 0.5)) * WIDTH;
  const ticks = [0.5, 0.6, 0.7, 0.8, 0.9, 1].map(
    (share) =>
      `<line x1="${x(share)}" x2="${x(share)}" y1="${TOP - 8}" y2="${height - 24}" stroke="#ddd"/>` +
      `<text x="${x(share)}" y="${height - 8}" text-anchor="middle">${share * 100} %</text>`,
  );
  const shown = POLICIES.filter((policy) => policy !== 'oracle');
  const legend = shown.map(
    (policy, index) =>
      `<circle cx="${LEFT + index * 120}" cy="16" r="5" fill="${COLOURS[policy]}"/>` +
      `<text x="${LEFT + 10 + index * 120}" y="20">${policy}</text>`,
  );
  const lines = patterns.flatMap((pattern, index) => {
    const y = TOP + index * ROW_HEIGHT + 6;
    const of = (policy: string) =>
      rows.find((row) => row.pattern === pattern && row.policy === policy)?.throughput;
    const best = of('oracle') ?? 1;
    const dots = shown.flatMap((policy) => {
      const throughput = of(policy);
      if (throughput === undefined) return [];
      return `<circle cx="${x(throughput / best).toFixed(1)}" cy="${y}" r="5" fill="${COLOURS[policy]}"/>`;
    });
    return [`<text x="${LEFT - 12}" y="${y + 4}" text-anchor="end">${pattern}</text>`, ...dots];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${LEFT + WIDTH + 40}" height="${height}" font-family="sans-serif" font-size="12">`,
    '<title>Throughput as a share of the best placement</title>',
    '<rect width="100%" height="100%" fill="white"/>',
    ...ticks,
    ...legend,
    ...lines,
    '</svg>\n',
  ].join('\n');
}
