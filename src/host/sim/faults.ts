/**
 * Page faults of one process in one slice of time, in expectation: how many missing pages it needs,
 * how long it waits for them, and how far its work gets in the rest.
 */
import { AWAY, type Extent } from './extents.ts';
import type { SimProcess, SimVma } from './process.ts';
import { type RatePiece, rateAt } from './workload.ts';

/** Where popularity is shuffled, faults are reckoned from the rates of so many pages. */
const SAMPLES = 16;

const NEWTON_STEPS = 8;

/** Missing pages that are accessed at the same rate, or at the sampled rates. */
interface Missing {
  readonly vma: SimVma;
  readonly extent: Extent;
  readonly rates: readonly number[];
  /** Of the pages of each rate, the share that is still missing. */
  readonly left: readonly number[];
}

/** Pages that a process needs now: the first `count` of the extent. */
export interface Fault {
  readonly vma: SimVma;
  readonly extent: Extent;
  readonly count: number;
}

/** What a slice of time comes to for one process. */
export interface FaultPlan {
  readonly faults: readonly Fault[];
  /** Seconds of work that get done in the slice. */
  readonly workSeconds: number;
}

/**
 * Solves `work × cost + faults(work) × latency = slice` for the work done. The left side is
 * concave, so Newton's steps come from below and never overshoot.
 * @param cost seconds that a second of work takes on the nodes where memory is now
 * @param latency seconds that a reclaimed page takes to come back
 */
export function planFaults(
  process: SimProcess,
  sliceSeconds: number,
  cost: number,
  latency: number,
): FaultPlan {
  const missing = process.vmas.flatMap(missingOf);
  let work = 0;
  for (let step = 0; step < NEWTON_STEPS; step++) {
    let time = work * cost - sliceSeconds;
    let slope = cost;
    for (const group of missing) {
      if (group.extent.location !== AWAY) continue;
      const pages = group.extent.end - group.extent.start;
      const { share, rate } = needed(group, work);
      time += pages * latency * share;
      slope += pages * latency * rate;
    }
    const increase = -time / slope;
    work += Math.max(0, increase);
    if (increase < sliceSeconds * 1e-6) break;
  }
  work = Math.min(work, sliceSeconds);
  const faults = missing.map((group) => takeDue(group, work)).filter(({ count }) => count > 0);
  return { faults, workSeconds: work };
}

function missingOf(vma: SimVma): Missing[] {
  if (vma.missingPages === 0) return [];
  const result: Missing[] = [];
  for (const piece of vma.rates.pieces) {
    if (piece.rate === 0 && !piece.skewed) continue;
    if (!hasMissing(vma, piece)) continue;
    for (const extent of vma.extents.cut(piece.start, piece.end)) {
      if (extent.location >= 0) continue;
      const rates = sampledRates(vma, extent, piece);
      const left = rates.map((rate) => Math.exp(-rate * extent.exposure));
      result.push({ vma, extent, rates, left });
    }
  }
  return result;
}

function hasMissing(vma: SimVma, { start, end }: RatePiece): boolean {
  const { list } = vma.extents;
  for (let index = vma.extents.indexOf(start); index < list.length; index++) {
    if (list[index]!.start >= end) return false;
    if (list[index]!.location < 0) return true;
  }
  return false;
}

function sampledRates(vma: SimVma, { start, end }: Extent, piece: RatePiece): number[] {
  if (!piece.skewed) return [piece.rate];
  const samples = Math.min(SAMPLES, end - start);
  return Array.from({ length: samples }, (_, sample) =>
    rateAt(vma.rates, Math.floor(start + ((sample + 0.5) / samples) * (end - start))),
  );
}

/** Share of the missing pages that is needed within `work` seconds, and how fast it grows then. */
function needed({ rates, left }: Missing, work: number): { share: number; rate: number } {
  let before = 0;
  let after = 0;
  let slope = 0;
  for (let index = 0; index < rates.length; index++) {
    const rate = rates[index]!;
    const still = left[index]! * Math.exp(-rate * work);
    before += left[index]!;
    after += still;
    slope += still * rate;
  }
  return before === 0 ? { share: 1, rate: 0 } : { share: 1 - after / before, rate: slope / before };
}

/** Whole pages that are due; the fraction stays for the next slice. */
function takeDue(group: Missing, work: number): Fault {
  const { vma, extent } = group;
  const size = extent.end - extent.start;
  const due = extent.carry + size * needed(group, work).share;
  const count = Math.min(size, Math.floor(due));
  extent.carry = count === size ? 0 : due - count;
  // Pages of one rate have no memory: how long they have been away tells nothing.
  if (group.rates.length > 1) extent.exposure += work;
  return { vma, extent, count };
}
