/**
 * `npm run test:guest [-- PATTERN…]`: boots kernels in an emulator and runs the guest tests in
 * them.
 */
import { execFileSync } from 'node:child_process';
import { globSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { type GuestSuite, resultPrefix, type TestResult } from './harness.ts';
import { makeInitrd } from './initrd.ts';
import { fetchKernels, type Kernel, type KernelName } from './kernels.ts';
import { type Machine, type MachineShape, qemu } from './machine.ts';
import { buildProject, guestRoot } from './project.ts';
import { startMachine } from './saved-state.ts';
import type { Topology } from './topologies.ts';

const here = import.meta.dirname;
/** One suite on one kernel. */
const suiteLimitMs = 120_000;
/** Everything together. */
const totalLimitMs = 12 * 60_000;

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

interface Job {
  readonly file: string;
  readonly suite: GuestSuite;
  readonly kernelName: KernelName;
  readonly topology: Topology;
  readonly title: string;
}

const counts = { passed: 0, failed: 0, skipped: 0 };

async function findJobs(patterns: readonly string[]): Promise<Job[]> {
  const jobs: Job[] = [];
  for (const file of globSync('*.guest.ts', { cwd: here }).sort()) {
    const url = pathToFileURL(path.join(here, file)).href;
    const { default: suite } = (await import(url)) as { default: GuestSuite };
    for (const kernelName of suite.kernels) {
      const { topology } = suite;
      const title = `${file.replace('.guest.ts', '')} on ${kernelName} ${topology}`;
      if (patterns.every((pattern) => title.includes(pattern))) {
        jobs.push({ file, suite, kernelName, topology, title });
      }
    }
  }
  return jobs;
}

async function runJobs(jobs: readonly Job[]): Promise<void> {
  const { kernels, busybox } = await fetchKernels(say);
  const initrds = new Map<Kernel, string>();
  for (const kernel of kernels.filter(({ name }) => jobs.some((job) => job.kernelName === name))) {
    say(`kernel ${kernel.name}: ${kernel.release} (Debian ${kernel.version})`);
    initrds.set(kernel, await makeInitrd(kernel, busybox));
  }
  const project = buildProject();
  const deadline = performance.now() + totalLimitMs;
  for (const job of jobs) {
    say(`\n${job.title}`);
    const [kernel, initrd] = [...initrds].find(([{ name }]) => name === job.kernelName)!;
    const { topology } = job;
    const left = deadline - performance.now();
    await runJob(job, left, async () => {
      if (left <= 0) throw new Error(`all of the ${totalLimitMs / 60_000} minutes are over`);
      const shape: MachineShape = { topology, initrd, vmlinux: kernel.vmlinux };
      const machine = await startMachine(`${kernel.release}-${topology}`, shape, (line) =>
        say(`  ${line}`),
      );
      await machine.put(project);
      return machine;
    });
  }
}

/** Each test of the suite brings a result, whatever becomes of the machine. */
async function runJob(job: Job, leftMs: number, start: () => Promise<Machine>): Promise<void> {
  const missing = new Set(Object.keys(job.suite.tests));
  let trouble = 'it brought no result';
  try {
    await using machine = await start();
    const command = ['node', `${guestRoot}/test/guest/run-suite.js`, guestFile(job.file)];
    const timeLimitMs = Math.min(suiteLimitMs, leftMs);
    const onLine = (line: string) => {
      if (!line.startsWith(resultPrefix)) return say(`  | ${line}`);
      const result = JSON.parse(line.slice(resultPrefix.length)) as TestResult;
      missing.delete(result.name);
      report(result);
    };
    const { signal, stderr } = await machine.run(command, { timeLimitMs, onLine });
    if (signal !== null) trouble += `; ${signal} ended it`;
    if (stderr.trim() !== '') trouble += `; it said:\n${stderr.trim()}`;
  } catch (error) {
    trouble = (error as Error).message;
  }
  for (const name of missing) {
    report({ name, outcome: 'failed', seconds: 0, notes: [], message: trouble });
    trouble = 'as above';
  }
}

function guestFile(file: string): string {
  return `${guestRoot}/test/guest/${file.replace(/\.ts$/, '.js')}`;
}

function report(result: TestResult): void {
  counts[result.outcome]++;
  const mark = { passed: 'ok  ', failed: 'FAIL', skipped: 'skip' }[result.outcome];
  const notes = result.notes.map((note) => `; ${note}`).join('');
  say(`  ${mark} ${result.name} (${result.seconds.toFixed(1)} s${notes})`);
  if (result.message) say(result.message.replace(/^/gm, '       '));
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
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

const reason = whyNot();
if (reason !== null) {
  say(`guest tests are skipped: ${reason}`);
} else {
  const start = performance.now();
  await runJobs(await findJobs(process.argv.slice(2)));
  const took = ((performance.now() - start) / 1000).toFixed(0);
  say(`\n${took} s${counts.skipped === 0 ? '' : `; ${counts.skipped} skipped`}`);
}
say(`${counts.passed} passed, ${counts.failed} failed`);
process.exitCode = counts.failed === 0 ? 0 : 1;
