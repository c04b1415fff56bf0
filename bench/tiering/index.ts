/**
 * Tiering on simulated machines: no tiering, the kernel's own ways, our policy and the best
 * placement on each pattern of the suite, or on scenario files (`--pattern FILE`).
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { formatBytes, formatDuration, formatShare } from '../../src/base/units.ts';
import type { Bench } from '../harness.ts';
import { type Aim, aimsOf } from './aims.ts';
import { type CalibrationRow, calibrationJobs, calibrationRows } from './calibration.ts';
import { suiteChart } from './chart.ts';
import { type Job, runTieringJobs } from './jobs.ts';
import { patternsOf } from './patterns.ts';
import { type Row, rowsOf } from './rows.ts';
import { BYTES_PER_SECOND, type PolicyRun, RUN_KINDS } from './run-pattern.ts';

const calibrationFile = path.join(import.meta.dirname, 'calibration.json');
const chartFile = path.join(import.meta.dirname, '../../docs/images/tiering-suite.svg');

const bench: Bench = {
  about: 'throughput and moves on tiered memory, policy by policy, on simulated machines',
  async run(progress, { file, long }) {
    if (long) await calibrate(progress);
    const patterns = patternsOf(file);
    const jobs = patterns.flatMap(({ name, scenario }): Job[] =>
      RUN_KINDS.map((kind) => ({ name: `${name}: ${kind}`, scenario, kind })),
    );
    const results = await runTieringJobs(jobs, progress);
    const byPattern = patterns.map((entry, index) => {
      const first = index * RUN_KINDS.length;
      const runs = results.slice(first, first + RUN_KINDS.length).flat();
      return { ...entry, runs, rows: rowsOf(entry.name, runs) };
    });
    const rows = byPattern.flatMap((entry) => entry.rows);
    return {
      json: { rows },
      table: [HEADINGS, ...rows.map(cells)],
      notes: [
        ...byPattern.flatMap(({ name, rows: own, runs }) => aimLines(name, own, runs)),
        ...calibrationLines(),
        ...(file === null ? [writeChart(rows)] : []),
      ],
    };
  },
};

export default bench;

const HEADINGS = [
  ...['pattern', 'policy', 'throughput', 'of oracle', 'fast hits', 'migrated', 'in vain'],
  ...['to 90 %', 'CPU'],
];

function cells(row: Row, _index: number, rows: readonly Row[]): string[] {
  const best = rows.find(({ pattern, policy }) => pattern === row.pattern && policy === 'oracle')!;
  return [
    row.pattern,
    row.policy,
    row.throughput.toFixed(4),
    formatShare(row.throughput / best.throughput),
    formatShare(row.fastHitShare),
    formatBytes(row.migratedBytes),
    formatShare(row.pingPongShare),
    row.timeTo90Ms === null ? 'never' : formatDuration(row.timeTo90Ms * 1000),
    formatShare(row.cpuShare),
  ];
}

function aimLines(name: string, rows: readonly Row[], runs: readonly PolicyRun[]): string[] {
  const ours = runs.find(({ policy }) => policy === 'thermocline');
  const aims = aimsOf(name, rows, ours?.busiestSecondBytes ?? 0, BYTES_PER_SECOND);
  return aims.map(({ text, wanted, found, met }: Aim) => {
    const verdict = met ? 'met' : 'MISSED';
    return `${verdict.padEnd(7)}${name}: ${text} ${formatShare(found)}, wanted ${formatShare(wanted)}`;
  });
}

async function calibrate(progress: (line: string) => void): Promise<void> {
  const rows = calibrationRows(await runTieringJobs(calibrationJobs(), progress));
  writeFileSync(calibrationFile, `${JSON.stringify(rows, null, 2)}\n`);
}

function calibrationLines(): string[] {
  const rows = JSON.parse(readFileSync(calibrationFile, 'utf8')) as CalibrationRow[];
  const percent = (share: number) => `${share > 0 ? '+' : ''}${(share * 100).toFixed(1)} %`;
  return [
    'The simulator beside published results (npm run bench -- tiering --long runs them again):',
    ...rows.map(({ what, published, simulated, fitted, met }) => {
      const verdict = met ? 'met' : 'MISSED';
      const how = fitted ? ', fitted' : '';
      return `${verdict.padEnd(7)}${what}: published ${percent(published)}, here ${percent(simulated)}${how}`;
    }),
  ];
}

function writeChart(rows: readonly Row[]): string {
  mkdirSync(path.dirname(chartFile), { recursive: true });
  writeFileSync(chartFile, suiteChart(rows));
  return `The picture is in ${path.relative(process.cwd(), chartFile)}.`;
}
