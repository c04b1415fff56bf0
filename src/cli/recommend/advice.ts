/** What to set, how much memory to give, and how sure that is. */
import { percentileOf } from '../../analysis/percentiles.ts';
import { formatBytes, formatDuration, formatShare } from '../../base/units.ts';
import { momentsOf, type Outcome } from '../../ops/replay/outcome.ts';
import type { ReplayResult } from '../../ops/replay/replay.ts';
import { touchedPeak } from '../../ops/replay/touched-peak.ts';
import type { SweptSet } from '../whatif/grid.ts';
import type { ReplaySource } from '../whatif/source.ts';

/** Kept above the peak: what a recording has not seen will come. */
const MARGIN = 0.15;
/** What saves nearly as much of memory that was cold for longer is better. */
const NEARLY = 0.9;
/** Less is not worth acting for. */
const WORTH_SHARE = 0.01;
const REQUEST_PERCENTILE = 95;
const LOW_PERCENTILE = 50;

const CONFIDENCES = ['low', 'medium', 'high'] as const;
export type Confidence = (typeof CONFIDENCES)[number];

/** The set to choose; null where nothing that keeps to the limit saves anything worth it. */
export function chooseSet(sets: readonly SweptSet[], maxSlowdownShare: number): SweptSet | null {
  const allowed = sets.filter(({ outcome }) => outcome.slowdownShare <= maxSlowdownShare);
  const most = allowed.reduce((highest, { outcome }) => Math.max(highest, outcome.savedBytes), 0);
  const good = allowed.filter(
    ({ outcome }) => outcome.savedBytes >= most * NEARLY && outcome.savedShare >= WORTH_SHARE,
  );
  return good.reduce<SweptSet | null>(
    (best, set) => (best === null || isGentler(set, best) ? set : best),
    null,
  );
}

/** Memory has to be cold for longer; with the same, less waiting. */
function isGentler(set: SweptSet, other: SweptSet): boolean {
  const [coldAgeUs, otherAgeUs] = [set.values[0]!, other.values[0]!];
  if (coldAgeUs !== otherAgeUs) return coldAgeUs > otherAgeUs;
  return set.outcome.slowdownShare < other.outcome.slowdownShare;
}

/** Memory to give a workload, in bytes. */
export interface RightSize {
  /** What it uses at most times, and usually, once what is cold has left. */
  readonly requestBytes: number;
  readonly usualBytes: number;
  /** Never below what was in use at once, plus a margin. */
  readonly limitBytes: number;
  /** The most that was touched within one cold age. */
  readonly unreclaimablePeakBytes: number;
}

/**
 * @param result of the chosen set
 * @param coldAgeUs what was untouched for so long may leave
 */
export function rightSize(
  { pattern, absentBytes }: ReplaySource,
  result: ReplayResult,
  coldAgeUs: number,
): RightSize {
  const moments = momentsOf(result, absentBytes);
  // Until then nothing could have left yet, which says nothing of how much is needed.
  const settled = moments.filter(({ timeUs }) => timeUs > coldAgeUs + result.durationUs / 50);
  const used = (settled.length > 0 ? settled : moments)
    .map(({ watchedBytes, savedBytes }) => watchedBytes - savedBytes)
    .sort((a, b) => a - b);
  const unreclaimablePeakBytes = pattern.targets.reduce(
    (sum, target) => sum + touchedPeak(target, coldAgeUs),
    0,
  );
  const requestBytes = percentileOf(used, REQUEST_PERCENTILE);
  const peak = Math.max(unreclaimablePeakBytes, requestBytes);
  return {
    requestBytes,
    usualBytes: percentileOf(used, LOW_PERCENTILE),
    limitBytes: Math.ceil(peak * (1 + MARGIN)),
    unreclaimablePeakBytes,
  };
}

/** How sure a recommendation is, and why, as sentences. */
export function confidenceOf(
  { access, pattern }: ReplaySource,
  coldAgeUs: number,
  chosen: SweptSet | null,
  maxSlowdownShare: number,
): { confidence: Confidence; reasons: string[] } {
  const reasons: string[] = [];
  let level = 2;
  const lower = (steps: number, reason: string) => {
    level -= steps;
    reasons.push(reason);
  };
  const ages = pattern.durationUs / coldAgeUs;
  const length =
    `The recording lasts ${formatDuration(pattern.durationUs)}, ` +
    `${Number(ages.toPrecision(2))} times the time until memory is cold`;
  if (ages < 4) lower(2, `${length}: too short to know what comes back.`);
  else if (ages < 20)
    lower(1, `${length}; a longer one, over all that the workload does, would tell more.`);
  else reasons.push(`${length}.`);
  if (access.isDamaged || pattern.gapUs > pattern.durationUs / 20) {
    lower(1, 'Parts of the recording are damaged or missing.');
  }
  if (!access.knowsIntervals)
    lower(1, 'Its intervals are not recorded, so how hot memory is had to be assumed.');
  if (access.residentBytes === null) {
    lower(1, 'How much of what was watched was in memory is not recorded; sizes may be too large.');
  }
  if (access.origin?.source === 'engine smaps') {
    lower(1, 'It was made from user space, which does not see where in a mapping memory is cold.');
  }
  if (chosen !== null && chosen.outcome.slowdownShare > maxSlowdownShare / 2) {
    lower(
      1,
      `The chosen setting uses ${formatShare(chosen.outcome.slowdownShare)} of the ${formatShare(maxSlowdownShare)} that were allowed: a small change of the workload can pass it.`,
    );
  }
  return { confidence: CONFIDENCES[Math.max(0, level)]!, reasons };
}

/** Why this setting and these sizes, as sentences. */
export function reasonsOf(
  size: RightSize,
  chosen: SweptSet | null,
  best: Outcome | null,
  maxSlowdownShare: number,
): string[] {
  const reasons: string[] = [];
  if (chosen === null) {
    reasons.push(
      `No setting saves as much as ${formatShare(WORTH_SHARE)} within ${formatShare(maxSlowdownShare)} of waiting: leave this memory alone.`,
    );
  } else if (best !== null && best.savedBytes > chosen.outcome.savedBytes * 1.1) {
    reasons.push(
      `More could leave (${formatBytes(best.savedBytes)}), but it would come back too often: ${formatShare(best.slowdownShare)} of waiting.`,
    );
  }
  reasons.push(
    `At its peak, ${formatBytes(size.unreclaimablePeakBytes)} were in use at once; ` +
      `the limit stays ${formatShare(MARGIN)} above all that could not leave.`,
  );
  return reasons;
}
