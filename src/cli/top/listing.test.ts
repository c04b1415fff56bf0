import { expect, test } from 'vitest';
import type { CgroupFacts, HostReader, ProcessFacts } from '../../host/host.ts';
import { formatListing, type SortKey, takeListing } from './listing.ts';

const process = (pid: number, name: string, facts: Partial<ProcessFacts> = {}): ProcessFacts => ({
  ...{ pid, parentPid: 1, name, residentBytes: 4096, swappedBytes: 0, majorFaults: 0 },
  ...{ cgroup: null, unreadable: null, ...facts },
});
const cgroup = (path: string, facts: Partial<CgroupFacts> = {}): CgroupFacts => ({
  ...{ path, currentBytes: 0, swappedBytes: 0, refaults: 0, pressure: null, unreadable: null },
  ...facts,
});

function hostOf(processes: ProcessFacts[], cgroups: CgroupFacts[] = []): HostReader {
  return {
    roots: { proc: '/proc', sys: '/sys', cgroup: '/sys/fs/cgroup' },
    facts: () => expect.fail('a listing needs no facts'),
    processes: () => [...processes],
    cgroups: () => [...cgroups],
  };
}

const denied = (pid: number) =>
  `/proc/${pid}/smaps can't be read: you need to be its owner or root (EACCES).`;

test.each<[SortKey, number[]]>([
  ['rss', [2, 1, 3]],
  ['swap', [3, 1, 2]],
  ['refaults', [1, 3, 2]],
  ['name', [2, 3, 1]],
])('sorted by %s, then by pid', (key, pids) => {
  const host = hostOf([
    process(1, 'c', { majorFaults: 9 }),
    process(2, 'a', { residentBytes: 8192 }),
    process(3, 'b', { swappedBytes: 4096, majorFaults: 1 }),
  ]);
  expect(takeListing(host, 'processes', key).processes?.map(({ pid }) => pid)).toEqual(pids);
});

test('processes without memory are left out; reasons are counted once each', () => {
  const host = hostOf([
    process(1, 'init', { unreadable: denied(1) }),
    process(2, 'kthreadd', { residentBytes: 0, unreadable: 'Process 2 (kthreadd) is a thread.' }),
    process(30, 'db', { unreadable: denied(30) }),
    process(4, 'mine'),
  ]);
  const listing = takeListing(host, 'processes', 'rss');
  expect(listing.processes?.map(({ pid }) => pid)).toEqual([1, 4, 30]);
  expect(listing.unreadable).toEqual([
    { reason: 'you need to be its owner or root (EACCES).', count: 2 },
  ]);
  expect(formatListing(listing, 100)).toEqual([
    'PID  MEMORY  SWAPPED  MAJOR FAULTS  NAME',
    '  1   4 KiB      0 B             0  init',
    '  4   4 KiB      0 B             0  mine',
    ' 30   4 KiB      0 B             0  db',
    "2 processes can't be watched: you need to be its owner or root (EACCES).",
  ]);
});

test('never longer than the terminal, and never without a row', () => {
  const listing = takeListing(
    hostOf([1, 2, 3, 4].map((pid) => process(pid, 'p'))),
    'processes',
    'rss',
  );
  expect(formatListing(listing, 3)).toHaveLength(3);
  expect(formatListing(listing, 0)).toHaveLength(2);
});

test('names that would steer the terminal are shown without that', () => {
  const listing = takeListing(hostOf([process(1, 'a\x1b[2Jb')]), 'processes', 'rss');
  expect(formatListing(listing, 9)[1]).toMatch(/a\?\[2Jb$/);
});

test('cgroups have memory, swap and refaults', () => {
  const host = hostOf(
    [],
    [
      cgroup('/', { currentBytes: 2 ** 30 }),
      cgroup('/a', { currentBytes: 2 ** 31, swappedBytes: 4096, refaults: 7 }),
      cgroup('/b', { unreadable: "/x/memory.current can't be read: no (EACCES)." }),
    ],
  );
  expect(formatListing(takeListing(host, 'cgroups', 'rss'), 9)).toEqual([
    'MEMORY  SWAPPED  REFAULTS  CGROUP',
    ' 2 GiB    4 KiB         7  /a',
    ' 1 GiB      0 B         0  /',
    "1 cgroup can't be read: no (EACCES).",
  ]);
});

test('a machine without cgroups says why instead of showing an empty table', () => {
  const host = hostOf([], [cgroup('/', { unreadable: 'It is not version 2.' })]);
  expect(() => takeListing(host, 'cgroups', 'rss')).toThrow(
    expect.objectContaining({ code: 'TC_UNSUPPORTED', message: 'It is not version 2.' }),
  );
});
