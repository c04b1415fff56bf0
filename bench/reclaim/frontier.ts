/**
 * What rivals save at the slowdown of ours. Each knob of a rival is a ladder of settings, from
 * gentle to eager. It is climbed to the two between which its slowdown passes ours, and what is
 * saved is interpolated between them. The knob with which it saves most counts.
 */
import type { Scenario } from '../../src/host/sim/index.ts';
import { harmOf } from './aims.ts';
import { LADDERS, type Rival, type Setting } from './ladders.ts';
import { measure } from './measure.ts';
import { none } from './policies/none.ts';
import { thermocline } from './policies/thermocline.ts';
import type { Policy } from './policy.ts';
import { type Row, toRow } from './row.ts';

/** A rival at the slowdown of ours, on one workload. */
export interface EqualRow {
  readonly workload: string;
  readonly rival: Rival;
  /** Ours: the worse of throughput and p99, and what is saved at that. */
  readonly slowdownShare: number;
  readonly savedShare: number;
  /** Theirs at the same slowdown, or at the most that it can be made to slow. */
  readonly rivalSlowdownShare: number;
  readonly rivalSavedShare: number;
  /** The most eager setting that slows no more than ours; empty: not even the first one. */
  readonly gentler: string;
  /** The next one; empty: there is none, for its most eager setting slows less than ours. */
  readonly eagerer: string;
}

type Found = Pick<EqualRow, 'rivalSlowdownShare' | 'rivalSavedShare' | 'gentler' | 'eagerer'>;

/** Of such a slowdown nobody knows where it comes from, so that everybody may have it. */
const NEGLIGIBLE = 0.001;

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
  for (const [rival, ladders] of Object.entries(LADDERS) as [Rival, Setting[][]][]) {
    const found: Found[] = [];
    for (const ladder of ladders) {
      found.push(
        await climb(ladder, limit, async ({ words, policy }) =>
          toRow(workload, rival, await run(`${rival}, ${words}`, policy), base),
        ),
      );
      if (found.at(-1)!.eagerer === '') break;
    }
    const best = found.reduce((most, one) =>
      one.rivalSavedShare > most.rivalSavedShare ? one : most,
    );
    const savedShare = ours.netSavedShare;
    rows.push({ workload, rival, slowdownShare: limit, savedShare, ...best });
  }
  return rows;
}

/**
 * Finds the rungs around `limit`: more eager settings slow more. The last rung comes first, since
 * nothing else has to be run where even that one slows less.
 */
async function climb(
  ladder: readonly Setting[],
  limit: number,
  rowOf: (setting: Setting) => Promise<Row>,
): Promise<Found> {
  const rows = new Map<number, Row>();
  let low = -1;
  let high = ladder.length;
  for (let at = high - 1; high - low > 1; at = (low + high) >> 1) {
    const row = await rowOf(ladder[at]!);
    rows.set(at, row);
    if (harmOf(row) <= limit) low = at;
    else high = at;
  }
  const within = [...rows.values()].filter((row) => harmOf(row) <= limit);
  const saved = Math.max(0, ...within.map((row) => row.netSavedShare));
  const gentler = rows.get(low);
  const eagerer = rows.get(high);
  return {
    rivalSlowdownShare: eagerer === undefined ? Math.max(0, harmOf(gentler!)) : limit,
    rivalSavedShare: Math.max(saved, between(gentler, eagerer, limit)),
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
