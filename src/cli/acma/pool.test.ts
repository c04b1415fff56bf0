/** `acma pool` as people run it. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FakeTree } from '../../testing/fake-tree.ts';

const program = fileURLToPath(new URL('../../../bin/thermocline.js', import.meta.url));
const example = fileURLToPath(
  new URL('../../../examples/scenarios/contiguous-pool.yaml', import.meta.url),
);

let tree: FakeTree;
let child: ChildProcess | null = null;
beforeEach(() => {
  tree = new FakeTree({
    'proc/meminfo': 'MemTotal: 4194304 kB\nMemFree: 1048576 kB\nInactive(file): 1024 kB\n',
    'proc/buddyinfo': 'Node 0, zone Normal 9 9 9 9 9 9 9 9 9 1 1\n',
    'proc/pressure/memory': 'some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n',
    'proc/sys/vm/compact_memory': '',
    'proc/sys/kernel/osrelease': '7.3.4\n',
    'sys/devices/system/cpu/online': '0\n',
    'cgroup/cgroup.controllers': 'memory\n',
    'cgroup/memory.reclaim': '',
  });
});
afterEach(() => {
  child?.kill('SIGKILL');
  child = null;
  tree[Symbol.dispose]();
});

const pool = (...args: string[]) =>
  spawnSync(process.execPath, [program, 'acma', 'pool', ...args], {
    encoding: 'utf8',
    env: tree.env,
  });

test('plan says how it stands and what a run would write', () => {
  const { stdout, status } = pool('plan', '--target', '512M');
  expect(status).toBe(0);
  expect(stdout).toContain('6 MiB ready of 512 MiB; 1018 MiB are free in smaller pieces');
  expect(stdout).toMatch(/echo 1 > .*compact_memory, every 10 s at most/);
  const plan = JSON.parse(pool('plan', '--target', '512M', '--json').stdout);
  expect(plan).toMatchObject({ readyBytes: 6 * 2 ** 20, targetBytes: 2 ** 29 });
});

test('run reports each step, answers status, and leaves one run behind in the journal', async () => {
  child = spawn(process.execPath, [program, 'acma', 'pool', 'run', '--target', '512M', '--json'], {
    env: tree.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [piece] = (await once(child.stdout!, 'data')) as [Buffer];
  expect(JSON.parse(piece.toString())).toMatchObject({
    ...{ readyBytes: 6 * 2 ** 20, targetBytes: 2 ** 29, calls: [] },
    why: 'It has not been calm for long enough.',
  });
  const { runs } = JSON.parse(pool('status', '--json').stdout);
  expect(runs).toMatchObject([{ state: 'acting', latest: [{ targetBytes: 2 ** 29 }] }]);
  expect(pool('run', '--target', '1G').stderr).toMatch(/does the same already/);
  const others = spawnSync(process.execPath, [program, 'acma', 'status'], {
    encoding: 'utf8',
    env: tree.env,
  });
  expect(others.stdout).toBe('No run of acma is known here.\n');
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await exited).toEqual([143, null]);
});

test('a target below one block is refused with a way out', () => {
  const { stderr, status } = pool('plan', '--target', '1M');
  expect(status).toBe(2);
  expect(stderr).toContain('--target is 1 MiB; memory is made ready in blocks of 2 MiB');
});

test('simulate says how demands were met, with the pool and without', () => {
  const { stdout, status } = pool('simulate', example, '--json', '--every', '50s');
  expect(status).toBe(0);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines[2]).toMatchObject({ timeUs: 150_000_000, readyBytes: 2 ** 29, lentBytes: 0 });
  const { figures } = lines[8];
  expect(figures.atOnceShare).toBe(1);
  expect(figures.withoutPoolAtOnceShare).toBeCloseTo(0.24);
  expect(figures.overLimitShare).toBeLessThan(0.02);
});
