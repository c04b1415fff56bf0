import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FakeTree } from '../../testing/fake-tree.ts';
import { LoosePool } from './loose-pool.ts';
import { PoolLoop } from './pool-loop.ts';

const MIB = 2 ** 20;

let tree: FakeTree;
let nowUs: number;
const asked: number[] = [];
beforeEach(() => {
  nowUs = 0;
  asked.length = 0;
  tree = new FakeTree({
    'proc/meminfo': meminfo(1024),
    // Three blocks: one of 2 MiB, one area of 4 MiB.
    'proc/buddyinfo': 'Node 0, zone Normal 9 9 9 9 9 9 9 9 9 1 1\n',
    'proc/pressure/memory': 'some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n',
    'proc/sys/vm/compact_memory': '',
    'proc/sys/kernel/osrelease': '7.3.4\n',
    'sys/devices/system/cpu/online': '0\n',
    'cgroup/memory.reclaim': '',
  });
});
afterEach(() => tree[Symbol.dispose]());

function meminfo(freeMib: number): string {
  const rows = { MemTotal: 4096, MemFree: freeMib, 'Inactive(file)': 300, 'Inactive(anon)': 200 };
  return Object.entries(rows)
    .map(([name, mib]) => `${name}: ${mib * 1024} kB\n`)
    .join('');
}

const open = () =>
  new LoosePool({
    roots: tree.roots,
    clock: { nowUs: () => nowUs },
    lever: {
      reclaim(bytes) {
        asked.push(bytes);
        return Promise.resolve(bytes);
      },
    },
  });
const compacted = () =>
  readFileSync(join(tree.roots.proc, 'sys/vm/compact_memory'), 'latin1') === '1';

/** Steps through so many seconds; returns the last report. */
async function seconds(loop: PoolLoop, nr: number) {
  let report = await loop.step();
  for (let second = 1; second < nr; second++) {
    nowUs += 1_000_000;
    report = await loop.step();
  }
  return report;
}

const KNOBS = { targetBytes: 512 * MIB, pressureShare: 0.001, tryEveryMs: 10_000 };

test('what is ready, scattered and cold is read from the kernel', () => {
  expect(open().observe()).toMatchObject({
    nrReady: 3,
    freeBytes: 1018 * MIB,
    // No swap: unused anonymous memory has nowhere to go.
    coldBytes: 300 * MIB,
  });
});

test('after ten calm seconds the kernel is asked to compact', async () => {
  const loop = new PoolLoop(open(), KNOBS);
  expect(await seconds(loop, 10)).toMatchObject({ calls: [], nrCompactions: 0 });
  expect(compacted()).toBe(false);
  nowUs += 1_000_000;
  const report = await loop.step();
  expect(report.calls).toEqual([`echo 1 > ${join(tree.roots.proc, 'sys/vm/compact_memory')}`]);
  expect(report).toMatchObject({ nrCompactions: 1, readyBytes: 6 * MIB });
  expect(compacted()).toBe(true);
});

test('where free memory is short, cold memory is asked to leave', async () => {
  tree.write('proc/meminfo', meminfo(100));
  const report = await seconds(new PoolLoop(open(), KNOBS), 11);
  expect(asked).toEqual([128 * MIB]);
  expect(report).toMatchObject({ reclaimedBytes: 128 * MIB, nrCompactions: 0 });
});

test('nothing is written under pressure, or where somebody else steers the same', async () => {
  const loop = new PoolLoop(open(), KNOBS);
  await seconds(loop, 10);
  tree.write('proc/pressure/memory', 'some avg10=0.00 avg60=0.00 avg300=0.00 total=9000\n');
  nowUs += 1_000_000;
  expect(await loop.step()).toMatchObject({
    calls: [],
    pressureShare: 0.009,
    why: 'More time is lost than acceptable.',
  });
  expect(compacted()).toBe(false);
});

test('full swap holds it, and what was not tried was not in vain', async () => {
  tree.write('proc/meminfo', `${meminfo(1024)}SwapTotal: 1000 kB\nSwapFree: 0 kB\n`);
  const report = await seconds(new PoolLoop(open(), KNOBS), 12);
  expect(report.verdict.state).toBe('stop');
  expect(report).toMatchObject({ calls: [], nrCompactions: 0 });
  expect(compacted()).toBe(false);
});

test('what a kernel lacks is named, and this machine is refused in tests', () => {
  tree.remove('proc/pressure/memory');
  expect(open).toThrow(/pressure\/memory can't be read/);
  const real = { proc: '/proc', sys: '/sys', cgroup: '/sys/fs/cgroup' };
  expect(() => new LoosePool({ roots: real })).toThrow(/no pool on this machine/);
});
