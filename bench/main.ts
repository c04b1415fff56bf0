/**
 * `npm run bench -- [NAME…] [--long] [--json]`: runs benches one after the other, all of them by default.
 * Suites take one scenario, theirs or not: `--plant FILE`, and so on.
 */
import { parseArgs } from 'node:util';
import { type Bench, formatTable, type Report } from './harness.ts';

const benches: Readonly<Record<string, () => Promise<{ default: Bench }>>> = {
  core: () => import('./core.ts'),
  sim: () => import('./sim.ts'),
  memory: () => import('./memory.ts'),
  'fast-snapshots': () => import('./fast-snapshots.ts'),
  records: () => import('./records.ts'),
  service: () => import('./service.ts'),
  acma: () => import('./acma/bench.ts'),
  'acma-fleet': () => import('./acma/fleet/bench.ts'),
  tiering: () => import('./tiering/index.ts'),
  'tiering-knobs': () => import('./tiering/knobs.ts'),
  'tiering-guest': () => import('./tiering/guest.ts'),
  reclaim: () => import('./reclaim/bench.ts'),
  'equal-slowdown': () => import('./reclaim/equal-slowdown.ts'),
  shadow: () => import('./reclaim/shadow.ts'),
  'reclaim-guest': () => import('./reclaim/guest.ts'),
  heatmap: () => import('./heatmap.ts'),
  whatif: () => import('./whatif/sweep.ts'),
  'whatif-truth': () => import('./whatif/truth.ts'),
  calibration: () => import('./reclaim/calibration.ts'),
  'damo-kernel': () => import('./damo-kernel.ts'),
};

/** Option of each suite that names a scenario file to run in place of its own. */
const fileOptions: Readonly<Record<string, string>> = {
  acma: 'plant',
  tiering: 'pattern',
  reclaim: 'workload',
  'equal-slowdown': 'workload',
  shadow: 'workload',
};

const usage = `usage: npm run bench -- [NAME...] [--long] [--json]
names: ${Object.keys(benches).join(', ')} (all by default)
--long: also what takes minutes
${Object.entries(fileOptions)
  .map(
    ([name, option]) =>
      `--${option} FILE: with ${name}, one scenario: a file, or a name of the suite\n`,
  )
  .join('')}`;

function progress(line: string): void {
  process.stderr.write(`${line}\n`);
}

function print(name: string, about: string, report: Report): void {
  const notes = report.notes.map((note) => `${note}\n`).join('');
  process.stdout.write(`${name}: ${about}\n\n${formatTable(report.table)}\n\n${notes}\n`);
}

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      long: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
      ...Object.fromEntries(
        Object.values(fileOptions).map((option) => [option, { type: 'string' as const }]),
      ),
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const unknown = positionals.find((name) => !Object.hasOwn(benches, name));
  if (unknown !== undefined) {
    process.stderr.write(`There is no bench "${unknown}".\n${usage}`);
    return 2;
  }
  const names = positionals.length > 0 ? positionals : Object.keys(benches);
  const found: Record<string, unknown> = {};
  for (const name of names) {
    const bench = (await benches[name]!()).default;
    const file = (values as Record<string, unknown>)[fileOptions[name] ?? ''];
    const report = await bench.run(progress, {
      long: values.long,
      file: typeof file === 'string' ? file : null,
    });
    found[name] = report.json;
    if (!values.json) print(name, bench.about, report);
  }
  if (values.json) {
    const json = names.length === 1 ? found[names[0]!] : found;
    process.stdout.write(`${JSON.stringify(json)}\n`);
  }
  return 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
