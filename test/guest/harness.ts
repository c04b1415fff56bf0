/** How guest tests are written, and how their results come back. */
import { readFileSync } from 'node:fs';
import type { KernelName } from './kernels.ts';
import { guestMarker } from './protocol.ts';
import type { Topology } from './topologies.ts';

/** What a running test is given. */
export interface TestContext {
  /** Ends the test as skipped. */
  skip(reason: string): never;
  /** Adds a figure to the line that the result is printed on. */
  note(text: string): void;
}

/** Throws, or rejects, if it fails. */
export type TestBody = (context: TestContext) => void | Promise<void>;

/** The default export of a `*.guest.ts` file: its tests run one after another on one machine. */
export interface GuestSuite {
  /**
   * Takes minutes: run only where a pattern asks for it, and by `test/nightly/guests.ts`; on all
   * kernels, or on those that are named.
   */
  readonly onRequest?: true | readonly KernelName[];
  /** Each of them gets a machine of its own. */
  readonly kernels: readonly KernelName[];
  readonly topology: Topology;
  /** By name. */
  readonly tests: Readonly<Record<string, TestBody>>;
}

/** How one test went. */
export interface TestResult {
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly seconds: number;
  readonly notes: readonly string[];
  /** What failed, or why it was skipped. */
  readonly message?: string;
}

/** Begins a line that holds a {@link TestResult} as JSON; other lines are for people. */
export const resultPrefix = '#result ';
/** A test may take this long; after that the rest of its suite is given up. */
const timeLimitMs = 90_000;

class Skip extends Error {}
class Overtime extends Error {}

/**
 * Throws unless this runs in a guest of ours. Guest tests write to DAMON's files, which on any
 * other machine may belong to somebody.
 */
export function assertInGuest(): void {
  if (!readFileSync('/proc/cmdline', 'utf8').split(/\s/).includes(guestMarker)) {
    throw new Error('guest tests change the kernel that they run on: use "npm run test:guest"');
  }
}

/** Runs the tests of a suite, in a guest only. See {@link runTests} and {@link testsOf}. */
export async function runSuite(
  suite: GuestSuite,
  report: (result: TestResult) => void,
  only: readonly string[] = [],
): Promise<void> {
  assertInGuest();
  await runTests(testsOf(suite.tests, only), report);
}

/** Those of a suite's tests that are named; all where none is. */
export function testsOf(tests: GuestSuite['tests'], only: readonly string[]): GuestSuite['tests'] {
  if (only.length === 0) return tests;
  return Object.fromEntries(Object.entries(tests).filter(([name]) => only.includes(name)));
}

/** @param report told each result as soon as it is there */
export async function runTests(
  tests: GuestSuite['tests'],
  report: (result: TestResult) => void,
): Promise<void> {
  for (const [name, body] of Object.entries(tests)) {
    const start = performance.now();
    const notes: string[] = [];
    const finish = (outcome: TestResult['outcome'], message?: string) => {
      const seconds = (performance.now() - start) / 1000;
      report({ name, outcome, seconds, notes, ...(message === undefined ? {} : { message }) });
    };
    try {
      await withinLimit(body, {
        skip: (reason) => {
          throw new Skip(reason);
        },
        note: (text) => notes.push(text),
      });
      finish('passed');
    } catch (error) {
      if (error instanceof Skip) finish('skipped', error.message);
      else finish('failed', error instanceof Error ? (error.stack ?? error.message) : `${error}`);
      if (error instanceof Overtime) return;
    }
  }
}

async function withinLimit(body: TestBody, context: TestContext): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Overtime(`it takes longer than ${timeLimitMs / 1000} s`)),
    timeLimitMs,
  );
  try {
    await Promise.race([body(context), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
