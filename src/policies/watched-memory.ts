/** What has to be watched for a subject, and by which filters a scheme keeps to it. */
import { ThermoclineError } from '../base/errors.ts';
import { DEFAULT_ATTRS, minRegionSizeFor, SMAPS_DEFAULT_ATTRS } from '../params/defaults.ts';
import { resolveParams } from '../params/resolve.ts';
import type {
  AddressRange,
  AttrsSpec,
  Filter,
  OperationsId,
  Params,
  Target,
} from '../params/types.ts';
import type { PolicyFacts } from './policy.ts';

/** Parameters without schemes yet, and the filters that each scheme has to begin with. */
export interface WatchedMemory {
  readonly params: Params;
  readonly filters: readonly Filter[];
  readonly notes: readonly string[];
}

/** Tuned intervals between DAMON's own bounds, and as many regions as memory asks for. */
const TUNED_ATTRS: AttrsSpec = {
  ...DEFAULT_ATTRS,
  intervalsGoal: 'auto',
  minNrRegions: 'auto',
};

/** No address is above it. */
const LAST_ADDRESS = 2 ** 52;

/**
 * A machine is watched by physical address, processes by their virtual ones; a cgroup by physical
 * address and a filter where the kernel's DAMON watches, and by its processes elsewhere. Parts of
 * physical memory are watched alone; those of a process are told by filters, since its mappings are
 * followed as they come and go. Throws one sentence for what the watcher can't watch.
 * @param attrs how closely, where pages are sampled; the intervals in force go before its own
 */
export function watchedMemory(facts: PolicyFacts, attrs: AttrsSpec = TUNED_ATTRS): WatchedMemory {
  const { subject, watcher } = facts;
  const inForce: AttrsSpec = { ...attrs, ...facts.intervals };
  if (subject.kind === 'processes') return byProcess(subject.pids, facts, inForce);
  if (watcher === 'smaps' && subject.kind === 'machine') {
    throw new ThermoclineError(
      'TC_UNSUPPORTED',
      "Without the kernel's DAMON only processes and cgroups can be watched; name one with --pid " +
        'or --cgroup, or write --kernel.',
    );
  }
  if (watcher === 'smaps') return byProcess(facts.pids, facts, inForce);
  return { ...byPhysicalAddress(facts, inForce), filters: cgroupFilters(facts) };
}

/** Keeps to the subject, and keeps out whoever watches. */
function cgroupFilters({ subject, ownCgroup }: PolicyFacts): Filter[] {
  if (subject.kind === 'cgroup') {
    return [{ type: 'memcg', matching: false, allow: false, memcgPath: subject.path }];
  }
  if (ownCgroup === null) return [];
  return [{ type: 'memcg', matching: true, allow: false, memcgPath: ownCgroup }];
}

function byProcess(
  pids: readonly number[],
  { watcher, part }: PolicyFacts,
  attrs: AttrsSpec,
): WatchedMemory {
  const targets = pids.map((pid) => ({ pid, regions: [], obsolete: false }));
  const params = contextOf('vaddr', targets, attrs, 0);
  const filters = part === undefined ? [] : outside(part.ranges);
  const parts =
    part === undefined
      ? []
      : [`Of ${part.words}, as mapped now: what is mapped or grows later is left alone.`];
  if (watcher !== 'smaps') return { params, filters, notes: parts };
  return {
    params: { ...params, attrs: SMAPS_DEFAULT_ATTRS },
    filters,
    notes: [
      ...parts,
      'Watched by /proc/PID/smaps: how much of each mapping is touched is known, not where in it, ' +
        'so only mappings of which nothing was touched are acted on.',
    ],
  };
}

/**
 * Filters that reject what lies outside of the ranges. None of them allows anything, so they work
 * on every kernel that knows addresses, and leave the filters behind them their say.
 */
function outside(ranges: readonly AddressRange[]): Filter[] {
  const starts = [0, ...ranges.map(({ end }) => end)];
  const ends = [...ranges.map(({ start }) => start), LAST_ADDRESS];
  return starts
    .map((start, index) => ({ start, end: ends[index]! }))
    .filter(({ start, end }) => start < end)
    .map((range) => ({ type: 'addr', matching: true, allow: false, range }));
}

/** Physical addresses that are watched; empty where they are hidden. */
export function physicalRanges({ host, part }: PolicyFacts): readonly AddressRange[] {
  return part?.ranges ?? host.memoryRanges;
}

function byPhysicalAddress(facts: PolicyFacts, attrs: AttrsSpec): WatchedMemory {
  const regions = physicalRanges(facts);
  if (regions.length === 0) {
    throw new ThermoclineError(
      'TC_DENIED',
      'Where memory lies is shown to root only (/proc/iomem), so physical memory can not be ' +
        'watched; run it as root.',
    );
  }
  const bytes = regions.reduce((sum, { start, end }) => sum + end - start, 0);
  const params = contextOf('paddr', [{ regions, obsolete: false }], attrs, bytes);
  return { params, filters: [], notes: [] };
}

function contextOf(
  operations: OperationsId,
  targets: readonly Target[],
  attrs: AttrsSpec,
  bytes: number,
): Params {
  const context = { operations, addrUnit: 1, minRegionSize: minRegionSizeFor(operations, 1) };
  return resolveParams(
    { ...context, attrs, targets, probes: [], schemes: [], paused: false },
    bytes,
  );
}
