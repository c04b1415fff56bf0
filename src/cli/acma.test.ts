/** `acma` as people run it, on a tree that stands for a machine. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FakeAgent } from '../testing/fake-agent.ts';
import { FakeQemu } from '../testing/fake-qemu.ts';
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

const acma = (...args: string[]) =>
  spawnSync(process.execPath, [program, 'acma', ...args], { encoding: 'utf8', env: tree.env });
const high = () => readFileSync(join(tree.roots.cgroup, 'db/memory.high'), 'latin1').trim();

/** A run that has taken its first step. */
async function startRun(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [program, 'acma', 'run', ...KNOBS], {
    env: tree.env,
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

/** The same of a guest, and the line that it has printed. */
async function startGuestRun(socket: string): Promise<{ child: ChildProcess; line: string }> {
  const words = ['acma', 'run', '--qemu', socket, '--min', '256M', '--max', '2G'];
  const child = spawn(process.execPath, [program, ...words], {
    env: tree.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.push(child);
  const [piece] = (await once(child.stdout!, 'data')) as [Buffer];
  return { child, line: piece.toString() };
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
  expect(runs).toMatchObject([
    { state: 'acting', pid: child.pid, latest: [{ maxBytes: 2 ** 31 }] },
  ]);
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

test('run steers a guest by its balloon, answers status, and lets go of it when it is ended', async () => {
  const socket = join(tree.folder, 'vm.qmp');
  await using qemu = await FakeQemu.listen(socket, 4 * 2 ** 30, 2 ** 28);
  const { child, line } = await startGuestRun(socket);
  // More than its maximum: down it goes, 128 MiB at a time.
  expect(line).toMatch(/vm\.qmp .* The maximum is lower than the size\.\n$/);
  expect(qemu.orders).toEqual(['poll 1', `balloon ${(4096 - 128) * 2 ** 20}`]);
  const status = spawn(process.execPath, [program, 'acma', 'status', '--json'], { env: tree.env });
  let told = '';
  for await (const piece of status.stdout!.setEncoding('utf8')) told += piece;
  expect(JSON.parse(told).runs[0]).toMatchObject({
    description: `thermocline acma run on guest ${socket}`,
    latest: [{ name: `guest ${socket}`, pressureFrom: expect.stringMatching(/^a proxy/) }],
  });
  child.kill('SIGINT');
  await once(child, 'exit');
  expect(qemu.orders.slice(-3)).toEqual(['poll 0', `balloon ${4 * 2 ** 30}`, 'poll 0']);
});

test('killed, its guard lets go of the guest', async () => {
  const socket = join(tree.folder, 'vm.qmp');
  await using qemu = await FakeQemu.listen(socket, 4 * 2 ** 30, 2 ** 28);
  const { child } = await startGuestRun(socket);
  expect(qemu.targetBytes).toBeLessThan(4 * 2 ** 30);
  child.kill('SIGKILL');
  while (qemu.pollingSeconds !== 0) await sleep(20);
  expect(qemu.targetBytes).toBe(4 * 2 ** 30);
});

test('a guest that cooperates is found by its port, and killed, its guard gives its blocks back', async () => {
  const socket = join(tree.folder, 'vm.qmp');
  await using qemu = await FakeQemu.listen(socket, 2 ** 30, 2 ** 28);
  const device = qemu.addMemoryDevice(3 * 2 ** 30);
  await using _agent = await FakeAgent.listen(join(tree.folder, 'vm.agent'), qemu);
  const { child, line } = await startGuestRun(socket);
  expect(line).toMatch(/vm\.qmp .* The maximum is lower than the size\.\n$/);
  expect(qemu.orders).toEqual([`request ${(3072 - 128) * 2 ** 20}`]);
  child.kill('SIGKILL');
  while (device.requestedBytes !== 3 * 2 ** 30) await sleep(20);
  expect(qemu.orders.slice(1)).toContain(`request ${3 * 2 ** 30}`);
});

test('plan of a guest that cooperates says so, and puts back each thing as it was', async () => {
  const socket = join(tree.folder, 'vm.qmp');
  await using qemu = await FakeQemu.listen(socket, 2 ** 30, 2 ** 28);
  qemu.addMemoryDevice(2 ** 30);
  await using _agent = await FakeAgent.listen(join(tree.folder, 'vm.agent'), qemu);
  const words = ['acma', 'plan', '--qemu', socket, '--min', '1G', '--max', '2G'];
  const plan = spawn(process.execPath, [program, ...words], { env: tree.env });
  let text = '';
  for await (const piece of plan.stdout!.setEncoding('utf8')) text += piece;
  expect(text).toMatch(/pressure comes from the guest's memory pressure, by its agent/);
  expect(text).toMatch(/memory0 requested-size BYTES, .* \(afterwards 1073741824 again\)/);
  expect(text).toMatch(/guest-stats-polling-interval 1, .* \(afterwards 0 again\)/);
  expect(qemu.orders).toEqual([]);
});

test('plan of guests says where its figures come from', async () => {
  const sockets = ['a.qmp', 'b.qmp'].map((name) => join(tree.folder, name));
  await using _a = await FakeQemu.listen(sockets[0]!, 4 * 2 ** 30, 2 ** 28);
  await using _b = await FakeQemu.listen(sockets[1]!, 4 * 2 ** 30, 2 ** 29);
  const words = ['acma', 'plan', '--qemu', ...sockets, '--min', '256M', '--max', '2G'];
  const plan = spawn(process.execPath, [program, ...words], { env: tree.env });
  let text = '';
  for await (const piece of plan.stdout!.setEncoding('utf8')) text += piece;
  expect(text).toMatch(/a\.qmp: 256 MiB in use/);
  expect(text).toMatch(/b\.qmp: 512 MiB in use/);
  expect(text).toMatch(/pressure comes from a proxy: 100 us for each major fault/);
});

test('says what to name', () => {
  const knobs = ['--min', '256M', '--max', '2G'];
  const both = acma('run', ...KNOBS, '--qemu', 'x');
  expect(both.stderr).toMatch(/either --cgroup, or --qemu/);
  expect(acma('plan', ...knobs).stderr).toMatch(/either --cgroup, or --qemu/);
  const none = acma('plan', ...knobs, '--qemu', join(tree.folder, 'none'));
  expect(none.stderr).toMatch(/can't be connected to \(ENOENT\); name the socket of QEMU's option/);
});

test('a cgroup that is not there is named', () => {
  const { stderr, status } = acma('run', '--cgroup', '/none', '--min', '1G', '--max', '2G');
  expect(status).toBe(1);
  expect(stderr).toMatch(/^thermocline: .*none has no memory.current/);
});

test('options of an agent that go with another one say so', () => {
  const words = [program, 'agent', '--handover', 'damon_stat'];
  const { stderr, status } = spawnSync(process.execPath, words, { encoding: 'utf8' });
  expect(status).toBe(2);
  expect(stderr).toMatch(/--cold-age and --handover go with --damon/);
});
