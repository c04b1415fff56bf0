/**
 * Page faults of one process in one slice of time, in expectation: how many missing pages it needs,
 * how long it waits for them, and how far its work gets in the rest.
 */
import { AWAY, type Extent } from './extents.ts';
import { type Mix, rateInPiece, remainingMix, type Sample, samplesOf } from './population.ts';
import type { SimProcess, SimVma } from './process.ts';
import type { RatePiece } from './workload.ts';

const NEWTON_STEPS = 8;

/** Missing pages that are accessed at the same rates. */
interface Missing {
  readonly vma: SimVma;
  readonly extent: Extent;
  readonly samples: readonly Sample[];
  readonly rates: readonly number[];
  /** A scan needs all of them within a slice of work. */
  readonly scanned: boolean;
  /** Seconds that each takes to come back. */
  readonly latency: number;
}

/** Pages that a process needs now: the first `count` of the extent. */
export interface Fault {
  readonly vma: SimVma;
  readonly extent: Extent;
  readonly count: number;
  /** Who they are. */
  readonly mix: Mix;
  /** Seconds that each takes to come back. */
  readonly latency: number;
}

/** What a slice of time comes to for one process. */
export interface FaultPlan {
  readonly faults: readonly Fault[];
  /** Seconds of work that get done in the slice. */
  readonly workSeconds: number;
}

/** What the machine says about a slice. */
export interface Slice {
  readonly seconds: number;
  /** The part of it that the process can use. */
  readonly freeSeconds: number;
  /** Seconds that a second of work takes on the nodes where memory is now. */
  readonly cost: number;
  /** Seconds that a page takes to come back; `scanned` ones are read ahead of their use. */
  readonly latencyOf: (vma: SimVma, scanned: boolean) => number;
}

/**
 * Solves `work × cost + faults(work) × latency = free time` for the work done. The left side is
 * concave, so Newton's steps come from below and never overshoot.
 */
export function planFaults(process: SimProcess, slice: Slice): FaultPlan {
  const { seconds, freeSeconds, cost } = slice;
  const missing = process.vmas.flatMap((vma) => missingOf(vma, slice));
  const away = missing.filter(({ extent }) => extent.location === AWAY);
  let work = 0;
  for (let step = 0; step < NEWTON_STEPS; step++) {
    let time = work * cost - freeSeconds;
    let slope = cost;
    for (const group of away) {
      const pages = group.extent.end - group.extent.start;
      const { share, rate } = needed(group, work, seconds);
      time += pages * group.latency * share;
      slope += pages * group.latency * rate;
    }
    const increase = -time / slope;
    work += Math.max(0, increase);
    if (increase < seconds * 1e-6) break;
  }
  work = Math.min(work, seconds);
  const faults = missing
    .map((group) => takeDue(group, work, seconds))
    .filter(({ count }) => count > 0);
  return { faults, workSeconds: work };
}

function missingOf(vma: SimVma, slice: Slice): Missing[] {
  if (vma.missingPages === 0) return [];
  const result: Missing[] = [];
  const { pieces } = vma.rates;
  const { list } = vma.extents;
  let at = 0;
  let index = 0;
  // Extents of one piece each: what is missing is cut where its rate changes, what is there is not.
  for (let page = 0; page < vma.pages; ) {
    while (list[index]!.end <= page) index += 1;
    const extent = list[index]!;
    if (extent.location >= 0) {
      page = extent.end;
      continue;
    }
    while (pieces[at]!.end <= page) at += 1;
    const piece = pieces[at]!;
    const until = Math.min(extent.end, piece.end);
    if (piece.rate > 0 || piece.skewed) {
      const whole = extent.start === page && extent.end === until;
      const part = whole ? extent : vma.extents.cut(page, until)[0]!;
      result.push(missingPart(vma, part, piece, slice));
    }
    page = until;
  }
  return result;
}

function missingPart(vma: SimVma, extent: Extent, piece: RatePiece, slice: Slice): Missing {
  const { scanned } = piece;
  const samples = samplesOf({ vma, start: extent.start, end: extent.end }, extent.mix);
  const rates = samples.map((sample) => rateInPiece(piece, vma.rates.skew, sample));
  return { vma, extent, samples, rates, scanned, latency: slice.latencyOf(vma, scanned) };
}

/** Share of the missing pages that is needed within `work` seconds, and how fast it grows then. */
function needed(
  { samples, rates, scanned }: Missing,
  work: number,
  sliceSeconds: number,
): { share: number; rate: number } {
  if (scanned) return { share: Math.min(1, work / sliceSeconds), rate: 1 / sliceSeconds };
  let share = 0;
  let growth = 0;
  for (let index = 0; index < rates.length; index++) {
    const rate = rates[index]!;
    const { weight } = samples[index]!;
    const still = weight * Math.exp(-rate * work);
    share += weight - still;
    growth += still * rate;
  }
  return { share, rate: growth };
}

/** Whole pages that are due; the fraction stays for the next slice. */
function takeDue(group: Missing, work: number, sliceSeconds: number): Fault {
  const { vma, extent, samples, rates, latency } = group;
  const size = extent.end - extent.start;
  const due = extent.carry + size * needed(group, work, sliceSeconds).share;
  const count = Math.min(size, Math.floor(due));
  extent.carry = count === size ? 0 : due - count;
  // Pages of one rate have no memory: how long they have been away tells nothing.
  if (samples.length === 1) return { vma, extent, count, mix: null, latency };
  const left = rates.map((rate) => Math.exp(-rate * work));
  const came = left.map((share) => 1 - share);
  const mix = remainingMix(vma, samples, came);
  extent.mix = remainingMix(vma, samples, left) ?? extent.mix;
  return { vma, extent, count, mix, latency };
}
