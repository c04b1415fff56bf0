/**
 * `npm run test:guest [-- PATTERN…]`: boots kernels in an emulator and runs the guest tests in
 * them, two machines at a time. The last line counts the tests.
 */
import { execFileSync } from 'node:child_process';
import { type Tally, tallyLine } from '../tally.ts';
import type { TestResult } from './harness.ts';
import { makeInitrd } from './initrd.ts';
import { findJobs, type Job, type Prepared, runJob } from './jobs.ts';
import { type Fetched, fetchKernels, type Kernel } from './kernels.ts';
import { qemu } from './machine.ts';
import { buildProject } from './project.ts';
import { afterSecondTry, failuresOf, troubleLine } from './second-try.ts';

/** Machines that run side by side: most of the time, each waits for the kernel to watch. */
const atOnce = 2;
/** Everything together. */
const totalLimitMs = 12 * 60_000;
/** No second try begins later than this before the end. */
const secondTryMs = 40_000;

/** What is called, and the Debian package that has it. */
const tools: Readonly<Record<string, string>> = {
  [qemu]: 'qemu-system-x86',
  'apt-get': 'apt',
  cc: 'gcc',
  'dpkg-deb': 'dpkg',
  flock: 'util-linux',
  ldd: 'libc-bin',
  setpriv: 'util-linux',
  strip: 'binutils',
  timeout: 'coreutils',
  xz: 'xz-utils',
};

const results = new Map<Job, readonly TestResult[]>();
/** For the end, where everybody looks: what failed, and what needed a second try. */
const troubles: string[] = [];

function tally(): Tally {
  const all = [...results.values()].flat();
  const count = (outcome: TestResult['outcome']) =>
    all.filter((result) => result.outcome === outcome).length;
  return { passed: count('passed'), failed: count('failed'), skipped: count('skipped') };
}

async function prepare(jobs: readonly Job[], fetched: Fetched): Promise<Prepared> {
  const initrds = new Map<Kernel, string>();
  for (const kernel of fetched.kernels) {
    if (!jobs.some(({ kernelName }) => kernelName === kernel.name)) continue;
    say(`kernel ${kernel.name}: ${kernel.release} (Debian ${kernel.version})`);
    initrds.set(kernel, await makeInitrd(kernel, fetched.busybox));
  }
  return { initrds, project: buildProject() };
}

/** What a job says is printed when it is through, so that jobs side by side stay apart. */
async function runJobs(jobs: readonly Job[], prepared: Prepared, deadline: number): Promise<void> {
  const waiting = [...jobs];
  const running = new Set<Job>();
  const work = async () => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      running.add(job);
      progress(`${[...running].map(({ title }) => title).join(' | ')}; then ${waiting.length}`);
      const lines = ['', job.title];
      const found = await runJob(job, prepared, deadline - performance.now(), (line) =>
        lines.push(line),
      );
      running.delete(job);
      results.set(job, found);
      progress('');
      say([...lines, ...found.map(describeResult)].join('\n'));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}

/**
 * Runs tests that failed once more, alone: side by side, an emulated machine may stand still for
 * longer than a test allows for. What passes then is told at the end, with how it failed before.
 */
async function tryAgain(prepared: Prepared, deadline: number): Promise<void> {
  for (const [job, first] of results) {
    const failed = failuresOf(first);
    const leftMs = deadline - performance.now();
    if (failed.length === 0 || leftMs < secondTryMs) continue;
    say(`\n${job.title}, a second try`);
    const names = failed.map(({ name }) => name);
    const second = await runJob(job, prepared, leftMs, say, names);
    for (const result of second) say(describeResult(result));
    const { results: both, recovered } = afterSecondTry(first, second);
    results.set(job, both);
    troubles.push(...recovered.map((one) => `second try: ${troubleLine(job.title, one)}`));
  }
}

function describeResult({ name, outcome, seconds, notes, message }: TestResult): string {
  const mark = { passed: 'ok  ', failed: 'FAIL', skipped: 'skip' }[outcome];
  const line = `  ${mark} ${name} (${[`${seconds.toFixed(1)} s`, ...notes].join('; ')})`;
  return message ? `${line}\n${message.replace(/^/gm, '       ')}` : line;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** One line that the next one replaces, on terminals only. */
function progress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`);
}

/** Why guests can't be had here, or null. */
function whyNot(): string | null {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'guests need Linux on x86-64';
  for (const [tool, debianPackage] of Object.entries(tools)) {
    try {
      execFileSync(tool, ['--version'], { stdio: 'ignore' });
    } catch {
      return `${tool} is missing (Debian package ${debianPackage})`;
    }
  }
  return null;
}

/** Kernels, or why they can't be had. Where nobody reads along, missing kernels are a failure. */
async function kernelsOrWhyNot(): Promise<Fetched | string> {
  const reason = whyNot();
  if (reason !== null) return reason;
  try {
    return await fetchKernels(say);
  } catch (error) {
    if (process.env['CI']) throw error;
    return `the kernels can't be had: ${(error as Error).message}`;
  }
}

const fetched = await kernelsOrWhyNot();
if (typeof fetched === 'string') {
  say(`guest tests are skipped: ${fetched}`);
} else {
  const start = performance.now();
  const patterns = process.argv.slice(2);
  const jobs = await findJobs(patterns);
  const prepared = await prepare(jobs, fetched);
  const deadline = performance.now() + totalLimitMs;
  await runJobs(jobs, prepared, deadline);
  if (patterns.length === 0) await tryAgain(prepared, deadline);
  for (const [job, found] of results) {
    troubles.push(...failuresOf(found).map((one) => `failed: ${troubleLine(job.title, one)}`));
  }
  for (const line of ['', ...troubles]) say(line);
  say(`\n${((performance.now() - start) / 1000).toFixed(0)} s`);
}
say(tallyLine(tally()));
process.exitCode = tally().failed === 0 ? 0 : 1;
