/** Schemes in words, for plans, differences and tables. */
import { formatBytes, formatDuration, formatShare } from '../base/units.ts';
import { bytesOf, durationOf } from './quantities.ts';
import type {
  Action,
  Attrs,
  Bound,
  BoundRange,
  Filter,
  Goal,
  Quota,
  Scheme,
  Watermarks,
} from './types.ts';

const VERBS: Readonly<Record<Action, string>> = {
  willneed: 'read ahead',
  cold: 'mark as cold',
  pageout: 'page out',
  hugepage: 'ask for huge pages in',
  nohugepage: 'ask for no huge pages in',
  collapse: 'collapse into huge pages',
  lru_prio: 'keep longer in memory',
  lru_deprio: 'reclaim sooner',
  migrate_hot: 'migrate',
  migrate_cold: 'migrate',
  stat: 'count',
  alloc: 'take whole blocks of',
  free: 'give back the taken blocks of',
};

/** Bytes in words, never rounded. */
export function exactBytes(bytes: number): string {
  const text = formatBytes(bytes);
  return bytesOf(text) === bytes ? text : `${bytes} bytes`;
}

/** A duration in words, never rounded. */
export function exactDuration(us: number): string {
  const text = formatDuration(us);
  if (durationOf(text, 1) === us) return text;
  if (us % 1e6 === 0) return `${us / 1e6} s`;
  return us % 1000 === 0 ? `${us / 1000} ms` : `${us} us`;
}

function range({ min, max }: BoundRange, word: (bound: number) => string): string | undefined {
  const show = (bound: Bound) => (bound === 'max' ? 'the maximum' : word(bound));
  if (min === 0 && max === 'max') return undefined;
  if (min === max) return `exactly ${show(min)}`;
  if (max === 'max') return `at least ${show(min)}`;
  return min === 0 ? `at most ${show(max)}` : `${show(min)} to ${show(max)}`;
}

function accesses({ min, max }: BoundRange, samples: number): string | undefined {
  if (min === 0 && max === 0) return 'not accessed';
  const shown = range({ min, max }, String);
  return shown && `accessed in ${shown} of ${samples} samples`;
}

function age(bounds: BoundRange, attrs: Attrs): string | undefined {
  const tuned = attrs.intervalsGoal.aggregations !== 0;
  const shown = range(bounds, (count) =>
    tuned ? `${count} aggregation intervals` : exactDuration(count * attrs.aggregationIntervalUs),
  );
  return shown && `for ${shown}`;
}

function goal({ metric, targetValue, nid, memcgPath, direction }: Goal): string {
  const of = [memcgPath, nid === undefined ? undefined : `node ${nid}`]
    .filter(Boolean)
    .join(' on ');
  const value = metric.endsWith('_bp') ? formatShare(targetValue / 10_000) : String(targetValue);
  return `${metric}${of === '' ? '' : ` of ${of}`} ${direction === 'falling' ? 'falls to' : 'is'} ${value}`;
}

function quota(limits: Quota): string | undefined {
  const { timeMs, sizeBytes, resetIntervalMs, goals, goalTuner } = limits;
  const most: string[] = [];
  if (sizeBytes !== 0 && sizeBytes !== 'max') most.push(exactBytes(sizeBytes));
  if (timeMs !== 0) most.push(`${exactDuration(timeMs * 1000)} of work`);
  const window =
    resetIntervalMs === 'max' ? 'in all' : `each ${exactDuration(resetIntervalMs * 1000)}`;
  const parts: string[] = [];
  if (most.length > 0) parts.push(`at most ${most.join(' and ')} ${window}`);
  const effort = goalTuner === 'temporal' ? 'all of it' : 'as much as it takes';
  if (goals.length > 0) parts.push(`${effort} until ${goals.map(goal).join(' or ')}`);
  return parts.join(', ') || undefined;
}

function watermarks({ metric, highPermil, midPermil, lowPermil }: Watermarks): string | undefined {
  if (metric === 'none') return undefined;
  const share = (permil: number) => formatShare(permil / 1000);
  return (
    `from less than ${share(midPermil)} of free memory on, ` +
    `until it is above ${share(highPermil)} or below ${share(lowPermil)}`
  );
}

/** `reject anon`, `allow not memcg /system.slice`. */
export function describeFilter(filter: Filter): string {
  const words = [filter.allow ? 'allow' : 'reject'];
  if (!filter.matching) words.push('not');
  words.push(filter.type);
  if (filter.type === 'memcg') words.push(filter.memcgPath);
  if (filter.type === 'addr') words.push(`${filter.range.start}-${filter.range.end}`);
  if (filter.type === 'target') words.push(String(filter.targetIndex));
  if (filter.type === 'hugepage_size') words.push(range(filter.sizeBytes, exactBytes) ?? 'any');
  return words.join(' ');
}

function destination({ targetNid, destinations }: Scheme): string | undefined {
  if (destinations.length > 0) {
    return `to ${destinations.map(({ nid, weight }) => `node ${nid} (weight ${weight})`).join(', ')}`;
  }
  return targetNid < 0 ? undefined : `to node ${targetNid}`;
}

/**
 * What a scheme does, in one sentence without a capital or a full stop.
 * @param attrs the intervals that its counts are in
 */
export function describeScheme(scheme: Scheme, attrs: Attrs): string {
  const { pattern, applyIntervalUs, filters, maxNrSnapshots } = scheme;
  const samples = Math.floor(attrs.aggregationIntervalUs / Math.max(attrs.sampleIntervalUs, 1));
  const size = range(pattern.sizeBytes, exactBytes);
  const what = [
    VERBS[scheme.action],
    'regions',
    size && `of ${size}`,
    accesses(pattern.nrAccesses, samples),
    age(pattern.age, attrs),
    destination(scheme),
  ].filter(Boolean);
  const how = [
    scheme.action === 'migrate_hot' ? 'hottest first' : undefined,
    scheme.action === 'migrate_cold' ? 'coldest first' : undefined,
    applyIntervalUs === 0 ? undefined : `every ${exactDuration(applyIntervalUs)}`,
    quota(scheme.quota),
    watermarks(scheme.watermarks),
    filters.length === 0 ? undefined : `filters: ${filters.map(describeFilter).join(', ')}`,
    maxNrSnapshots === 0 ? undefined : `for ${maxNrSnapshots} snapshots`,
  ].filter(Boolean);
  return [what.join(' '), ...how].join('; ');
}
