/** What a run on a simulated guest comes to. */
import type { AcmaSpec } from '../../host/sim/index.ts';
import { headroomBytes } from '../../policies/acma/step.ts';
import type { PlantSecond } from './plant-run.ts';

const GIB = 2 ** 30;

/** A size is settled when the working set has been the same for so long. */
const SETTLED_AFTER_S = 120;

/** Memory that comes back within this time after it was taken was taken in vain. */
const PING_PONG_S = 60;

/** Seconds over the limit belong together unless so many calm ones lie between. */
const CALM_S = 3;

/** Figures of one run. */
export interface PlantFigures {
  /** The longest time over the limit, from its first second to its last. */
  readonly recoverySeconds: number;
  /** Share of all seconds in which more time was lost than acceptable. */
  readonly overLimitShare: number;
  /**
   * Billed beyond working set and headroom, over both, on average over the settled seconds; null
   * where the working set never settles.
   */
  readonly settledOverheadShare: number | null;
  /** Of all bytes that were taken or given back, the share that came back within a minute. */
  readonly pingPongShare: number;
  readonly gibHours: number;
}

/** Judges a run. */
export function plantFigures(seconds: readonly PlantSecond[], spec: AcmaSpec): PlantFigures {
  const over = seconds.map(({ pressureShare }) => pressureShare > spec.pressureShare);
  return {
    recoverySeconds: longestOver(over),
    overLimitShare: over.filter(Boolean).length / seconds.length,
    settledOverheadShare: settledOverhead(seconds, headroomBytes(spec)),
    pingPongShare: pingPong(seconds),
    gibHours: seconds.reduce((sum, { billedBytes }) => sum + billedBytes, 0) / GIB / 3600,
  };
}

function longestOver(over: readonly boolean[]): number {
  let longest = 0;
  let first = -1;
  let last = -1;
  for (const [second, isOver] of over.entries()) {
    if (!isOver) continue;
    if (first < 0 || second - last > CALM_S) first = second;
    last = second;
    longest = Math.max(longest, last - first + 1);
  }
  return longest;
}

function settledOverhead(seconds: readonly PlantSecond[], headroom: number): number | null {
  let since = 0;
  let sum = 0;
  let count = 0;
  for (const [second, { billedBytes, workingSetBytes }] of seconds.entries()) {
    const before = seconds[second - 1]?.workingSetBytes ?? workingSetBytes;
    if (Math.abs(workingSetBytes - before) > 0.001 * before) since = second;
    if (second - since < SETTLED_AFTER_S) continue;
    const needed = workingSetBytes + headroom;
    sum += (billedBytes - needed) / needed;
    count += 1;
  }
  return count === 0 ? null : sum / count;
}

/** The latest memory taken is the first to come back, so that only real turns count. */
function pingPong(seconds: readonly PlantSecond[]): number {
  const taken: { readonly second: number; bytes: number }[] = [];
  let moved = 0;
  let inVain = 0;
  for (const [second, { billedBytes }] of seconds.entries()) {
    const change = billedBytes - (seconds[second - 1]?.billedBytes ?? billedBytes);
    moved += Math.abs(change);
    if (change < 0) taken.push({ second, bytes: -change });
    for (let left = change; left > 0 && taken.length > 0; ) {
      const latest = taken.at(-1)!;
      const bytes = Math.min(left, latest.bytes);
      if (second - latest.second <= PING_PONG_S) inVain += bytes;
      latest.bytes -= bytes;
      left -= bytes;
      if (latest.bytes === 0) taken.pop();
    }
  }
  return moved === 0 ? 0 : inVain / moved;
}
