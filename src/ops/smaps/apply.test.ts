import { describe, expect, test } from 'vitest';
import type { ChosenRegion, Outcome } from '../../core/operations.ts';
import { RegionTable } from '../../core/region-table.ts';
import { DEFAULT_SCHEME } from '../../params/defaults.ts';
import type { Filter, Scheme } from '../../params/types.ts';
import { FakeSyscalls } from '../../testing/fake-syscalls.ts';
import { type Actor, DryRunActor, SyscallActor } from './actor.ts';
import { applyToRegion } from './apply.ts';
import { MappingTable } from './mapping-table.ts';
import type { WatchedProcess } from './watched-process.ts';

const PAGE = 4096;
const PID = 12;
const WINDOW_US = 2_000_000;
const NOW_US = 100 * WINDOW_US;

interface Row {
  readonly pages: readonly [start: number, end: number];
  readonly residentPages?: number;
  readonly anonymousPages?: number;
  readonly touchedPages?: number;
  readonly untouchedWindows?: number;
}

function processWith(...rows: readonly Row[]): WatchedProcess {
  const table = new MappingTable();
  table.readAtUs = NOW_US;
  for (const { pages, ...counts } of rows) {
    const row = table.append(pages[0] * PAGE, pages[1] * PAGE);
    const resident = counts.residentPages ?? pages[1] - pages[0];
    table.flags[row] = 0;
    table.residentBytes[row] = resident * PAGE;
    table.anonymousBytes[row] = (counts.anonymousPages ?? resident) * PAGE;
    table.touchedBytes[row] = (counts.touchedPages ?? 0) * PAGE;
    table.untouchedSinceUs[row] = NOW_US - (counts.untouchedWindows ?? 50) * WINDOW_US;
  }
  return { pid: PID, table, isAlive: () => true } as unknown as WatchedProcess;
}

/** Applies a scheme to the whole of pages 0 to 100, as one region that is 5 windows old. */
function applyTo(
  watched: WatchedProcess,
  actor: Actor | null,
  scheme: Partial<Scheme> & Pick<Scheme, 'action'>,
  layer: Partial<Pick<ChosenRegion, 'allowedByCore' | 'rejectUnmatched'>> = {},
  fromNids: readonly number[] = [],
): Outcome {
  const regions = new RegionTable();
  regions.append(0, 100 * PAGE);
  regions.age[0] = 5;
  const outcome = { applied: 0, filterPassed: 0 };
  const region: ChosenRegion = {
    target: { index: 0, pid: PID, regions },
    start: 0,
    end: 100 * PAGE,
    scheme: { ...DEFAULT_SCHEME, ...scheme },
    schemeIndex: 0,
    allowedByCore: false,
    rejectUnmatched: false,
    ...layer,
  };
  applyToRegion(region, outcome, {
    ...{ watched, actor, fromNids },
    aggregationIntervalUs: WINDOW_US,
    pageSizeBytes: PAGE,
  });
  return outcome;
}

describe('acting', () => {
  test('pageout takes what rested through the age of the region, mapping by mapping', () => {
    const syscalls = new FakeSyscalls();
    const watched = processWith(
      { pages: [0, 10] },
      { pages: [10, 20], touchedPages: 1, untouchedWindows: 0 },
      { pages: [20, 30], untouchedWindows: 4 },
      { pages: [30, 40], residentPages: 0 },
      { pages: [90, 120], untouchedWindows: 5 },
    );
    const outcome = applyTo(watched, new SyscallActor(syscalls, PAGE), { action: 'pageout' });
    expect(outcome.applied).toBe(20 * PAGE);
    expect(syscalls.advised).toEqual([
      { pid: PID, start: 0, lengthBytes: 10 * PAGE, advice: 'pageout' },
      { pid: PID, start: 90 * PAGE, lengthBytes: 10 * PAGE, advice: 'pageout' },
    ]);
    expect(syscalls.open.size).toBe(0);
  });

  test('willneed takes memory in use, and what is not resident', () => {
    const syscalls = new FakeSyscalls();
    const watched = processWith(
      { pages: [0, 10], touchedPages: 1 },
      { pages: [10, 20], residentPages: 0 },
    );
    applyTo(watched, new SyscallActor(syscalls, PAGE), { action: 'willneed' });
    expect(syscalls.advised.map(({ start }) => start)).toEqual([0, 10 * PAGE]);
  });

  test('a failed call applies nothing, and is told', () => {
    const syscalls = new FakeSyscalls();
    syscalls.errno = 'EPERM';
    const actor = new SyscallActor(syscalls, PAGE);
    expect(applyTo(processWith({ pages: [0, 9] }), actor, { action: 'cold' }).applied).toBe(0);
    expect(actor.problem).toContain('on process 12, pidfd_open failed');
    syscalls.errno = 'ESRCH';
    const other = new SyscallActor(syscalls, PAGE);
    expect(applyTo(processWith({ pages: [0, 9] }), other, { action: 'cold' }).applied).toBe(0);
    expect(other.problem).toBeNull();
  });

  test('migration moves what is elsewhere, dealt out by weight', () => {
    const syscalls = new FakeSyscalls();
    syscalls.nodeOfPage.set(0, 1);
    const destinations = [
      { nid: 1, weight: 2 },
      { nid: 2, weight: 1 },
    ];
    const watched = processWith({ pages: [0, 6] });
    const actor = new SyscallActor(syscalls, PAGE);
    const outcome = applyTo(watched, actor, { action: 'migrate_cold', destinations });
    expect(outcome.applied).toBe(5 * PAGE);
    const nodes = Array.from({ length: 6 }, (_, page) => syscalls.nodeOfPage.get(page * PAGE));
    expect(nodes).toEqual([1, 1, 2, 1, 1, 2]);
    // No node is asked for.
    expect(applyTo(watched, actor, { action: 'migrate_hot' }).applied).toBe(0);
  });

  test('migration from one node leaves pages of others where they are', () => {
    const syscalls = new FakeSyscalls();
    for (let page = 0; page < 6; page++) syscalls.nodeOfPage.set(page * PAGE, page % 3);
    const actor = new SyscallActor(syscalls, PAGE);
    const scheme = { action: 'migrate_hot', targetNid: 0 } as const;
    expect(applyTo(processWith({ pages: [0, 6] }), actor, scheme, {}, [1]).applied).toBe(2 * PAGE);
    const nodes = Array.from({ length: 6 }, (_, page) => syscalls.nodeOfPage.get(page * PAGE));
    expect(nodes).toEqual([0, 0, 2, 0, 0, 2]);
  });

  test('migration goes through mappings of any size', () => {
    const syscalls = new FakeSyscalls();
    const watched = processWith({ pages: [0, 100_000] });
    const scheme = { action: 'migrate_hot', targetNid: 3 } as const;
    const outcome = applyTo(watched, new SyscallActor(syscalls, PAGE), scheme);
    expect(outcome.applied).toBe(100 * PAGE);
    expect(syscalls.nodeOfPage.size).toBe(100);
  });

  test('a dry run writes calls down and applies nothing', () => {
    const actor = new DryRunActor();
    const watched = processWith({ pages: [1, 3] });
    expect(applyTo(watched, actor, { action: 'pageout' }).applied).toBe(0);
    applyTo(watched, actor, { action: 'migrate_cold', targetNid: 1 });
    expect(actor.calls).toEqual([
      'process_madvise(pid 12, 0x1000-0x3000, MADV_PAGEOUT)',
      'move_pages(pid 12, 0x1000-0x3000, node 1)',
    ]);
  });

  test('a dry run of any length keeps the latest calls', () => {
    const actor = new DryRunActor();
    for (let pages = 2; pages < 1200; pages++) {
      applyTo(processWith({ pages: [1, pages] }), actor, { action: 'cold' });
    }
    expect(actor.calls).toHaveLength(1000);
    expect(actor.calls.at(-1)).toContain('0x1000-0x64000');
  });
});

describe('counting what filters let through', () => {
  const anon = { pages: [0, 10], residentPages: 8 } as const;
  const file = { pages: [10, 20], residentPages: 4, anonymousPages: 0, touchedPages: 2 } as const;
  const mixed = { pages: [20, 30], residentPages: 2, anonymousPages: 1 } as const;
  const watched = processWith(anon, file, mixed);

  test.each<[string, Filter[], boolean, number]>([
    ['no filter', [], false, 14],
    ['allow anon', [{ type: 'anon', matching: true, allow: true }], true, 8],
    ['reject anon', [{ type: 'anon', matching: true, allow: false }], false, 4],
    ['reject young', [{ type: 'young', matching: true, allow: false }], false, 10],
    ['allow young', [{ type: 'young', matching: true, allow: true }], true, 4],
    ['one that needs pages', [{ type: 'active', matching: true, allow: true }], true, 0],
    [
      'the first match decides',
      [
        { type: 'young', matching: true, allow: true },
        { type: 'anon', matching: false, allow: false },
      ],
      false,
      12,
    ],
  ])('%s', (_what, filters, rejectUnmatched, pages) => {
    const outcome = applyTo(watched, null, { action: 'stat', filters }, { rejectUnmatched });
    expect(outcome).toEqual({ applied: 0, filterPassed: pages * PAGE });
  });

  test('memory that the core let through passes', () => {
    const filters: Filter[] = [{ type: 'anon', matching: true, allow: false }];
    const outcome = applyTo(watched, null, { action: 'stat', filters }, { allowedByCore: true });
    expect(outcome.filterPassed).toBe(14 * PAGE);
  });
});
