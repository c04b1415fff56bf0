import { formatBytes, formatDuration } from '../../base/units.ts';
import type { MappingView, MonitorStats } from '../../monitor/monitor.ts';
import type { ShownRange } from '../terminal/address-layout.ts';
import { type HeatColumn, heatScale } from '../terminal/heat-map.ts';
import { heatPanelLines } from '../terminal/heat-panel.ts';
import {
  bold,
  type ColourDepth,
  dim,
  fitLine,
  type Line,
  lineWidth,
  plain,
} from '../terminal/line.ts';
import { formatTable } from '../terminal/table.ts';
import { wrapText } from '../terminal/wrap.ts';
import { caveatLines, costText, formatClock } from '../watch/frame.ts';
import type { WorkloadMapping } from './workload.ts';

/** One of the two pictures, with what it can and can't show. */
export interface DemoPanel {
  readonly title: string;
  readonly caption: string;
  readonly ranges: readonly ShownRange[];
  readonly history: readonly HeatColumn[];
}

/** What is seen of the real workload. */
export interface RealView {
  readonly panel: DemoPanel;
  readonly stats: MonitorStats;
  readonly sampleIntervalUs: number;
  readonly caveats: readonly string[];
  readonly announced: readonly WorkloadMapping[];
}

/** Everything that one drawing of the demo shows. */
export interface DemoView {
  readonly elapsedUs: number;
  /** Or the sentence that says why it can't be watched here. */
  readonly real: RealView | string;
  readonly twin: DemoPanel;
}

const WIDE = 120;
const GAP = 3;

/** The whole screen: the panels side by side where there is room, else one above the other. */
export function demoFrame(
  view: DemoView,
  width: number,
  height: number,
  depth: ColourDepth,
): Line[] {
  const head = headLines(view.elapsedUs, width);
  const foot = footLines(view, width, depth);
  const room = Math.max(height - head.length - foot.length - 1, 12);
  return [...head, ...panelsLines(view, width, room, depth), plain(''), ...foot];
}

function headLines(elapsedUs: number, width: number): Line[] {
  const title: Line = [
    { text: 'thermocline', bold: true },
    { text: '  a workload of known temperature, and its simulated twin' },
  ];
  const right = `${formatClock(elapsedUs)}   q quits`;
  const gap = Math.max(width - lineWidth(title) - right.length, 2);
  return [[...title, { text: ' '.repeat(gap) + right, dim: true }], plain('')];
}

function panelsLines({ real, twin }: DemoView, width: number, height: number, depth: ColourDepth) {
  if (typeof real === 'string') return panelLines(twin, width, height, depth);
  if (width < WIDE) {
    const upper = Math.floor((height - 1) / 2);
    return [
      ...panelLines(real.panel, width, upper, depth),
      plain(''),
      ...panelLines(twin, width, height - upper - 1, depth),
    ];
  }
  const panelWidth = Math.floor((width - GAP) / 2);
  const left = panelLines(real.panel, panelWidth, height, depth);
  const right = panelLines(twin, panelWidth, height, depth);
  return left.map((line, row) => [
    ...fitLine(line, panelWidth + GAP),
    ...fitLine(right[row] ?? [], panelWidth),
  ]);
}

function panelLines(panel: DemoPanel, width: number, height: number, depth: ColourDepth): Line[] {
  // As many lines in both panels, so that their pictures begin at the same height.
  const caption = wrapText(panel.caption, width).slice(0, 2);
  while (caption.length < 2) caption.push('');
  const { ranges, history } = panel;
  const picture = heatPanelLines({
    ranges,
    history,
    width,
    height: Math.max(height - caption.length - 1, 3),
    depth,
    formatAddress: (address) => `0x${address.toString(16)}`,
  });
  return [bold(panel.title), ...caption.map(dim), ...picture];
}

function footLines({ real }: DemoView, width: number, depth: ColourDepth): Line[] {
  const scale = heatScale(depth, 16, 'never touched', 'always');
  if (typeof real === 'string') return [scale, plain(''), ...caveatLines([real], width)];
  const table = comparison(real.announced, real.stats.mappings).map(plain);
  return [
    scale,
    plain(''),
    ...table,
    dim(costText(real.stats.cost, real.sampleIntervalUs)),
    ...caveatLines([...real.stats.warnings, ...real.caveats], width),
  ];
}

/** What the workload says that it touches, beside what was seen; and the rest of its memory. */
export function comparison(
  announced: readonly WorkloadMapping[],
  mappings: readonly MappingView[],
): string[] {
  const seen = new Map(mappings.map((mapping) => [mapping.start, mapping]));
  const starts = new Set(announced.map(({ start }) => start));
  const others = mappings.filter(({ start }) => !starts.has(start));
  const rows = [
    ...announced.map((told) => comparedRow(told, seen.get(told.start))),
    {
      name: 'Node.js',
      told: '',
      seen: formatBytes(others.reduce((sum, { touchedBytes }) => sum + touchedBytes, 0)),
      note: `of ${formatBytes(others.reduce((sum, { residentBytes }) => sum + residentBytes, 0))}`,
    },
  ];
  return formatTable(rows, [
    { heading: 'MAPPING', text: ({ name }) => name },
    { heading: 'SAYS IT TOUCHES', text: ({ told }) => told, align: 'right' },
    { heading: 'SEEN TOUCHED', text: ({ seen }) => seen, align: 'right' },
    { heading: '', text: ({ note }) => note },
  ]);
}

function noteOn(told: WorkloadMapping, touchedBytes: number, untouchedUs: number): string {
  if (touchedBytes === 0) return `untouched for ${formatDuration(untouchedUs)}`;
  return touchedBytes > told.touchedBytes ? 'moved within the sample: both places count' : '';
}

function comparedRow(told: WorkloadMapping, seen: MappingView | undefined) {
  const row = { name: told.name, told: formatBytes(told.touchedBytes) };
  if (seen === undefined) return { ...row, seen: 'not seen', note: '' };
  const { touchedBytes, untouchedUs } = seen;
  return { ...row, seen: formatBytes(touchedBytes), note: noteOn(told, touchedBytes, untouchedUs) };
}
