/** What the suite wants of our policy, pattern by pattern. */
import type { Row } from './rows.ts';

/** The hot set is contiguous and stays. */
const STATIC = /^(hot10-static|hot13-static|zipf-.*-sorted|three-tiers)$/;
const MOVING = /^gups-move$/;
/** What nobody touched twice, or nobody moved, has no pages that go up and down. */
const STILL = /^(hot|zipf|three-tiers|all-hot)/;

/** An aim, and by how much it is met or missed. */
export interface Aim {
  readonly text: string;
  readonly wanted: number;
  readonly found: number;
  readonly met: boolean;
}

/**
 * The aims of one pattern.
 * @param rows of all policies; without `thermocline` there are none
 * @param busiestSecondBytes the most that our schemes moved in a second
 */
export function aimsOf(
  pattern: string,
  rows: readonly Row[],
  busiestSecondBytes: number,
  knobBytesPerSecond: number,
): Aim[] {
  const row = (policy: string) => rows.find((entry) => entry.policy === policy);
  const ours = row('thermocline');
  const none = row('none');
  const oracle = row('oracle');
  if (ours === undefined || none === undefined || oracle === undefined) return [];
  const ofOracle = ours.throughput / oracle.throughput;
  const ofNone = ours.throughput / none.throughput;
  const atLeast = (text: string, wanted: number, found: number): Aim => ({
    text,
    wanted,
    found,
    met: found >= wanted,
  });
  const atMost = (text: string, wanted: number, found: number): Aim => ({
    ...atLeast(text, wanted, found),
    met: found <= wanted,
  });
  return [
    ...(STATIC.test(pattern) ? [atLeast('throughput of the oracle', 0.95, ofOracle)] : []),
    ...(MOVING.test(pattern) ? [atLeast('throughput of the oracle', 0.85, ofOracle)] : []),
    atLeast('throughput of no tiering', 0.99, ofNone),
    atMost('busiest second over the knob', 1, busiestSecondBytes / knobBytesPerSecond),
    ...(STILL.test(pattern) ? [atMost('moved in vain', 0.01, ours.pingPongShare)] : []),
  ];
}
