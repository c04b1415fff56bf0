/** Guest suites as benches: played on machines of their own, and read from what tests note. */
import type { TestResult } from '../test/guest/harness.ts';
import { makeInitrd } from '../test/guest/initrd.ts';
import { findJobs, runJob } from '../test/guest/jobs.ts';
import { fetchKernels } from '../test/guest/kernels.ts';
import { buildProject } from '../test/guest/project.ts';
import { type BenchOptions, median } from './harness.ts';

/** With `--long`, so that there is a median. */
const nrLongRounds = 3;
/** One machine's, with its boot. */
const roundLimitMs = 5 * 60_000;

/** What the tests of one machine have noted. */
export class Round {
  readonly #results: readonly TestResult[];

  constructor(results: readonly TestResult[]) {
    this.#results = results;
  }

  /** The groups of `pattern` as numbers, in the notes of the test whose name begins so. */
  figures(start: string, pattern: RegExp): number[] {
    const { notes } = this.#results.find(({ name }) => name.startsWith(start))!;
    const text = notes.join('; ');
    const found = pattern.exec(text);
    if (found === null) throw new Error(`The tests have not come so far: "${text}".`);
    return found.slice(1).map(Number);
  }
}

/** Plays a suite on the newest kernel: on one machine, or on several one after the other. */
export async function playRounds(
  suite: string,
  { long }: Pick<BenchOptions, 'long'>,
  progress: (line: string) => void,
): Promise<Round[]> {
  const { kernels, busybox } = await fetchKernels(progress);
  const [job] = await findJobs([`${suite} on `]);
  const kernel = kernels.find(({ name }) => name === job!.kernelName)!;
  const initrds = new Map([[kernel, await makeInitrd(kernel, busybox)]]);
  const prepared = { initrds, project: buildProject() };
  const count = long ? nrLongRounds : 1;
  const rounds: Round[] = [];
  for (let nr = 1; nr <= count; nr++) {
    progress(`machine ${nr} of ${count}`);
    const results = await runJob(job!, prepared, roundLimitMs, progress);
    const failed = results.find(({ outcome }) => outcome !== 'passed');
    if (failed !== undefined) progress(`"${failed.name}" has failed: ${failed.message}`);
    rounds.push(new Round(results));
  }
  return rounds;
}

/** Figures of all machines, their medians first. @param what is counted, as the table's heading */
export function medianTable<R>(
  what: string,
  rounds: readonly R[],
  figures: Readonly<Record<string, (round: R) => number>>,
  format: (value: number) => string,
): string[][] {
  const rows = Object.entries(figures).map(([name, of]) => {
    const all = rounds.map(of);
    return [name, format(median(all)), ...all.map(format)];
  });
  return [[what, 'median', ...rounds.map((_, index) => `machine ${index + 1}`)], ...rows];
}
