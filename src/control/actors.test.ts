import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import type { Roots } from '../host/host.ts';
import { detectActors } from './actors.ts';
import { ownerOf, readKernelDamon } from './kernel-damon.ts';

const base = mkdtempSync(join(tmpdir(), 'thermocline-actors-'));
afterAll(() => rmSync(base, { recursive: true }));
let folder: string;
let roots: Roots;
beforeEach(() => {
  folder = mkdtempSync(join(base, 'case-'));
  roots = { proc: join(folder, 'proc'), sys: join(folder, 'sys'), cgroup: join(folder, 'cgroup') };
  for (const root of Object.values(roots)) mkdirSync(root);
  write({ 'proc/meminfo': 'MemTotal: 1000 kB\nMemFree: 500 kB\n' });
});

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

function addProcess(pid: number, name: string, flags = 0): void {
  const rest = Array.from({ length: 49 }, () => '0');
  rest[5] = String(flags);
  write({ [`proc/${pid}/stat`]: `${pid} (${name}) S 1 ${rest.slice(1).join(' ')}\n` });
}
const KERNEL_THREAD = 0x200000;

const present = () => detectActors(roots).filter((actor) => actor.present);
const noteOf = (name: string) => detectActors(roots).find((actor) => actor.name === name)?.note;

test('on an empty machine nobody is there, and each says so', () => {
  const actors = detectActors(roots);
  expect(present()).toEqual([]);
  expect(actors.map((actor) => actor.name)).toEqual([
    ...['kernel-damon', 'numa-balancing', 'demotion', 'transparent-huge-pages', 'multi-gen-lru'],
    ...['swap', 'zram', 'zswap', 'balloon', 'memory-high'],
    ...['damo', 'memtierd', 'senpai', 'systemd-oomd', 'oomd', 'earlyoom', 'kubelet'],
  ]);
  for (const { note } of actors) expect(note).toMatch(/^\S.* .*\.$/);
});

test.each([
  [
    'numa-balancing',
    { 'proc/sys/kernel/numa_balancing': '1\n' },
    /node of the CPU that uses them:/,
  ],
  ['numa-balancing', { 'proc/sys/kernel/numa_balancing': '2\n' }, /mode 2\) promotes hot pages/],
  ['numa-balancing', { 'proc/sys/kernel/numa_balancing': '3\n' }, /CPU that .* and promotes hot/],
  ['demotion', { 'sys/kernel/mm/numa/demotion_enabled': 'true\n' }, /demotes pages/],
  [
    'transparent-huge-pages',
    { 'sys/kernel/mm/transparent_hugepage/enabled': 'always [madvise] never\n' },
    /\(madvise\)/,
  ],
  ['multi-gen-lru', { 'sys/kernel/mm/lru_gen/enabled': '0x0007\n' }, /accessed bits/],
  ['swap', { 'proc/swaps': 'Filename Type\n/dev/vdb partition 1 0 -2\n' }, /\/dev\/vdb/],
  ['zswap', { 'sys/module/zswap/parameters/enabled': 'Y\n' }, /compressed/],
  ['balloon', { 'sys/bus/virtio/drivers/virtio_balloon/virtio3/x': '' }, /host/],
])('%s is seen', (name, files, note) => {
  write(files as unknown as Record<string, string>);
  expect(present().map((actor) => actor.name)).toEqual([name]);
  expect(noteOf(name)).toMatch(note);
});

test.each([
  { 'proc/sys/kernel/numa_balancing': '0\n' },
  { 'sys/kernel/mm/numa/demotion_enabled': 'false\n' },
  { 'sys/kernel/mm/transparent_hugepage/enabled': 'always madvise [never]\n' },
  { 'sys/kernel/mm/lru_gen/enabled': '0x0000\n' },
  { 'proc/swaps': 'Filename Type\n' },
  { 'sys/module/zswap/parameters/enabled': 'N\n' },
  { 'sys/bus/virtio/drivers/virtio_balloon/bind': '' },
])('what is switched off is not present: %o', (files) => {
  write(files as unknown as Record<string, string>);
  expect(present()).toEqual([]);
});

test('swap on zram is both', () => {
  write({ 'proc/swaps': 'Filename Type\n/dev/zram0 partition 1 0 5\n' });
  expect(present().map((actor) => actor.name)).toEqual(['swap', 'zram']);
});

test('programs are known by the name of their process', () => {
  addProcess(10, 'systemd-oomd');
  addProcess(11, 'senpai.py');
  addProcess(12, 'bash');
  expect(present().map((actor) => actor.name)).toEqual(['senpai', 'systemd-oomd']);
  expect(noteOf('senpai')).toMatch(/^senpai runs \(process 11\)/);
});

test('cgroups with a memory.high are counted', () => {
  write({
    'cgroup/cgroup.controllers': 'cpu memory\n',
    'cgroup/a/memory.current': '1\n',
    'cgroup/a/memory.high': 'max\n',
    'cgroup/a/b/memory.current': '1\n',
    'cgroup/a/b/memory.high': '4096\n',
  });
  expect(noteOf('memory-high')).toMatch(/set on 1 cgroups, \/a\/b for one/);
});

describe("the kernel's DAMON", () => {
  const KDAMONDS = 'sys/kernel/mm/damon/admin/kdamonds';

  test('one that runs in a slot is attributed to that slot', () => {
    addProcess(77, 'kdamond.0', KERNEL_THREAD);
    write({
      [`${KDAMONDS}/nr_kdamonds`]: '2\n',
      [`${KDAMONDS}/0/state`]: 'off\n',
      [`${KDAMONDS}/0/pid`]: '-1\n',
      [`${KDAMONDS}/1/state`]: 'on\n',
      [`${KDAMONDS}/1/pid`]: '77\n',
      [`${KDAMONDS}/1/contexts/0/operations`]: 'paddr\n',
      [`${KDAMONDS}/1/contexts/0/avail_operations`]: 'vaddr\npaddr\n',
    });
    const damon = readKernelDamon(roots);
    expect(damon).toMatchObject({
      hasSysfs: true,
      availableOperations: ['vaddr', 'paddr'],
      slots: [
        { index: 0, isOn: false, pid: null, operations: null },
        { index: 1, isOn: true, pid: 77, operations: 'paddr' },
      ],
      threads: [{ pid: 77, name: 'kdamond.0' }],
    });
    expect(ownerOf(77, damon)).toBe('set up in slot 1 of the sysfs interface');
    expect(noteOf('kernel-damon')).toMatch(/kdamond\.0 \(77\), set up in slot 1 .* never touched/);
  });

  test('one that no slot knows of is most likely that of the module that is on', () => {
    addProcess(78, 'kdamond.0', KERNEL_THREAD);
    write({
      [`${KDAMONDS}/nr_kdamonds`]: '0\n',
      'sys/module/damon_stat/parameters/enabled': 'Y\n',
      'sys/module/damon_reclaim/parameters/enabled': 'N\n',
    });
    const damon = readKernelDamon(roots);
    expect(damon.modulesOn).toEqual(['damon_stat']);
    expect(ownerOf(78, damon)).toBe('most likely of the module damon_stat');
  });

  test('one whose slots can not be read is somebody else’s', () => {
    addProcess(79, 'kdamond.0', KERNEL_THREAD);
    mkdirSync(join(folder, KDAMONDS, '0'), { recursive: true });
    expect(ownerOf(79, readKernelDamon(roots))).toBe('set up by somebody else');
  });

  test('a process that only has the name is not it', () => {
    addProcess(80, 'kdamond.0');
    expect(present()).toEqual([]);
    expect(readKernelDamon(roots).hasSysfs).toBe(false);
  });
});
