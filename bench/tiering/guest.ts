/**
 * Where memory is once `tier run` has worked for a while on a real kernel with three tiers: what
 * its guest tests have seen, by shares. With `--long` the median of three machines.
 */
import type { TestResult } from '../../test/guest/harness.ts';
import { makeInitrd } from '../../test/guest/initrd.ts';
import { findJobs, runJob } from '../../test/guest/jobs.ts';
import { fetchKernels } from '../../test/guest/kernels.ts';
import { buildProject } from '../../test/guest/project.ts';
import { freeAim } from '../../test/guest/tier-machine.ts';
import { type Bench, formatShare, median, type Report } from '../harness.ts';

const nrLongRounds = 3;
/** One machine's, with its boot. */
const roundLimitMs = 5 * 60_000;

/** What one machine has come to; all are shares, 0 to 1. */
interface Round {
  /** Of the hot memory, all of which was on node 2, by node. */
  readonly hotByNode: readonly number[];
  /** Of the cold memory that was on a node, what is below it. */
  readonly coldLeft0: number;
  readonly coldLeft1: number;
  /** Of a node, the farthest that what is free was from its aim, in the 30 s that aims are held. */
  readonly farthest0: number;
  readonly farthest1: number;
}

async function playRounds(count: number, progress: (line: string) => void): Promise<Round[]> {
  const { kernels, busybox } = await fetchKernels(progress);
  const [job] = await findJobs(['tier-run']);
  const kernel = kernels.find(({ name }) => name === job!.kernelName)!;
  const initrds = new Map([[kernel, await makeInitrd(kernel, busybox)]]);
  const prepared = { initrds, project: buildProject() };
  const rounds: Round[] = [];
  for (let nr = 1; nr <= count; nr++) {
    progress(`machine ${nr} of ${count}`);
    const results = await runJob(job!, prepared, roundLimitMs, progress);
    const failed = results.find(({ outcome }) => outcome !== 'passed');
    if (failed !== undefined) progress(`"${failed.name}" has failed: ${failed.message}`);
    rounds.push(roundOf(results));
  }
  return rounds;
}

/** Read from what the tests have noted. */
function roundOf(results: readonly TestResult[]): Round {
  const notesOf = (start: string) =>
    results.find(({ name }) => name.startsWith(start))!.notes.join('; ');
  const placed = figuresIn(
    notesOf('what is hot has gone up'),
    /hot (\d+) (\d+) (\d+), cold (\d+) (\d+) (\d+) and (\d+) (\d+) (\d+)/,
  );
  const [hot, cold0, cold1] = [placed.slice(0, 3), placed.slice(3, 6), placed.slice(6)];
  const spans = figuresIn(
    notesOf('both aims are held'),
    /node 0: ([\d.]+) to ([\d.]+) % free; node 1: ([\d.]+) to ([\d.]+) %/,
  );
  const farthest = (percents: readonly number[]) =>
    Math.max(...percents.map((percent) => Math.abs(percent - freeAim) / 100));
  return {
    hotByNode: hot.map((mebibytes) => mebibytes / sum(hot)),
    coldLeft0: 1 - cold0[0]! / sum(cold0),
    coldLeft1: cold1[2]! / sum(cold1),
    farthest0: farthest(spans.slice(0, 2)),
    farthest1: farthest(spans.slice(2)),
  };
}

function figuresIn(text: string, pattern: RegExp): number[] {
  const found = pattern.exec(text);
  if (found === null) throw new Error(`The tests have not come so far: "${text}".`);
  return found.slice(1).map(Number);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

const bench: Bench = {
  about: 'where hot and cold memory is after tier run, on a real kernel with three tiers',

  async run(progress, { long }): Promise<Report> {
    const rounds = await playRounds(long ? nrLongRounds : 1, progress);
    const figures: Readonly<Record<string, (round: Round) => number>> = {
      'hot memory on node 0, of none': ({ hotByNode }) => hotByNode[0]!,
      'hot memory on node 1, of none': ({ hotByNode }) => hotByNode[1]!,
      'hot memory on node 2, of all': ({ hotByNode }) => hotByNode[2]!,
      'cold memory that left node 0': ({ coldLeft0 }) => coldLeft0,
      'cold memory that left node 1': ({ coldLeft1 }) => coldLeft1,
      'farthest from its aim, node 0': ({ farthest0 }) => farthest0,
      'farthest from its aim, node 1': ({ farthest1 }) => farthest1,
    };
    const rows = Object.entries(figures).map(([name, of]) => {
      const all = rounds.map(of);
      return [name, formatShare(median(all)), ...all.map(formatShare)];
    });
    return {
      json: { rounds },
      table: [['share', 'median', ...rounds.map((_, index) => `machine ${index + 1}`)], ...rows],
      notes: [
        'An emulated processor; 3 MiB a second. Hot memory is 48 MiB of the machine, and the aims',
        'leave room for little more than that above the slowest node.',
      ],
    };
  },
};
export default bench;
