import { expect, test } from 'vitest';
import type { AcmaReport } from '../../control/acma/acma-loop.ts';
import { renderLine } from '../terminal/line.ts';
import { acmaFrame } from './live-view.ts';

const MIB = 2 ** 20;
const report: AcmaReport = {
  name: 'guest /a.qmp',
  mode: 'run',
  timeUs: 192_000_000,
  sizeBytes: 640 * MIB,
  overshootBytes: 0,
  minBytes: 256 * MIB,
  maxBytes: 1024 * MIB,
  usedBytes: 512 * MIB,
  coldBytes: 112 * MIB,
  workingSetBytes: 400 * MIB,
  agentBytes: 0,
  pressureShare: 0.0004,
  pressureFrom: 'the guest',
  acceptableShare: 0.001,
  takenByWindow: [0, 0, 0, 0, 0, 2, 64, 64],
  heldBytes: 260 * MIB,
  nrFreeBlocks: 37,
  held: null,
  reclaimedBytes: 90 * MIB,
  nrFailed: 3,
  gibHours: 0.03,
  fixedGibHours: 0.06,
  verdict: { state: 'go', sentence: '' },
  calls: [],
  why: 'It is calm, and there is memory to spare.',
};
const shown = (reports: readonly AcmaReport[], notices: readonly string[] = [], width = 100) =>
  acmaFrame(reports, notices, width).map((line) => renderLine(line, 'none'));

test('shows size, working set, pressure, windows, contiguity, the bill and the reason', () => {
  const [title, blank, ...lines] = shown([report]);
  expect(title).toMatch(/^thermocline acma run {20,}3\.2 m {3}q quits$/);
  expect(blank).toBe('');
  expect(lines).toEqual([
    'guest /a.qmp',
    '  [############---         ]  640 MiB of 256 MiB to 1 GiB',
    '  in use 512 MiB, working set 400 MiB; pressure 0.04 % of 0.1 %',
    '  260 MiB taken, by windows from the lowest #####-..; 37 blocks of 2 MiB are free in one piece',
    '  0.0300 GiB hours, 50 % less than the maximum all the time; 90 MiB reclaimed, 3 blocks could not be',
    '  taken',
    '  It is calm, and there is memory to spare.',
    '  pressure from the guest',
  ]);
});

test('several guests stand below each other, and those that are lost at the end', () => {
  const lines = shown(
    [report, { ...report, name: 'guest /b.qmp' }],
    ['The guest at /c has ended.'],
  );
  expect(lines.filter((line) => line.startsWith('guest'))).toHaveLength(2);
  expect(lines.at(-1)).toBe('The guest at /c has ended.');
});

test('what nobody knows is left out, and what was not given is told', () => {
  const lines = shown([{ ...report, nrFreeBlocks: null, overshootBytes: 8 * MIB }]).join('\n');
  expect(lines).not.toMatch(/free in one piece/);
  expect(lines).toMatch(/to 1 GiB, and 8 MiB that it was not given/);
});

test('a narrow terminal breaks lines, and a name can not steer it', () => {
  const lines = shown([{ ...report, name: 'guest \u001b[2J' }], [], 40);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(40);
  expect(lines.join('')).not.toContain('\u001b');
});

test('of blocks that are held, it tells what became of them', () => {
  const counts = {
    nrHeld: 12,
    structBytesGivenUp: 344_064,
    nrRefused: 1,
    nrCameBack: 2,
    longestPauseMs: 7.2,
  };
  const text = (trouble: string | null) =>
    shown([{ ...report, held: { ...counts, trouble } }], [], 400).join('\n');
  expect(text(null)).toMatch(/; it holds 12 blocks, 336 KiB of page structures saved, 1 were not /);
  expect(text(null)).toMatch(/should be, 2 came back, the longest pause was 7.2 ms\n/);
  expect(text('it is being migrated')).toMatch(/no more are taken, since it is being migrated/);
});
