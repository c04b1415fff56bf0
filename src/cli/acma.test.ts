/** `acma` as people run it, on a tree that stands for a machine. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FakeTree } from '../testing/fake-tree.ts';

const program = fileURLToPath(new URL('../../bin/thermocline.js', import.meta.url));
const example = fileURLToPath(
  new URL('../../examples/scenarios/auto-scaling.yaml', import.meta.url),
);
const KNOBS = ['--cgroup', '/db', '--min', '256M', '--max', '2G'];

let tree: FakeTree;
const started: ChildProcess[] = [];
beforeEach(() => {
  tree = new FakeTree({
    'proc/meminfo': 'MemTotal: 8388608 kB\nMemFree: 2097152 kB\n',
    'proc/buddyinfo': 'Node 0, zone Normal 1 1 1 1 1 1 1 1 1 1 1\n',
    'proc/sys/kernel/osrelease': '7.3.4\n',
    'sys/devices/system/cpu/online': '0\n',
    'cgroup/cgroup.controllers': 'memory\n',
    'cgroup/db/memory.current': '104857600\n',
    'cgroup/db/memory.high': 'max\n',
    'cgroup/db/memory.max': 'max\n',
    'cgroup/db/memory.reclaim': '',
    'cgroup/db/memory.stat': 'inactive_file 10485760\n',
    'cgroup/db/memory.pressure': 'some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n',
  });
});
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  tree[Symbol.dispose]();
});

const env = () => ({
  ...process.env,
  THERMOCLINE_STATE_DIR: join(tree.folder, 'state'),
  THERMOCLINE_PROC_ROOT: tree.roots.proc,
  THERMOCLINE_SYSFS_ROOT: tree.roots.sys,
  THERMOCLINE_CGROUP_ROOT: tree.roots.cgroup,
});
const acma = (...args: string[]) =>
  spawnSync(process.execPath, [program, 'acma', ...args], { encoding: 'utf8', env: env() });
const high = () => readFileSync(join(tree.roots.cgroup, 'db/memory.high'), 'latin1').trim();

/** A run that has taken its first step. */
async function startRun(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [program, 'acma', 'run', ...KNOBS], {
    env: env(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.push(child);
  await once(child.stdout!, 'data');
  expect(high()).toBe(String(2 * 2 ** 30));
  return child;
}

async function eventually(condition: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 1500 && !condition(); attempt++) await sleep(10);
  expect(condition()).toBe(true);
}

test('plan says what a run may write, and writes nothing', () => {
  const { stdout, status } = acma('plan', ...KNOBS);
  expect(status).toBe(0);
  expect(stdout).toContain('cgroup /db: 100 MiB in use, 10 MiB of it cold\n');
  expect(stdout).toMatch(/echo BYTES > .*db\/memory.high \(afterwards max again\)/);
  const plan = JSON.parse(acma('plan', ...KNOBS, '--json').stdout);
  expect(plan).toMatchObject({ minBytes: 2 ** 28, totalBytes: 2 ** 31, nrFreeBlocks: 3 });
  expect(high()).toBe('max');
});

test('shadow recommends and writes nothing', () => {
  const { stdout, status } = acma('shadow', ...KNOBS, '--for', '1s', '--json');
  expect(status).toBe(0);
  const [first] = stdout.split('\n').map((line) => line && JSON.parse(line));
  expect(first).toMatchObject({ name: 'cgroup /db', mode: 'shadow', usedBytes: 104857600 });
  expect(high()).toBe('max');
});

test('run holds the size, answers status, and puts the limit back when it is ended', async () => {
  const child = await startRun();
  const { runs } = JSON.parse(acma('status', '--json').stdout);
  expect(runs).toMatchObject([{ state: 'acting', pid: child.pid, latest: { maxBytes: 2 ** 31 } }]);
  expect(acma('run', ...KNOBS).stderr).toMatch(/does the same already/);
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await exited).toEqual([143, null]);
  expect(high()).toBe('max');
  expect(acma('status').stdout).toMatch(
    /^finished {2}process \d+: thermocline acma run on cgroup \/db\n$/,
  );
});

test('killed, its guard puts the limit back', async () => {
  const child = await startRun();
  child.kill('SIGKILL');
  await eventually(() => high() === 'max');
});

test('simulate says what came of a simulated guest', () => {
  const { stdout, status } = acma('simulate', example, '--json', '--every', '100s');
  expect(status).toBe(0);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines).toHaveLength(4);
  expect(lines[1]).toMatchObject({ timeUs: 200_000_000, minBytes: 2 ** 28, maxBytes: 2 ** 31 });
  expect(lines[3].figures.overLimitShare).toBeLessThan(0.05);
});

test.each([
  [['--min', '3G', '--max', '2G'], '--min 3 GiB is above --max 2 GiB; swap them.'],
  [['--min', '0', '--max', '1M'], '--max is 1 MiB; memory is scaled in blocks of 2 MiB'],
  [['--min', '1G', '--max', '2G', '--pressure', '0'], '--pressure has to be above 0'],
])('%j is refused with a way out', (knobs, message) => {
  const { stderr, status } = acma('plan', '--cgroup', '/db', ...knobs);
  expect(status).toBe(2);
  expect(stderr).toContain(`thermocline: ${message}`);
});

test('a cgroup that is not there is named', () => {
  const { stderr, status } = acma('run', '--cgroup', '/none', '--min', '1G', '--max', '2G');
  expect(status).toBe(1);
  expect(stderr).toMatch(/^thermocline: .*none has no memory.current/);
});
