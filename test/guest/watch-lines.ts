/** What `watch --json` prints of a workload, and what is seen as hot in it. */
import type { Snapshot } from '../../src/params/snapshot.ts';
import { hotBytes, type KernelRegion } from './hand-made-kdamond.ts';
import type { Workload } from './workload.ts';

const mebibyte = 2 ** 20;

/** The parts of a line that tests look at. */
export interface WatchLine {
  readonly targetPids: readonly (number | null)[];
  readonly maxNrAccesses: number;
  readonly aggregationIntervalUs: number;
  readonly regions: readonly (KernelRegion & { readonly targetIndex: number })[];
  readonly warnings: readonly string[];
}

/** The lines of `stdout`, one a picture. */
export function watchLines(stdout: string): WatchLine[] {
  const lines = stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as WatchLine);
}

/** The same of snapshots, as the API gives them. */
export function linesOfSnapshots(snapshots: readonly Snapshot[]): WatchLine[] {
  return snapshots.map((snapshot) => ({
    ...snapshot,
    warnings: [],
    regions: Array.from({ length: snapshot.nrRegions }, (_, row) => ({
      start: snapshot.start[row]!,
      end: snapshot.end[row]!,
      nrAccesses: snapshot.nrAccesses[row]!,
      age: snapshot.age[row]!,
      targetIndex: snapshot.targetIndex[row]!,
    })),
  }));
}

/** What was seen as hot, beside the truth. */
export interface SeenHot {
  /** Bytes of the part that is touched all the time; what is seen of it; what is seen elsewhere. */
  readonly truth: number;
  readonly inside: number;
  readonly outside: number;
  /** All of it, for people. */
  readonly text: string;
}

/**
 * What is accessed in at least half of the samples, by the median of all lines: on a busy host a
 * processor of the guest may stand still for a whole aggregation interval, and the workload with
 * it, so one line tells little.
 */
export function seenHot(
  lines: readonly WatchLine[],
  { pid, start, hotEnd, end }: Workload,
): SeenHot {
  const within = (from: number, to: number) =>
    lines.map(({ targetPids, maxNrAccesses, regions }) => {
      const its = regions.filter(({ targetIndex }) => targetPids[targetIndex] === pid);
      return hotBytes(its, maxNrAccesses / 2, { start: from, end: to });
    });
  const truth = hotEnd - start;
  const insides = within(start, hotEnd);
  const [inside, outside] = [median(insides), median(within(hotEnd, end))];
  const mib = (bytes: number) => Number((bytes / mebibyte).toFixed(2));
  const text =
    `${mib(inside)} of ${mib(truth)} MiB hot, ${mib(outside)} elsewhere; line by line ` +
    insides.map(mib).join(' ');
  return { truth, inside, outside, text };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
