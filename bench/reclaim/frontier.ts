/**
 * What rivals save at the slowdown of ours. Each rival has a ladder of settings, from the one that
 * it comes with to ever more eager ones; it is climbed to the two between which its slowdown passes
 * ours, and what it saves is interpolated between them.
 */
import type { Scenario } from '../../src/host/sim/index.ts';
import { harmOf } from './aims.ts';
import { measure } from './measure.ts';
import { damonReclaim } from './policies/damon-reclaim.ts';
import { none } from './policies/none.ts';
import { senpai } from './policies/senpai.ts';
import { thermocline } from './policies/thermocline.ts';
import type { Policy } from './policy.ts';
import { type Row, toRow } from './row.ts';

/** One rung of a ladder. */
interface Setting {
  readonly words: string;
  readonly policy: Policy;
}

type Rival = 'damon_reclaim' | 'senpai';

/** A rival at the slowdown of ours, on one workload. */
export interface EqualRow {
  readonly workload: string;
  readonly rival: Rival;
  /** Ours: the worse of throughput and p99, and what is saved at that. */
  readonly slowdownShare: number;
  readonly savedShare: number;
  /** Theirs at the same slowdown. */
  readonly rivalSavedShare: number;
  /** The most eager setting that slows no more than ours; empty: not even the first one. */
  readonly gentler: string;
  /** The next one; empty: there is none, and the rival might save more yet. */
  readonly eagerer: string;
}

/** Of such a slowdown nobody knows where it comes from, so that everybody may have it. */
const NEGLIGIBLE = 0.001;

const LADDERS: Readonly<Record<Rival, readonly Setting[]>> = {
  // Idle time, and stall in a second.
  damon_reclaim: (
    [
      [120, 1],
      [60, 3],
      [30, 10],
      [15, 30],
      [10, 100],
    ] as const
  ).map(([seconds, ms]) => ({
    words: `${seconds} s, ${ms / 10} %`,
    policy: damonReclaim({ minAgeUs: seconds * 1e6, pressureUs: ms * 1000 }),
  })),
  // Stall in six seconds.
  senpai: [10, 30, 100, 300, 1000].map((ms) => ({
    words: `${ms} ms`,
    policy: senpai(ms * 1000),
  })),
};

/** @param progress told before each run */
export async function compareAtEqualSlowdown(
  workload: string,
  scenario: Scenario,
  progress: (what: string) => void,
): Promise<EqualRow[]> {
  const run = async (what: string, policy: Policy) => {
    progress(what);
    return measure(await policy.start({ scenario, peakBytes: 0 }), scenario.durationUs);
  };
  const base = await run('none', none);
  const ours = toRow(workload, 'thermocline', await run('thermocline', thermocline), base);
  const limit = Math.max(harmOf(ours), NEGLIGIBLE);
  const rows: EqualRow[] = [];
  for (const [rival, ladder] of Object.entries(LADDERS) as [Rival, readonly Setting[]][]) {
    const found = await climb(ladder, limit, async ({ words, policy }) =>
      toRow(workload, rival, await run(`${rival}, ${words}`, policy), base),
    );
    const { savedShare, gentler, eagerer } = found;
    rows.push({
      ...{ workload, rival, slowdownShare: limit, savedShare: ours.netSavedShare },
      ...{ rivalSavedShare: savedShare, gentler, eagerer },
    });
  }
  return rows;
}

/** Finds the rungs around `limit` by bisection: more eager settings slow more. */
async function climb(
  ladder: readonly Setting[],
  limit: number,
  rowOf: (setting: Setting) => Promise<Row>,
): Promise<{ savedShare: number; gentler: string; eagerer: string }> {
  let low = -1;
  let high = ladder.length;
  const rows = new Map<number, Row>();
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    const row = await rowOf(ladder[middle]!);
    rows.set(middle, row);
    if (harmOf(row) <= limit) low = middle;
    else high = middle;
  }
  const within = [...rows.values()].filter((row) => harmOf(row) <= limit);
  const saved = Math.max(0, ...within.map((row) => row.netSavedShare));
  return {
    savedShare: Math.max(saved, between(rows.get(low), rows.get(high), limit)),
    gentler: ladder[low]?.words ?? '',
    eagerer: ladder[high]?.words ?? '',
  };
}

/** What is saved at `limit` on the line between two rows; without the gentler one, from nothing. */
function between(gentler: Row | undefined, eagerer: Row | undefined, limit: number): number {
  const savedShare = gentler?.netSavedShare ?? 0;
  if (eagerer === undefined) return savedShare;
  const from = gentler === undefined ? 0 : Math.max(0, harmOf(gentler));
  const part = (limit - from) / (harmOf(eagerer) - from);
  return savedShare + (eagerer.netSavedShare - savedShare) * part;
}
