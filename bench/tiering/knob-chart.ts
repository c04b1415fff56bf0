/** One knob as a picture: throughput, bytes moved and moves in vain over its values, by pattern. */
import { formatBytes } from '../../src/base/units.ts';
import type { KnobRow } from './knobs.ts';

const WIDTH = 960;
const HEIGHT = 330;
const PANEL_WIDTH = 240;
const PANEL_HEIGHT = 190;
const LEFT = 70;
const GAP = 72;
const TOP = 82;
const COLOURS = ['#1b7f9c', '#c0504d', '#e0a030', '#6b5ca5'];
const GRID = '#ddd';

/** What a chart is made of. */
export interface KnobChart {
  readonly title: string;
  /** By pattern, and in each in the order of the values. */
  readonly rows: readonly KnobRow[];
  /** In words; they are spaced evenly. */
  readonly values: readonly string[];
  readonly presetIndex: number;
}

interface Panel {
  readonly title: string;
  readonly figure: (row: KnobRow) => number;
  /** Ends of its scale; null: as high as the highest figure. */
  readonly least: number;
  readonly most: number | null;
  readonly format: (value: number) => string;
}

const percent = (value: number) => `${Math.round(value * 100)} %`;

const PANELS: readonly Panel[] = [
  {
    title: 'throughput, of the best placement’s',
    figure: ({ ofOracleShare }) => ofOracleShare,
    ...{ least: 0.5, most: 1, format: percent },
  },
  {
    title: 'moved in a second, on average',
    figure: ({ migratedBytesPerSecond }) => migratedBytesPerSecond,
    ...{ least: 0, most: null, format: formatBytes },
  },
  {
    title: 'of that, in vain',
    figure: ({ pingPongShare }) => pingPongShare,
    ...{ least: 0, most: null, format: (value) => `${(value * 100).toFixed(1)} %` },
  },
];

/** The chart as SVG, on white paper, so that it can be read on dark pages as well. */
export function knobChart({ title, rows, values, presetIndex }: KnobChart): string {
  const patterns = [...new Set(rows.map(({ pattern }) => pattern))];
  const legend = patterns.flatMap((pattern, index) => [
    `<circle cx="${LEFT + 200 + index * 150}" cy="24" r="5" fill="${COLOURS[index]}"/>`,
    text(LEFT + 210 + index * 150, 28, 'start', pattern),
  ]);
  const panels = PANELS.flatMap((panel, index) =>
    panelParts(panel, LEFT + index * (PANEL_WIDTH + GAP), { title, rows, values, presetIndex }),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" ` +
      'font-family="sans-serif" font-size="11">',
    `<title>${title}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
    `<text x="${LEFT}" y="29" font-size="15">${title}</text>`,
    ...legend,
    ...panels,
    '</svg>\n',
  ].join('\n');
}

function panelParts(
  { title, figure, least, most, format }: Panel,
  left: number,
  { rows, values, presetIndex }: KnobChart,
): string[] {
  const highest = most ?? Math.max(...rows.map(figure), 1e-6);
  const x = (index: number) => round(left + (index / (values.length - 1)) * PANEL_WIDTH);
  const y = (value: number) => {
    const share = (value - least) / (highest - least);
    return round(TOP + (1 - Math.min(1, Math.max(0, share))) * PANEL_HEIGHT);
  };
  const levels = [0, 0.2, 0.4, 0.6, 0.8, 1].map((part) => least + part * (highest - least));
  const patterns = [...new Set(rows.map(({ pattern }) => pattern))];
  const lines = patterns.map((pattern, index) => {
    const own = rows.filter((row) => row.pattern === pattern);
    const points = own.map((row, at) => `${x(at)},${y(figure(row))}`).join(' ');
    return `<polyline fill="none" stroke="${COLOURS[index]}" stroke-width="2" points="${points}"/>`;
  });
  return [
    text(left, TOP - 14, 'start', title),
    ...levels.flatMap((level) => [
      `<line x1="${left}" x2="${left + PANEL_WIDTH}" y1="${y(level)}" y2="${y(level)}" stroke="${GRID}"/>`,
      text(left - 6, y(level) + 4, 'end', format(level)),
    ]),
    `<line x1="${x(presetIndex)}" x2="${x(presetIndex)}" y1="${TOP}" y2="${TOP + PANEL_HEIGHT}" ` +
      'stroke="#888" stroke-dasharray="4 3"/>',
    ...lines,
    ...values.map(
      (value, at) =>
        `<text transform="translate(${x(at) + 4} ${TOP + PANEL_HEIGHT + 14}) rotate(-40)" ` +
        `text-anchor="end">${value}</text>`,
    ),
  ];
}

function text(x: number, y: number, anchor: 'start' | 'end', content: string): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}">${content}</text>`;
}

function round(value: number): number {
  return Number(value.toFixed(1));
}
