/**
 * `npm test`: every test there is. With `--host`: those that need no guest. The last line counts
 * them all: "N passed, N failed".
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readTally, sumOf, type Tally, tallyLine } from './tally.ts';

const projectRoot = path.join(import.meta.dirname, '..');
/** A part that broke before it could count. */
const broken: Tally = { passed: 0, failed: 1, skipped: 0 };

/** What vitest's JSON reporter says, as far as it matters here. */
interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
}

async function vitest(): Promise<Tally> {
  const folder = mkdtempSync(path.join(tmpdir(), 'thermocline-tests-'));
  const file = path.join(folder, 'report.json');
  try {
    const { succeeded } = await run([
      ...['node_modules/vitest/vitest.mjs', 'run', '--reporter=default'],
      ...['--reporter=json', `--outputFile.json=${file}`],
    ]);
    const report = JSON.parse(readFileSync(file, 'utf8')) as VitestReport;
    const tally = {
      passed: report.numPassedTests,
      failed: report.numFailedTests,
      skipped: report.numPendingTests + report.numTodoTests,
    };
    // A file that can't be loaded, or an error outside of tests, counts as well.
    return succeeded || tally.failed > 0 ? tally : sumOf([tally, broken]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A program whose last line is its tally. */
async function counting(args: readonly string[]): Promise<Tally> {
  const { succeeded, output } = await run(args, 'kept');
  const tally = readTally(output) ?? broken;
  return succeeded || tally.failed > 0 ? tally : sumOf([tally, broken]);
}

/** Runs a script by this Node. @param stdout `kept` is shown as well */
function run(
  args: readonly string[],
  stdout: 'shown' | 'kept' = 'shown',
): Promise<{ readonly succeeded: boolean; readonly output: string }> {
  const child = spawn(process.execPath, args, {
    cwd: projectRoot,
    stdio: ['ignore', stdout === 'kept' ? 'pipe' : 'inherit', 'inherit'],
  });
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    process.stdout.write(text);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve({ succeeded: status === 0, output }));
  });
}

const parts: Readonly<Record<string, () => Promise<Tally>>> = {
  'unit tests': vitest,
  'conformance with the kernel': () =>
    counting(['test/conformance/main.ts', 'test/conformance/vectors']),
  'real kernels in guests': () =>
    counting(['--disable-warning=ExperimentalWarning', 'test/guest/main.ts']),
};

const wanted = Object.entries(parts).slice(0, process.argv.includes('--host') ? -1 : undefined);
const tallies: Tally[] = [];
for (const [name, part] of wanted) {
  process.stdout.write(`\n${name}\n\n`);
  tallies.push(await part());
}
const sum = sumOf(tallies);
process.stdout.write(`\n${tallyLine(sum)}\n`);
process.exitCode = sum.failed === 0 ? 0 : 1;
