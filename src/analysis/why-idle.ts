/** Why a scheme has done nothing, in a sentence that says what would have to change. */
import { formatBytes, formatDuration, formatShare } from '../base/units.ts';
import type { SchemeFigures } from '../params/scheme-figures.ts';
import type { Snapshot } from '../params/snapshot.ts';
import type { Action, Bound, BoundRange, Goal, Scheme } from '../params/types.ts';

/** How many bytes of a picture a scheme's pattern is about. */
export interface PatternMatch {
  readonly bytes: number;
  readonly nrRegions: number;
}

const EFFECTLESS: Readonly<Record<Action, string>> = {
  willneed: 'it is in memory already, or there is no room',
  cold: 'its pages are on the inactive list already, or not in memory',
  pageout: 'its pages are out already, swap is full or missing, or they are in use or locked',
  hugepage: 'it is made of huge pages already, or they are switched off',
  nohugepage: 'it has no huge pages',
  collapse: 'it is made of huge pages already, or no free huge page was found',
  lru_prio: 'its pages are on the active list already, or not in memory',
  lru_deprio: 'its pages are on the inactive list already, or not in memory',
  migrate_hot: 'its pages are on that node already, or the node is full',
  migrate_cold: 'its pages are on that node already, or the node is full',
  alloc: 'no block of it could be emptied',
  free: 'none of its blocks were held',
  stat: 'it was gone by then',
};

/** What of a snapshot matches a scheme's pattern. */
export function matchOf({ pattern }: Scheme, snapshot: Snapshot): PatternMatch {
  let bytes = 0;
  let nrRegions = 0;
  for (let row = 0; row < snapshot.nrRegions; row++) {
    const size = snapshot.end[row]! - snapshot.start[row]!;
    if (!isWithin(pattern.sizeBytes, size)) continue;
    if (!isWithin(pattern.nrAccesses, snapshot.nrAccesses[row]!)) continue;
    if (!isWithin(pattern.age, snapshot.age[row]!)) continue;
    bytes += size;
    nrRegions += 1;
  }
  return { bytes, nrRegions };
}

/**
 * Why nothing was applied between two moments.
 * @param before null for the time since the start
 * @returns one sentence, or null when something was applied
 */
export function whyIdle(
  scheme: Scheme,
  now: SchemeFigures,
  before: SchemeFigures | null,
  snapshot: Snapshot,
): string | null {
  const since = (figure: (figures: SchemeFigures) => number) =>
    figure(now) - (before === null ? 0 : figure(before));
  if (since(({ appliedBytes }) => appliedBytes) > 0) return null;
  // Counting has no effect to wait for.
  if (scheme.action === 'stat' && since(({ triedBytes }) => triedBytes) > 0) return null;
  if (!now.active) return offByWatermarks(scheme);
  if (scheme.maxNrSnapshots > 0 && now.nrSnapshots >= scheme.maxNrSnapshots) {
    return `It has seen the ${scheme.maxNrSnapshots} snapshots that it was to see, and is done.`;
  }
  const match = matchOf(scheme, snapshot);
  if (match.bytes === 0) return nothingMatches(scheme, snapshot);
  const found = `${formatBytes(match.bytes)} match`;
  const quotaBytes = now.effectiveQuotaBytes;
  const { goals } = scheme.quota;
  if (quotaBytes !== null && quotaBytes < 4096 && goals.length > 0) {
    const why = goals.map((goal, index) => goalText(goal, now.goalValues[index])).join('; ');
    return `${found}, but its goal is met or nearly so, and its quota has shrunk to nothing: ${why}.`;
  }
  const tried = since(({ triedBytes }) => triedBytes);
  if (tried === 0 && since(({ nrQuotaExceeds }) => nrQuotaExceeds) > 0) {
    const allowed = quotaBytes === null ? '' : `: ${formatBytes(quotaBytes)} in a window`;
    return `${found}, but its quota is used up${allowed}. It goes on in the next window.`;
  }
  if (tried === 0) return `${found}; its next turn has not come yet.`;
  const passed = since(({ filterPassedBytes }) => filterPassedBytes);
  if (scheme.filters.length > 0 && passed === 0) {
    return `${found}, but its filters keep all of it out.`;
  }
  return `It tried ${formatBytes(tried)} without effect: ${EFFECTLESS[scheme.action]}.`;
}

function offByWatermarks({ watermarks }: Scheme): string {
  const { highPermil, midPermil, lowPermil } = watermarks;
  const share = (permil: number) => formatShare(permil / 1000);
  return (
    `Its watermarks keep it off: it begins when less than ${share(midPermil)} of the memory are ` +
    `free, and stops above ${share(highPermil)} and below ${share(lowPermil)}.`
  );
}

/** Finds the first condition that no region meets, and who comes nearest. */
function nothingMatches({ pattern }: Scheme, snapshot: Snapshot): string {
  const { maxNrAccesses, aggregationIntervalUs } = snapshot;
  const all = Array.from({ length: snapshot.nrRegions }, (_, row) => row);
  if (all.length === 0) return 'Nothing is watched at present.';
  const access = (row: number) => snapshot.nrAccesses[row]!;
  const accessed = all.filter((row) => isWithin(pattern.nrAccesses, access(row)));
  if (accessed.length === 0) {
    const near = nearest(pattern.nrAccesses, all.map(access));
    return (
      `No region is accessed ${boundsText(pattern.nrAccesses, String)} times in ` +
      `${maxNrAccesses} samples; the nearest is, ${near} times.`
    );
  }
  const size = (row: number) => snapshot.end[row]! - snapshot.start[row]!;
  const sized = accessed.filter((row) => isWithin(pattern.sizeBytes, size(row)));
  if (sized.length === 0) {
    const near = nearest(pattern.sizeBytes, accessed.map(size));
    const asked = boundsText(pattern.sizeBytes, formatBytes);
    return `No region that is accessed as it asks is ${asked} large; the nearest has ${formatBytes(near)}.`;
  }
  const age = (row: number) => snapshot.age[row]!;
  const near = nearest(pattern.age, sized.map(age));
  const duration = (count: number) => formatDuration(count * aggregationIntervalUs);
  const bytes = sized.reduce((sum, row) => sum + size(row), 0);
  return (
    `${formatBytes(bytes)} are accessed as it asks, but not for ` +
    `${boundsText(pattern.age, duration)}; the nearest region has been so for ${duration(near)}.`
  );
}

function goalText({ metric, targetValue }: Goal, value: number | undefined): string {
  const text = (of: number) => (metric.endsWith('_bp') ? formatShare(of / 10_000) : String(of));
  return `${metric} is ${value === undefined ? 'unknown' : text(value)}, aim ${text(targetValue)}`;
}

function boundsText({ min, max }: BoundRange, word: (value: number) => string): string {
  const show = (bound: Bound) => (bound === 'max' ? 'the maximum' : word(bound));
  if (min === max) return show(min);
  if (max === 'max') return `${show(min)} or more`;
  return min === 0 ? `${show(max)} or less` : `${show(min)} to ${show(max)}`;
}

function isWithin({ min, max }: BoundRange, value: number): boolean {
  return value >= numberOf(min) && value <= numberOf(max);
}

function nearest({ min, max }: BoundRange, values: readonly number[]): number {
  const distance = (value: number) => Math.max(numberOf(min) - value, value - numberOf(max), 0);
  return values.reduce((best, value) => (distance(value) < distance(best) ? value : best));
}

function numberOf(bound: Bound): number {
  return bound === 'max' ? Number.POSITIVE_INFINITY : bound;
}
