/** One suite on one kernel: found by its title, run on a machine of its own. */
import { globSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { acmaFaultTests } from './acma-faults.ts';
import { acmaGuestTests } from './acma-guests.ts';
import { acmaHeldTests } from './acma-held.ts';
import { type GuestSuite, resultPrefix, runTests, type TestResult, testsOf } from './harness.ts';
import type { Kernel, KernelName } from './kernels.ts';
import type { Machine, MachineShape } from './machine.ts';
import { guestRoot } from './project.ts';
import { rigTests } from './rig-tests.ts';
import { savedState, startMachine } from './saved-state.ts';
import type { Topology } from './topologies.ts';

const here = import.meta.dirname;
/** One suite on one kernel. */
const suiteLimitMs = 220_000;

/** What all jobs share. */
export interface Prepared {
  /** The file system of each kernel that any job needs. */
  readonly initrds: ReadonlyMap<Kernel, string>;
  /** The project's files by their path in a guest. */
  readonly project: Readonly<Record<string, string>>;
}

/** What tests that run out here have. */
export interface Rig {
  readonly shape: MachineShape;
  /** The project's files by their path in a guest. */
  readonly project: Readonly<Record<string, string>>;
  /** A machine; `more` are arguments of QEMU that change nothing in the guest. */
  start(topology: Topology, more?: readonly string[]): Promise<Machine>;
}

/** Tests that run out here: of the rig itself, and of what steers machines from outside. */
type OutsideTests = (rig: Rig) => GuestSuite['tests'];

/** One suite of them. */
interface OutsideSuite {
  readonly name: string;
  /** Of the machines that it starts, so that none has to be booted within a test. */
  readonly topologies: readonly [Topology, ...Topology[]];
  readonly tests: OutsideTests;
  /** As that of a {@link GuestSuite}, which has one kernel here. */
  readonly onRequest?: true;
}

/** Run by name in `test/nightly/guests.ts` too. */
export const outsideSuites: readonly OutsideSuite[] = [
  { name: 'rig', topologies: ['plain'], tests: ({ shape }) => rigTests(shape) },
  { name: 'acma-guests', topologies: ['virtio-mem', 'balloon'], tests: acmaGuestTests },
  {
    name: 'acma-faults',
    topologies: ['virtio-mem', 'balloon'],
    tests: acmaFaultTests,
    onRequest: true,
  },
  { name: 'acma-held', topologies: ['held'], tests: acmaHeldTests, onRequest: true },
];

/** Tests that run in a guest, and the file that they are in. */
interface InGuest {
  readonly file: string;
  readonly suite: GuestSuite;
}

/** One suite on one kernel, in a guest or out here. */
export interface Job {
  readonly title: string;
  readonly kernelName: KernelName;
  readonly topology: Topology;
  readonly tests: InGuest | OutsideSuite;
  readonly onRequest: boolean;
}

/** Jobs whose title has all of `patterns`, in the order to run them; with none, the usual ones. */
export async function findJobs(patterns: readonly string[]): Promise<Job[]> {
  const titled = (name: string, kernelName: KernelName, topology: Topology, onRequest = false) => ({
    title: `${name} on ${kernelName} ${topology}`,
    ...{ kernelName, topology, onRequest },
  });
  const jobs: Job[] = outsideSuites.map((suite) => ({
    ...titled(suite.name, 'newest', suite.topologies[0], suite.onRequest),
    tests: suite,
  }));
  for (const file of globSync('*.guest.ts', { cwd: here }).sort()) {
    const url = pathToFileURL(path.join(here, file)).href;
    const { default: suite } = (await import(url)) as { default: GuestSuite };
    for (const kernelName of suite.kernels) {
      const name = file.replace('.guest.ts', '');
      const { onRequest = [] } = suite;
      const waits = onRequest === true || onRequest.includes(kernelName);
      const title = titled(name, kernelName, suite.topology, waits);
      jobs.push({ ...title, tests: { file, suite } });
    }
  }
  return jobs.filter(
    ({ title, onRequest }) =>
      patterns.every((pattern) => title.includes(pattern)) && (patterns.length > 0 || !onRequest),
  );
}

/**
 * Each test of the suite has a result, whatever becomes of the machine.
 *
 * @param leftMs until all guests have to be through
 * @param say told what is no result
 * @param only names of the tests to run; all where there are none
 */
export async function runJob(
  job: Job,
  { initrds, project }: Prepared,
  leftMs: number,
  say: (line: string) => void,
  only: readonly string[] = [],
): Promise<TestResult[]> {
  const { kernelName, topology, tests } = job;
  const [kernel, initrd] = [...initrds].find(([{ name }]) => name === kernelName)!;
  const shape: MachineShape = { topology, initrd, vmlinux: kernel.vmlinux };
  const results: TestResult[] = [];
  const take = (result: TestResult) => void results.push(result);
  const nameOf = (wanted: Topology) => `${kernel.release}-${wanted}`;
  const note = (line: string) => say(`  ${line}`);
  const start: Rig['start'] = (wanted, more = []) =>
    startMachine(nameOf(wanted), { ...shape, topology: wanted }, note, more);
  if ('topologies' in tests) {
    for (const wanted of tests.topologies) {
      await savedState(nameOf(wanted), { ...shape, topology: wanted }, note);
    }
    await runTests(testsOf(tests.tests({ shape, project, start }), only), take);
    return results;
  }
  let trouble = 'it brought no result';
  try {
    if (leftMs <= 0) throw new Error('the time for all guests is over');
    await using machine = await start(topology);
    await machine.put(project);
    const words = [tests.file.replace(/\.ts$/, '.js'), ...only];
    trouble += await runInGuest(machine, words, Math.min(suiteLimitMs, leftMs), (line) => {
      if (!line.startsWith(resultPrefix)) return say(`  | ${line}`);
      take(JSON.parse(line.slice(resultPrefix.length)) as TestResult);
    });
  } catch (error) {
    trouble = (error as Error).message;
  }
  for (const name of Object.keys(testsOf(tests.suite.tests, only))) {
    if (results.some((result) => result.name === name)) continue;
    take({ name, outcome: 'failed', seconds: 0, notes: [], message: trouble });
    trouble = 'as above';
  }
  return results;
}

/**
 * @param words the suite's file in a guest, and the tests of it to run
 * @returns what to add to the word that a test brought no result
 */
async function runInGuest(
  machine: Machine,
  words: readonly string[],
  timeLimitMs: number,
  onLine: (line: string) => void,
): Promise<string> {
  const [runner, suite] = ['run-suite.js', words[0]].map(
    (name) => `${guestRoot}/test/guest/${name}`,
  );
  const command = ['node', runner!, suite!, ...words.slice(1)];
  const { signal, status, stderr } = await machine.run(command, { timeLimitMs, onLine });
  const ended = signal === null ? `; its status was ${status}` : `; ${signal} ended it`;
  return stderr.trim() === '' ? ended : `${ended}; it said:\n${stderr.trim()}`;
}
