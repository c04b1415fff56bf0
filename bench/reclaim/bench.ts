/**
 * What policies save on simulated workloads, and what that costs them: see README.md. Nothing here
 * depends on how fast this machine is.
 */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { Bench } from '../harness.ts';
import { runJobs } from '../workers.ts';
import { verdicts } from './aims.ts';
import type { Row } from './row.ts';
import type { Job } from './worker.ts';

const folder = path.join(import.meta.dirname, 'workloads');

const bench: Bench = {
  about: 'memory that policies save on simulated workloads, and what that costs',
  async run(progress, { file }) {
    const results = await runJobs<Job, Row[]>(
      new URL('./worker.ts', import.meta.url),
      file === null ? suite() : [jobOf(file)],
      () => {},
      progress,
    );
    const rows = results.flat();
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

function suite(): Job[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .map((name) => jobOf(path.join(folder, name)));
}

function jobOf(file: string): Job {
  return { name: path.basename(file).replace(/\.ya?ml$/, ''), file };
}

function aimNotes(rows: readonly Row[]): string[] {
  return verdicts(rows, 'thermocline').map(({ workload, shareOfBound, slowdownShare, met }) => {
    const saved =
      shareOfBound === null
        ? 'nothing to save'
        : `${percent(shareOfBound)} of what can be saved (aim 70 %)`;
    const limit = shareOfBound === null ? '1 %' : '2 %';
    const harm = `${percent(slowdownShare)} slower (at most ${limit})`;
    return `${met ? 'met   ' : 'MISSED'} ${workload}: ${saved}, ${harm}`;
  });
}

function toCells(row: Row): string[] {
  return [
    row.workload,
    row.policy,
    percent(row.netSavedShare),
    percent(row.slowdownShare),
    percent(row.p99SlowdownShare),
    percent(row.pressureShare),
    row.refaultsPerSecond.toFixed(0),
    percent(row.cpuShare),
  ];
}

function percent(share: number): string {
  return `${(share * 100).toFixed(Math.abs(share) < 0.1 ? 2 : 1)} %`;
}
