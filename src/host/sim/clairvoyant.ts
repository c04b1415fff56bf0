/**
 * The upper bound for all that reclaim without knowing the future: it does. It takes what is not
 * accessed for a given time to come, the moment that is so. Where accesses are random, it knows how
 * often they come, as the machine does, and not when each one will.
 */
import type { SimulatedMachine } from './machine.ts';
import { remainingMix, samplesOf } from './population.ts';
import { type Segment, segmentsOf } from './segments.ts';

/** Reclaims for one moment all that is not accessed within `horizonUs`. */
export function reclaimUnneeded(machine: SimulatedMachine, horizonUs: number): void {
  const segments = machine.processes
    .filter(({ alive }) => alive)
    .flatMap(({ vmas }) => vmas)
    .flatMap((vma) => segmentsOf(vma, 0, vma.pages))
    .filter(({ extent }) => extent.location >= 0);
  // All judgements come before the first deed, which cuts extents.
  for (const take of segments.map((segment) => unneededOf(machine, segment, horizonUs))) take?.();
}

/** What to do about a segment; null: nothing. */
function unneededOf(
  machine: SimulatedMachine,
  segment: Segment,
  horizonUs: number,
): (() => void) | null {
  const { vma, start, end, extent } = segment;
  const samples = samplesOf(segment, extent.mix);
  const shares = samples.map((sample) =>
    vma.process.untilAccessUs(vma, sample, machine.nowUs) >= horizonUs ? 1 : 0,
  );
  const share = samples.reduce((sum, { weight }, index) => sum + weight * shares[index]!, 0);
  const pages = Math.round((end - start) * Math.min(1, share));
  if (pages === 0) return null;
  const unneeded = remainingMix(vma, samples, shares);
  const needed = remainingMix(
    vma,
    samples,
    shares.map((one) => 1 - one),
  );
  return () => {
    if (pages < end - start) {
      machine.actions.tell({ vma, start, end: start + pages }, unneeded);
      machine.actions.tell({ vma, start: start + pages, end }, needed);
    }
    machine.actions.pageOut({ vma, start, end: start + pages });
  };
}
