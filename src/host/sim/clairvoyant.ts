/**
 * The upper bound for all that reclaim without knowing the future: it does. It takes what is not
 * accessed for a given time to come, the moment that is so. Where accesses are random, it knows how
 * often they come, as the machine does, and not when each one will.
 */
import type { PageRange } from './actions.ts';
import type { SimulatedMachine } from './machine.ts';
import { type Mix, remainingMix, samplesOf } from './population.ts';
import { type Segment, segmentsOf } from './segments.ts';

/** Reclaims for one moment all that is not accessed within `horizonUs`. */
export function reclaimUnneeded(machine: SimulatedMachine, horizonUs: number): void {
  const segments = machine.processes
    .filter(({ alive }) => alive)
    .flatMap(({ vmas }) => vmas)
    .flatMap((vma) => segmentsOf(vma, 0, vma.pages))
    .filter(({ extent }) => extent.location >= 0);
  // All judgements come before the first deed, which cuts extents.
  const finds = segments.map((segment) => unneededOf(machine, segment, horizonUs));
  const taken = finds.filter((find) => find !== null);
  for (const { range, rest, unneeded, needed } of taken) {
    if (rest.start === rest.end) continue;
    machine.actions.tell(range, unneeded);
    machine.actions.tell(rest, needed);
  }
  machine.actions.pageOutAll(taken.map(({ range }) => range));
}

/** The part of a segment that is not needed, in front, and the rest of it. */
interface Find {
  readonly range: PageRange;
  readonly rest: PageRange;
  readonly unneeded: Mix;
  readonly needed: Mix;
}

/** Null: all of it is needed. */
function unneededOf(machine: SimulatedMachine, segment: Segment, horizonUs: number): Find | null {
  const { vma, start, end, extent } = segment;
  const samples = samplesOf(segment, extent.mix);
  const shares = samples.map((sample) =>
    vma.process.untilAccessUs(vma, sample, machine.nowUs) >= horizonUs ? 1 : 0,
  );
  const share = samples.reduce((sum, { weight }, index) => sum + weight * shares[index]!, 0);
  const pages = Math.round((end - start) * Math.min(1, share));
  if (pages === 0) return null;
  const kept = shares.map((one) => 1 - one);
  return {
    range: { vma, start, end: start + pages },
    rest: { vma, start: start + pages, end },
    unneeded: remainingMix(vma, samples, shares),
    needed: remainingMix(vma, samples, kept),
  };
}
