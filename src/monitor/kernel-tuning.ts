/** Interval tuning from user space, by the kernel's rule, for kernels that have none. */
import { accessScore, tunedAttrs } from '../core/interval-tuning.ts';
import type { Snapshot } from '../params/snapshot.ts';
import type { Attrs } from '../params/types.ts';

/**
 * The attributes to go on with after `snapshot`, whose window is complete.
 * @param asked with the goal to tune to
 * @returns null when nothing changes
 */
export function tunedBySnapshot(asked: Attrs, snapshot: Snapshot): Attrs | null {
  const { sampleIntervalUs, aggregationIntervalUs, maxNrAccesses, nrRegions } = snapshot;
  let maxEvents = 0n;
  let events = 0n;
  for (let row = 0; row < nrRegions; row++) {
    const size = BigInt(snapshot.end[row]! - snapshot.start[row]!);
    maxEvents += size * BigInt(maxNrAccesses);
    events += size * BigInt(snapshot.nrAccesses[row]!);
  }
  const inForce = { ...asked, sampleIntervalUs, aggregationIntervalUs };
  const score = accessScore(events, maxEvents, asked.intervalsGoal.accessBp);
  return tunedAttrs(inForce, score, maxNrAccesses);
}
