/** DAMON's operations on a recorded access pattern: see README.md. */
import { alignDown, alignUp } from '../../base/arithmetic.ts';
import type { Clock } from '../../base/clock.ts';
import type { Metrics } from '../../core/metrics.ts';
import {
  type Capability,
  type ChosenRegion,
  drawSamplingAddresses,
  type MonitoredTarget,
  type Operations,
  type OperationsContext,
  type Outcome,
} from '../../core/operations.ts';
import { ACTIONS, type Action, type AddressRange, type OperationsId } from '../../params/types.ts';
import { physicalPriority, virtualPriority } from '../priorities.ts';
import { AccessedBits } from './accessed-bits.ts';
import { refusesYoung } from './filters.ts';
import type { RecordedPattern, TargetPattern } from './recorded-pattern.ts';
import { ReplayedMemory } from './replayed-memory.ts';

/** What the replay of a pattern is, besides operations: what happens to memory, and its metrics. */
export interface ReplayedWorld {
  readonly operations: Operations;
  readonly metrics: Metrics;
  /** By target. */
  readonly memories: readonly ReplayedMemory[];
  /** Plays accesses up to the present. */
  catchUp(): void;
}

/**
 * Operations on a recorded pattern: targets of the context are those of the pattern, in its order.
 * @param refaultUs microseconds that a process waits for each page that was taken out
 */
export function replayOperations(
  pattern: RecordedPattern,
  id: OperationsId,
  clock: Clock,
  refaultUs: number,
): ReplayedWorld {
  const bits = pattern.targets.map((target) => new AccessedBits(target));
  const memories = pattern.targets.map((target) => new ReplayedMemory(target, refaultUs));
  const catchUp = () => {
    for (const memory of memories) memory.advanceTo(clock.nowUs());
  };
  const layoutOf = pattern.targets.map(() => 0);
  let preparedUs = 0;
  const operations: Operations = {
    id,
    capabilities: replayCapabilities,
    init: (context) => {
      for (const target of context.targets) begin(context, target, pattern.targets[target.index]!);
    },
    prepare: (context, target) => {
      preparedUs = clock.nowUs();
      const { layouts } = pattern.targets[target.index]!;
      let next = layoutOf[target.index]! + 1;
      // What is watched changes when it did in the recording, and not only at an update.
      for (; next < layouts.length && layouts[next]!.fromUs <= preparedUs; next++) {
        context.setRegions(target, inCoreUnits(layouts[next]!.ranges, context));
      }
      layoutOf[target.index] = next - 1;
      drawSamplingAddresses(target.regions, context.random);
    },
    check: ({ addrUnit }, { index, regions }) =>
      bits[index]!.check(regions, addrUnit, preparedUs, clock.nowUs()),
    priority: id === 'paddr' ? physicalPriority : virtualPriority,
    apply: (context, region, outcome) => {
      catchUp();
      apply(context, memories[region.target.index]!, region, outcome);
    },
    residentBytes: ({ addrUnit }, { index }, start, end) =>
      memories[index]!.residentBytes(start * addrUnit, end * addrUnit),
  };
  return { operations, metrics: metricsOf(memories, catchUp), memories, catchUp };
}

/** Regions as they were at the start, with the history that they had by then. */
function begin(context: OperationsContext, target: MonitoredTarget, pattern: TargetPattern): void {
  const { addrUnit, minRegionSize, attrs } = context;
  const { regions } = target;
  const samples = attrs.aggregationIntervalUs / attrs.sampleIntervalUs;
  let behind = 0;
  for (const { start, end, accessShare, ageUs } of pattern.firstRegions) {
    const from = Math.max(alignDown(start / addrUnit, minRegionSize), behind);
    const to = alignUp(end / addrUnit, minRegionSize);
    if (from >= to) continue;
    regions.append(from, to);
    const row = regions.nr - 1;
    regions.lastNrAccesses[row] = Math.round(accessShare * samples);
    regions.age[row] = Math.floor((ageUs ?? 0) / attrs.aggregationIntervalUs);
    behind = to;
  }
}

function apply(
  { addrUnit }: OperationsContext,
  memory: ReplayedMemory,
  region: ChosenRegion,
  outcome: Outcome,
): void {
  const start = region.start * addrUnit;
  const end = region.end * addrUnit;
  const size = region.end - region.start;
  const { action } = region.scheme;
  outcome.applied = action === 'stat' ? 0 : size;
  if (action === 'willneed') memory.bringBack(start, end);
  if (action !== 'pageout') return;
  const { passed, taken } = memory.pageOut(start, end, refusesYoung(region));
  // Advice about virtual addresses succeeds on the whole range or not at all.
  if (region.target.pid !== undefined) return;
  outcome.applied = Math.round(taken / addrUnit);
  outcome.filterPassed = Math.round(passed / addrUnit);
}

function inCoreUnits(
  ranges: readonly AddressRange[],
  { addrUnit }: OperationsContext,
): AddressRange[] {
  return ranges.map(({ start, end }) => ({ start: start / addrUnit, end: end / addrUnit }));
}

function metricsOf(memories: readonly ReplayedMemory[], catchUp: () => void): Metrics {
  const sum = (figure: (memory: ReplayedMemory) => number) => {
    catchUp();
    return Math.floor(memories.reduce((total, memory) => total + figure(memory), 0));
  };
  return {
    someMemoryPressureUs: () => sum(({ sums }) => sums.stallUs),
    // What a recording doesn't tell.
    freeMemoryPermil: () => 0,
    nodeMemory: () => null,
    cgroupMemoryOnNode: () => null,
    activeMemory: () => sum(({ accessedBytes }) => accessedBytes),
    inactiveMemory: () => sum(({ watchedBytes, accessedBytes }) => watchedBytes - accessedBytes),
  };
}

function replayCapabilities(): readonly Capability[] {
  return ACTIONS.map((name) => ({
    name,
    available: true,
    note: CONSEQUENCES[name] ?? 'It is counted; what would come of it is not told by a recording.',
  }));
}

const CONSEQUENCES: Partial<Readonly<Record<Action, string>>> = {
  pageout: 'What is taken out, and what of it is touched again.',
  willneed: 'What is out comes back.',
  stat: 'It only counts.',
};
