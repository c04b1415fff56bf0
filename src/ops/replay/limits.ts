/** What a replay of this recording can't know, as sentences. */
import { formatBytes, formatDuration, formatShare } from '../../base/units.ts';
import type { Attrs, Params } from '../../params/types.ts';
import { isUndecidable } from './filters.ts';
import { layoutBytes, type RecordedPattern } from './recorded-pattern.ts';

/** Share of the time for which missing snapshots are worth a word. */
const NOTED_GAPS = 0.05;

/** What is replayed, and what is known of it. */
export interface ReplayedAccess {
  /** Null where there is no snapshot of any duration. */
  readonly pattern: RecordedPattern | null;
  /** Of the first snapshot. */
  readonly intervals: Pick<Attrs, 'sampleIntervalUs' | 'aggregationIntervalUs'>;
  readonly knowsIntervals: boolean;
  readonly knowsAges: boolean;
  readonly nrSnapshots: number;
  /** Of the watched processes together, on average; null where that is not known. */
  readonly residentBytes: number | null;
  /** Parts could not be read. */
  readonly isDamaged: boolean;
  /** Pages were looked at, so that what is touched seldom shows. */
  readonly knowsTouched: boolean;
  /** How much of a mapping is touched, and not where in it. */
  readonly seesAmountsOnly: boolean;
}

/** Every view of a replay shows these. */
export function limitsOf(access: ReplayedAccess, params: Params, refaultUs: number): string[] {
  return [
    ...recordingLimits(access),
    ...lengthLimits(access, params),
    ...schemeLimits(params),
    `Each page that comes back is taken to cost ${formatDuration(refaultUs)}.`,
  ];
}

function recordingLimits(access: ReplayedAccess): string[] {
  const { pattern, intervals, residentBytes } = access;
  const watchedBytes = layoutBytes(pattern);
  const limits: string[] = [];
  if (access.isDamaged) limits.push('The recording is damaged; only what could be read counts.');
  if (!access.knowsIntervals) {
    limits.push(
      'The recording tells no intervals: a snapshot is taken to be one aggregation interval of ' +
        '20 samples.',
    );
  }
  if (!access.knowsAges) {
    limits.push('It tells no ages, so that nothing counts as cold when it begins.');
  }
  const gaps = pattern === null ? 0 : pattern.gapUs / pattern.durationUs;
  if (gaps > NOTED_GAPS) {
    limits.push(
      `Snapshots are missing for ${formatShare(gaps)} of the time; what was seen before is taken to hold on.`,
    );
  }
  if (residentBytes === null) {
    limits.push('It tells no footprint: all that was watched is taken to be in memory.');
  } else if (residentBytes < watchedBytes) {
    limits.push(
      `Of ${formatBytes(watchedBytes)} that were watched, ${formatBytes(residentBytes)} were in memory; ` +
        'the rest is taken to be cold and saves nothing.',
    );
  }
  if (access.seesAmountsOnly) {
    limits.push(
      'It was made from user space, which sees how much of a mapping is touched and not where: ' +
        'cold parts of mappings in use are not found.',
    );
  }
  limits.push(access.knowsTouched ? LOOKED_AT : unseenText(intervals));
  return limits;
}

const LOOKED_AT =
  'Pages were looked at: how much of each region was touched is known, and not which pages of it. ' +
  'Where few samples found an access, they are taken to be touched at random; of passes that come ' +
  'by at fixed times, real refaults are up to a third more.';

function unseenText({ sampleIntervalUs }: ReplayedAccess['intervals']): string {
  return (
    `Memory that is seldom touched, between two samples of ${formatDuration(sampleIntervalUs)} on few pages, ` +
    'can look untouched: real refaults can be far more. A recording by the kernel with --pages young ' +
    'tells of it.'
  );
}

function lengthLimits(access: ReplayedAccess, params: Params): string[] {
  const { pattern, intervals } = access;
  const durationUs = pattern?.durationUs ?? 0;
  const coldUs = coldestAgeUs(params);
  const limits: string[] = [];
  if (access.nrSnapshots === 1) {
    limits.push(
      'A single snapshot tells what is cold, and nothing of what comes back; ' +
        `${formatBytes(coldBytes(pattern, coldUs))} had not been accessed for ${formatDuration(coldUs)}, whatever quotas let through.`,
    );
  } else if (durationUs < 2 * coldUs + intervals.aggregationIntervalUs) {
    limits.push(
      `It lasts ${formatDuration(durationUs)}, which is short beside ${formatDuration(coldUs)} until memory counts as cold; ` +
        'a longer one tells what comes back later.',
    );
  }
  if (params.attrs.sampleIntervalUs < intervals.sampleIntervalUs) {
    limits.push(
      `The parameters sample every ${formatDuration(params.attrs.sampleIntervalUs)}, closer than the recording; ` +
        'between its samples, accesses are taken to be spread evenly.',
    );
  }
  return limits;
}

/** Idle for so long, and more, when the recording began. */
function coldBytes(pattern: RecordedPattern | null, coldUs: number): number {
  const regions = pattern?.targets.flatMap(({ firstRegions }) => firstRegions) ?? [];
  return regions
    .filter(({ accessShare, ageUs }) => accessShare === 0 && (ageUs ?? 0) >= coldUs)
    .reduce((sum, { start, end }) => sum + end - start, 0);
}

/** The longest time for which any scheme wants memory to be untouched. */
function coldestAgeUs({ attrs, schemes }: Params): number {
  const ages = schemes.map(({ pattern }) => (pattern.age.min === 'max' ? 0 : pattern.age.min));
  return Math.max(0, ...ages) * attrs.aggregationIntervalUs;
}

function schemeLimits({ schemes }: Params): string[] {
  const limits: string[] = [];
  if (schemes.some(({ watermarks }) => watermarks.metric !== 'none')) {
    limits.push('How much memory was free is not recorded: watermarks are taken to be always met.');
  }
  const filters = schemes.flatMap((scheme) => scheme.filters.filter(isUndecidable));
  const types = [...new Set(filters.map(({ type }) => type))];
  if (types.length > 0) {
    limits.push(
      `Which pages filters on ${types.join(', ')} are about is not recorded; they let all through.`,
    );
  }
  const goals = schemes.flatMap(({ quota }) => quota.goals.map(({ metric }) => metric));
  const unknown = [...new Set(goals)].filter(
    (metric) => metric === 'user_input' || metric.startsWith('node_'),
  );
  if (unknown.length > 0) {
    limits.push(
      `The aim ${unknown.join(', ')} can't be measured in a recording; it stays at its first value.`,
    );
  }
  const actions = schemes.map(({ action }) => action);
  const counted = actions.filter((action) => !['pageout', 'willneed', 'stat'].includes(action));
  if (counted.length > 0) {
    limits.push(
      `${[...new Set(counted)].join(', ')} is counted only: a recording tells nothing of what comes of it.`,
    );
  }
  return limits;
}
