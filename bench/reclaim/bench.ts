/**
 * What policies save on simulated workloads, and what that costs them: see README.md. Nothing here
 * depends on how fast this machine is.
 */
import { type Bench, formatShare } from '../harness.ts';
import { verdicts } from './aims.ts';
import { rowsOf } from './jobs.ts';
import type { Row } from './row.ts';

const bench: Bench = {
  about: 'memory that policies save on simulated workloads, and what that costs',
  async run(progress, { file }) {
    const rows = await rowsOf<Row>(
      new URL('./worker.ts', import.meta.url),
      file,
      progress,
      toCells,
    );
    return {
      json: { rows },
      table: [
        ['workload', 'policy', 'saved', 'slower', 'p99', 'pressure', 'refaults/s', 'CPU'],
        ...rows.map(toCells),
      ],
      notes: [...aimNotes(rows), ...NOTES],
    };
  },
};

export default bench;

const NOTES = [
  'Saved: memory not in use, after what zram holds. Slower, p99: of the process that suffered most,',
  'beside the run in which nothing is reclaimed. Measured in the second half of each run.',
  'lru and mglru have a machine of three quarters of the memory; the others have plenty.',
  'The machine is a model: `npm run bench -- calibration` says how far to trust it.',
];

function aimNotes(rows: readonly Row[]): string[] {
  return verdicts(rows, 'thermocline').map(({ workload, shareOfBound, slowdownShare, met }) => {
    const saved =
      shareOfBound === null
        ? 'nothing to save'
        : `${formatShare(shareOfBound)} of what can be saved (aim 70 %)`;
    const limit = shareOfBound === null ? '1 %' : '2 %';
    const harm = `${formatShare(slowdownShare)} slower (at most ${limit})`;
    return `${met ? 'met   ' : 'MISSED'} ${workload}: ${saved}, ${harm}`;
  });
}

function toCells(row: Row): string[] {
  return [
    row.workload,
    row.policy,
    formatShare(row.netSavedShare),
    formatShare(row.slowdownShare),
    formatShare(row.p99SlowdownShare),
    formatShare(row.pressureShare),
    row.refaultsPerSecond.toFixed(0),
    formatShare(row.cpuShare),
  ];
}
