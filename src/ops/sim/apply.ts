/** What schemes do to simulated memory, and how much of it succeeds (spec 3.1, 3.3). */
import { alignUp } from '../../base/arithmetic.ts';
import type { ChosenRegion, Outcome } from '../../core/operations.ts';
import {
  type MappedRun,
  PAGE_SIZE,
  type PageRange,
  runsWithin,
  type Segment,
  type SimProcess,
  type SimulatedMachine,
  segmentsOf,
} from '../../host/sim/index.ts';
import { type Action, DEFAULT_BLOCK_ORDER, type Destination } from '../../params/types.ts';
import { hasOperationsFilters, judge } from './filters.ts';

/** Interleaved pages change their destination every 2 MiB. */
const INTERLEAVE_PAGES = 512;

/** Does an action on pages of one mapping; returns the pages on which it succeeded. */
type Deed = (range: PageRange) => number;

/** Applies a scheme to a virtual address range of a process. */
export function applyVirtual(
  machine: SimulatedMachine,
  process: SimProcess,
  region: ChosenRegion,
  outcome: Outcome,
): void {
  const { action, filters, destinations, targetNid } = region.scheme;
  const start = alignUp(region.start, PAGE_SIZE);
  const length = alignUp(region.end - region.start, PAGE_SIZE);
  const runs = runsWithin(machine.mappedPages(process), start, start + length);
  const advise = adviceOf(machine, action);
  if (advise !== null) {
    for (const { vma, first, end } of runs) advise({ vma, start: first, end });
    // A hole anywhere makes the whole call fail, though what is mapped was worked on.
    const mapped = runs.reduce((sum, { first, end }) => sum + end - first, 0) * PAGE_SIZE;
    outcome.applied = mapped === length ? length : 0;
  } else if (action === 'migrate_hot' || action === 'migrate_cold') {
    const migrate: Deed =
      destinations.length === 0
        ? (range) => machine.actions.migrate(range, targetNid)
        : (range) => interleave(machine, range, destinations);
    outcome.applied =
      actOnPassing(machine, region, residentSegments(runs), migrate).acted * PAGE_SIZE;
  } else if (action === 'stat' && hasOperationsFilters(filters)) {
    const { passed } = actOnPassing(machine, region, residentSegments(runs), () => 0);
    outcome.filterPassed = passed * PAGE_SIZE;
  }
}

/**
 * Applies a scheme to a physical address range.
 * @param frames pages in use by physical address, as they were when the pass began
 */
export function applyPhysical(
  machine: SimulatedMachine,
  frames: readonly MappedRun[],
  addrUnit: number,
  region: ChosenRegion,
  outcome: Outcome,
): void {
  const { action, filters, blockOrder = DEFAULT_BLOCK_ORDER } = region.scheme;
  if (action === 'alloc' || action === 'free') {
    const first = Math.ceil((region.start * addrUnit) / PAGE_SIZE);
    const last = Math.floor((region.end * addrUnit) / PAGE_SIZE);
    const pages = machine.actions[action](first, last, blockOrder);
    outcome.applied = (pages * PAGE_SIZE) / addrUnit;
    return;
  }
  const act = physicalDeed(machine, region);
  if (act === null || (action === 'stat' && !hasOperationsFilters(filters))) return;
  const runs = runsWithin(frames, region.start * addrUnit, region.end * addrUnit);
  const { acted, passed } = actOnPassing(machine, region, unmovedSegments(runs), act);
  outcome.applied = (acted * PAGE_SIZE) / addrUnit;
  outcome.filterPassed = (passed * PAGE_SIZE) / addrUnit;
}

function actOnPassing(
  machine: SimulatedMachine,
  region: ChosenRegion,
  segments: readonly Segment[],
  act: Deed,
): { acted: number; passed: number } {
  // All verdicts come before the first deed: acting cuts extents that later segments refer to.
  const verdicts = segments.map((segment) => judge(segment, region, machine.nowUs));
  let acted = 0;
  let passed = 0;
  for (const [index, { vma, start, end }] of segments.entries()) {
    const { pages, testedYoung, mixes } = verdicts[index]!;
    if (mixes) {
      machine.actions.tell({ vma, start, end: start + pages }, mixes.passed);
      machine.actions.tell({ vma, start: start + pages, end }, mixes.kept);
    }
    if (testedYoung) machine.actions.clearYoung({ vma, start, end });
    if (pages > 0) acted += act({ vma, start, end: start + pages });
    passed += pages;
  }
  return { acted, passed };
}

/** Actions that are advice to the kernel about virtual addresses. */
function adviceOf(machine: SimulatedMachine, action: Action): ((range: PageRange) => void) | null {
  switch (action) {
    case 'pageout':
      return (range) => machine.actions.pageOut(range);
    case 'willneed':
      return (range) => machine.actions.willNeed(range);
    case 'cold':
      return (range) => machine.actions.setLru(range, -1);
    case 'hugepage':
    case 'collapse':
      return (range) => setHuge(machine, range, true);
    case 'nohugepage':
      return (range) => setHuge(machine, range, false);
    default:
      return null;
  }
}

function physicalDeed(machine: SimulatedMachine, { scheme }: ChosenRegion): Deed | null {
  switch (scheme.action) {
    case 'pageout':
      return (range) => machine.actions.pageOut(range);
    case 'lru_prio':
      return (range) => machine.actions.setLru(range, 1);
    case 'lru_deprio':
      return (range) => machine.actions.setLru(range, -1);
    case 'migrate_hot':
    case 'migrate_cold':
      return (range) => machine.actions.migrate(range, scheme.targetNid);
    case 'stat':
      return () => 0;
    default:
      return null;
  }
}

/** Only whole 2 MiB can be mapped by huge pages. */
function setHuge(machine: SimulatedMachine, { vma, start, end }: PageRange, huge: boolean): void {
  const first = Math.ceil(start / INTERLEAVE_PAGES) * INTERLEAVE_PAGES;
  const last = Math.floor(end / INTERLEAVE_PAGES) * INTERLEAVE_PAGES;
  if (first < last) machine.actions.setHuge({ vma, start: first, end: last }, huge);
}

/** Spreads pages over nodes by weight; a page's place in its mapping decides where it belongs. */
function interleave(
  machine: SimulatedMachine,
  { vma, start, end }: PageRange,
  destinations: readonly Destination[],
): number {
  const total = destinations.reduce((sum, { weight }) => sum + weight, 0);
  let moved = 0;
  for (let first = start; total > 0 && first < end; ) {
    const block = Math.floor(first / INTERLEAVE_PAGES);
    const last = Math.min(end, (block + 1) * INTERLEAVE_PAGES);
    let turn = block % total;
    const destination = destinations.find(({ weight }) => {
      turn -= weight;
      return turn < 0;
    })!;
    moved += machine.actions.migrate({ vma, start: first, end: last }, destination.nid);
    first = last;
  }
  return moved;
}

function residentSegments(runs: readonly MappedRun[]): Segment[] {
  return runs
    .flatMap(({ vma, first, end }) => segmentsOf(vma, first, end))
    .filter(({ extent }) => extent.location >= 0);
}

/** What of `runs` still is in the frames where it was. */
function unmovedSegments(runs: readonly MappedRun[]): Segment[] {
  return runs.flatMap(({ vma, first, end, address }) =>
    segmentsOf(vma, first, end).filter(({ extent, start }) => {
      const frame = address / PAGE_SIZE + start - first;
      return extent.location >= 0 && extent.frame + start - extent.start === frame;
    }),
  );
}
