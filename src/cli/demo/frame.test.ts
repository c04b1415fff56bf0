import { describe, expect, test } from 'vitest';
import type { MappingView, MonitorStats } from '../../monitor/monitor.ts';
import { type Line, renderLine } from '../terminal/line.ts';
import { comparison, type DemoView, demoFrame } from './frame.ts';
import { closingLines, openingLines, sampleLine } from './plain-lines.ts';
import type { WorkloadMapping } from './workload.ts';

const MIB = 2 ** 20;

const announced: WorkloadMapping[] = [
  { name: 'hot-1', start: 64 * MIB, end: 80 * MIB, touchedBytes: 16 * MIB },
  { name: 'cold-1', start: 0, end: 16 * MIB, touchedBytes: 0 },
];

const mapping = (start: number, touchedBytes: number): MappingView => ({
  targetIndex: 0,
  pid: 7,
  start,
  end: start + 16 * MIB,
  name: '',
  residentBytes: 16 * MIB,
  swappedBytes: 0,
  touchedBytes,
  untouchedUs: touchedBytes > 0 ? 0 : 4_000_000,
});

const mappings = [mapping(0, 0), mapping(64 * MIB, 12 * MIB), mapping(1024 * MIB, MIB)];

const stats: MonitorStats = {
  tick: 9,
  schemes: [],
  cost: { cpuUs: 9, cpuShare: 0.01, ceiling: 0.05, stretch: 1, lateTicks: 0, lastClearUs: 900 },
  mappings,
  warnings: [],
};

const panel = (title: string, caption: string) => ({
  title,
  caption,
  ranges: announced.map(({ name, start, end }) => ({ name, start, end, weight: 1 })),
  history: [
    {
      timeUs: 1,
      start: Float64Array.of(0, 64 * MIB),
      end: Float64Array.of(16 * MIB, 80 * MIB),
      heat: Float64Array.of(0, 1),
    },
  ],
});

const view: DemoView = {
  elapsedUs: 5_000_000,
  real: {
    panel: panel('Real', 'How much, not where.'),
    stats,
    sampleIntervalUs: 200_000,
    caveats: ['Clears referenced bits.'],
    announced,
  },
  twin: panel('Twin', 'Where, too.'),
};

const text = (lines: readonly Line[]) => lines.map((line) => renderLine(line, 'none').trimEnd());

test('the comparison has what was told, what was seen, and the rest of the process', () => {
  expect(comparison(announced, mappings)).toEqual([
    'MAPPING  SAYS IT TOUCHES  SEEN TOUCHED',
    'hot-1             16 MiB        12 MiB',
    'cold-1               0 B           0 B  untouched for 4 s',
    'Node.js                          1 MiB  of 16 MiB',
  ]);
  const moved = mappings.map((mapping) => ({ ...mapping, touchedBytes: 20 * MIB }));
  expect(comparison(announced, moved)[1]).toContain('20 MiB  moved within the sample');
  expect(comparison(announced.slice(0, 1), [])[1]).toBe('hot-1             16 MiB      not seen');
});

describe('the screen of the demo', () => {
  test('has its pictures side by side where it is wide', () => {
    const lines = text(demoFrame(view, 120, 24, 'none'));
    expect(lines).toHaveLength(24);
    expect(lines[2]).toBe(`Real${' '.repeat(57)}Twin`);
    expect(lines[3]).toBe(`How much, not where.${' '.repeat(41)}Where, too.`);
    expect(lines[5]).toBe(`hot-1${' '.repeat(52)}@   hot-1${' '.repeat(52)}@`);
    expect(lines.at(-1)).toBe('- Clears referenced bits.');
  });

  test('has them one above the other where it is not', () => {
    const lines = text(demoFrame(view, 80, 40, 'none'));
    expect(lines).toHaveLength(40);
    expect(lines.indexOf('Twin')).toBeGreaterThan(lines.indexOf('Real') + 5);
  });

  test('has the twin alone, and says why, where processes can not be watched', () => {
    const lines = text(demoFrame({ ...view, real: 'It is not permitted.' }, 120, 24, 'none'));
    expect(lines[2]).toBe('Twin');
    expect(lines.at(-1)).toBe('- It is not permitted.');
  });
});

describe('the lines of the demo', () => {
  test('sum up both', () => {
    expect(openingLines(view)).toEqual([
      'Real. How much, not where.',
      '- Clears referenced bits.',
      'Twin. Where, too.',
    ]);
    expect(sampleLine(view)).toBe(
      '0:05  real: touched 12 MiB of its 2 mappings; twin: working set 16 MiB',
    );
    expect(closingLines(view).slice(1, 3)).toEqual([
      'MAPPING  SAYS IT TOUCHES  SEEN TOUCHED',
      'hot-1             16 MiB        12 MiB',
    ]);
  });

  test('are those of the twin where processes can not be watched', () => {
    const alone = { ...view, real: 'It is not permitted.' };
    expect(openingLines(alone)[0]).toBe('It is not permitted.');
    expect(sampleLine(alone)).toBe('0:05  twin: working set 16 MiB');
    expect(closingLines(alone)).toEqual(['It is not permitted.']);
  });
});
