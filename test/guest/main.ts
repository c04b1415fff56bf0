/** `npm run test:guest [-- PATTERN…]`: boots kernels in an emulator and runs the guest tests in them. */
import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { type GuestSuite, resultPrefix, type TestResult } from './harness.ts';
import { makeInitrd } from './initrd.ts';
import { fetchKernels, type Kernel, type KernelName } from './kernels.ts';
import { type MachineShape, qemu } from './machine.ts';
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
  'dpkg-deb': 'dpkg',
  flock: 'util-linux',
  setpriv: 'util-linux',
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
  const cache =
    process.env['THERMOCLINE_GUEST_CACHE'] ?? path.join(homedir(), '.cache/thermocline/guest');
  mkdirSync(cache, { recursive: true });
  const { kernels, busybox } = await fetchKernels(cache, say);
  const deadline = performance.now() + totalLimitMs;
  const shapes = new Map<KernelName, MachineShape & { readonly kernel: Kernel }>();
  for (const kernel of kernels.filter(({ name }) => jobs.some((job) => job.kernelName === name))) {
    say(`kernel ${kernel.name}: ${kernel.release} (Debian ${kernel.version})`);
    const initrd = makeInitrd(cache, kernel, busybox);
    shapes.set(kernel.name, { kernel, initrd, vmlinux: kernel.vmlinux, topology: 'plain' });
  }
  const project = buildProject();
  for (const job of jobs) {
    say(`\n${job.title}`);
    const left = deadline - performance.now();
    const { kernel, ...shape } = shapes.get(job.kernelName)!;
    const results = new Set<string>();
    let trouble = 'it brought no result';
    try {
      if (left <= 0) throw new Error(`all of the ${totalLimitMs / 60_000} minutes are over`);
      const name = `${kernel.release}-${job.topology}`;
      const wanted = { ...shape, topology: job.topology };
      await using machine = await startMachine(cache, name, wanted, (line) => say(`  ${line}`));
      await machine.put(project);
      const output = await machine.run(
        ['node', `${guestRoot}/test/guest/run-suite.js`, guestFile(job.file)],
        {
          timeLimitMs: Math.min(suiteLimitMs, left),
          onLine: (line) => {
            if (!line.startsWith(resultPrefix)) return say(`  | ${line}`);
            const result = JSON.parse(line.slice(resultPrefix.length)) as TestResult;
            results.add(result.name);
            report(result);
          },
        },
      );
      if (output.stderr.trim() !== '') trouble += `; it said:\n${output.stderr.trim()}`;
      if (output.signal) trouble += `; it was ended by ${output.signal}`;
    } catch (error) {
      trouble = (error as Error).message;
    }
    for (const name of Object.keys(job.suite.tests).filter((test) => !results.has(test))) {
      report({ name, outcome: 'failed', seconds: 0, notes: [], message: trouble });
      trouble = 'as above';
    }
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
