/** All policies on one workload, one after the other. */
import type { Scenario } from '../../src/host/sim/index.ts';
import { type Measurement, measure } from './measure.ts';
import { clairvoyant, HORIZONS_US } from './policies/clairvoyant.ts';
import { damonReclaim } from './policies/damon-reclaim.ts';
import { kernelPolicy } from './policies/kernel.ts';
import { none } from './policies/none.ts';
import { senpai } from './policies/senpai.ts';
import { thermocline } from './policies/thermocline.ts';
import type { Policy, Situation } from './policy.ts';
import { type PolicyName, type Row, toRow } from './row.ts';

/** What the clairvoyant may cost, in throughput and in latency: the same as everybody's aim. */
const LIMIT = 0.02;

const POLICIES: readonly (readonly [PolicyName, Policy])[] = [
  ['lru', kernelPolicy('lru')],
  ['mglru', kernelPolicy('mglru')],
  ['damon_reclaim', damonReclaim()],
  ['senpai', senpai()],
  ['thermocline', thermocline],
];

/** @param done called after each policy */
export async function runWorkload(
  workload: string,
  scenario: Scenario,
  done: (policy: PolicyName) => void,
): Promise<Row[]> {
  const run = async (policy: Policy, situation: Situation): Promise<Measurement> =>
    measure(await policy.start(situation), scenario.durationUs);
  const base = await run(none, { scenario, peakBytes: 0 });
  const situation = { scenario, peakBytes: base.peakBytes };
  const rows = [toRow(workload, 'none', base, base)];
  done('none');
  for (const [name, policy] of POLICIES) {
    rows.push(toRow(workload, name, await run(policy, situation), base));
    done(name);
  }
  rows.push(
    await leastWithin(HORIZONS_US, async (horizonUs) =>
      toRow(workload, 'clairvoyant', await run(clairvoyant(horizonUs), situation), base),
    ),
  );
  done('clairvoyant');
  return rows;
}

/** The row of the shortest horizon that keeps to the limit; longer ones cost and save less. */
async function leastWithin(
  horizonsUs: readonly number[],
  rowOf: (horizonUs: number) => Promise<Row>,
): Promise<Row> {
  let best: Row | null = null;
  let first = 0;
  let end = horizonsUs.length - 1;
  while (first < end) {
    const middle = (first + end) >> 1;
    const row = await rowOf(horizonsUs[middle]!);
    if (Math.max(row.slowdownShare, row.p99SlowdownShare) <= LIMIT) {
      best = row;
      end = middle;
    } else {
      first = middle + 1;
    }
  }
  // `best` is always that of `end`; without one, not even the longest but one keeps to the limit.
  return best ?? (await rowOf(horizonsUs[end]!));
}
