import type { Snapshot } from '../params/snapshot.ts';

/** Bytes [start, end) of a target of which each page is really accessed so often. */
export interface TrueRate {
  readonly start: number;
  readonly end: number;
  readonly accessesPerSecond: number;
}

/** Bytes by what a monitor said and what is true. Sums of several snapshots may be added up. */
export interface Accuracy {
  /** Said to be hot. */
  readonly reportedBytes: number;
  /** Really hot. */
  readonly trueBytes: number;
  /** Both. */
  readonly foundBytes: number;
  /** In regions with any access. */
  readonly reportedWorkingSetBytes: number;
  /** Expected to be really touched within one aggregation interval. */
  readonly trueWorkingSetBytes: number;
}

export const NO_ACCURACY: Accuracy = {
  reportedBytes: 0,
  trueBytes: 0,
  foundBytes: 0,
  reportedWorkingSetBytes: 0,
  trueWorkingSetBytes: 0,
};

/** Hot is what is found accessed in this share of the samples at least. */
const HOT_SHARE = 0.5;

/**
 * Compares a snapshot with the truth. Accesses are taken as independent, so a page that is accessed
 * r times a second is found accessed in a sampling interval of t seconds with a chance of 1 -
 * e^(-rt).
 * @param truth for each target by its index, in address order
 */
export function accuracyOf(snapshot: Snapshot, truth: readonly (readonly TrueRate[])[]): Accuracy {
  const hotRate = -Math.log(1 - HOT_SHARE) / (snapshot.sampleIntervalUs / 1e6);
  const windowSeconds = snapshot.aggregationIntervalUs / 1e6;
  const sum = { ...NO_ACCURACY };
  for (const { start, end, accessesPerSecond } of truth.flat()) {
    if (accessesPerSecond >= hotRate) sum.trueBytes += end - start;
    sum.trueWorkingSetBytes += (end - start) * -Math.expm1(-accessesPerSecond * windowSeconds);
  }
  const cursors = truth.map(() => 0);
  for (let row = 0; row < snapshot.nrRegions; row++) {
    const size = snapshot.end[row]! - snapshot.start[row]!;
    const nrAccesses = snapshot.nrAccesses[row]!;
    if (nrAccesses > 0) sum.reportedWorkingSetBytes += size;
    if (nrAccesses < snapshot.maxNrAccesses * HOT_SHARE) continue;
    const rates = truth[snapshot.targetIndex[row]!] ?? [];
    sum.reportedBytes += size;
    sum.foundBytes += hotBytesWithin(snapshot, row, rates, hotRate, cursors);
  }
  return sum;
}

/** Truly hot bytes of a region; `cursors` remembers for each target where to go on. */
function hotBytesWithin(
  snapshot: Snapshot,
  row: number,
  rates: readonly TrueRate[],
  hotRate: number,
  cursors: number[],
): number {
  const start = snapshot.start[row]!;
  const end = snapshot.end[row]!;
  const target = snapshot.targetIndex[row]!;
  let index = cursors[target] ?? 0;
  while (index < rates.length && rates[index]!.end <= start) index += 1;
  cursors[target] = index;
  let bytes = 0;
  for (; index < rates.length && rates[index]!.start < end; index++) {
    const rate = rates[index]!;
    if (rate.accessesPerSecond < hotRate) continue;
    bytes += Math.min(end, rate.end) - Math.max(start, rate.start);
  }
  return bytes;
}

/** The sum over two comparisons. */
export function addAccuracy(a: Accuracy, b: Accuracy): Accuracy {
  return {
    reportedBytes: a.reportedBytes + b.reportedBytes,
    trueBytes: a.trueBytes + b.trueBytes,
    foundBytes: a.foundBytes + b.foundBytes,
    reportedWorkingSetBytes: a.reportedWorkingSetBytes + b.reportedWorkingSetBytes,
    trueWorkingSetBytes: a.trueWorkingSetBytes + b.trueWorkingSetBytes,
  };
}

/** Shares from 0 to 1; null where nothing is there to be a share of. */
export interface AccuracyScores {
  /** Of what was said to be hot, how much is. */
  readonly precision: number | null;
  /** Of what is hot, how much was found. */
  readonly recall: number | null;
  /** Their harmonic mean. */
  readonly f1: number | null;
  /** By how much the working set was seen larger (above 0) or smaller than it is. */
  readonly workingSetError: number | null;
}

/** What the bytes come to. */
export function scoresOf(accuracy: Accuracy): AccuracyScores {
  const { foundBytes, reportedBytes, trueBytes } = accuracy;
  const { reportedWorkingSetBytes, trueWorkingSetBytes } = accuracy;
  const share = (part: number, whole: number) => (whole === 0 ? null : part / whole);
  return {
    precision: share(foundBytes, reportedBytes),
    recall: share(foundBytes, trueBytes),
    f1: share(2 * foundBytes, reportedBytes + trueBytes),
    workingSetError: share(reportedWorkingSetBytes - trueWorkingSetBytes, trueWorkingSetBytes),
  };
}
