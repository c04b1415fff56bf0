import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../base/clock.ts';
import { KernelRandom } from '../../base/random.ts';
import { Kdamond } from '../../core/kdamond.ts';
import { noMetrics } from '../../core/metrics.ts';
import { SMAPS_DEFAULT_ATTRS } from '../../params/defaults.ts';
import type { Params } from '../../params/types.ts';
import { FakeSyscalls } from '../../testing/fake-syscalls.ts';
import { FakeTree } from '../../testing/fake-tree.ts';
import { type SmapsEntry, smapsText } from '../../testing/smaps-text.ts';
import { checkProcess, ProcessTree, smapsOperations } from './index.ts';

const PAGE = 4096;
const KTHREAD = 0x200000;

function addProcess(tree: FakeTree, pid: number, entries: readonly SmapsEntry[], parent = 1): void {
  writeStat(tree, pid, 'S', { parent });
  tree.write(`proc/${pid}/status`, `Name:\tfake\nVmRSS:\t 1024 kB\n`);
  tree.write(`proc/${pid}/smaps`, smapsText(entries));
  tree.write(`proc/${pid}/clear_refs`, '');
}

interface StatFields {
  readonly parent?: number;
  readonly flags?: number;
  readonly startTicks?: number;
}

function writeStat(tree: FakeTree, pid: number, state: string, fields: StatFields = {}): void {
  const { parent = 1, flags = 0, startTicks = 1000 } = fields;
  const line = `${pid} (fake) ${state} ${parent} 1 1 0 -1 ${flags} 0 0 0 0 1 1 0 0 20 0 1 0`;
  tree.write(`proc/${pid}/stat`, `${line} ${startTicks} 0 0\n`);
}

function paramsFor(...pids: readonly number[]): Params {
  return {
    operations: 'vaddr',
    addrUnit: 1,
    minRegionSize: PAGE,
    attrs: SMAPS_DEFAULT_ATTRS,
    targets: pids.map((pid) => ({ pid, regions: [], obsolete: false })),
    probes: [],
    schemes: [],
    paused: false,
  };
}

function start(tree: FakeTree, pids: readonly number[], followChildren = false) {
  const clock = new VirtualClock();
  const operations = smapsOperations({ roots: tree.roots, pids, clock, followChildren });
  const kdamond = new Kdamond({
    params: paramsFor(...pids),
    operations,
    clock,
    random: new KernelRandom(1),
    metrics: noMetrics,
  });
  const tick = () => {
    const sleepUs = kdamond.step();
    if (sleepUs > 0) clock.advance(sleepUs);
    return sleepUs;
  };
  return { operations, kdamond, tick };
}

const heap: SmapsEntry = { start: 0x10000, end: 0x20000, name: '[heap]', residentKb: 64 };
const guard: SmapsEntry = { start: 0x20000, end: 0x30000, permissions: '---p' };
const stack: SmapsEntry = { start: 0x80000, end: 0x90000, name: '[stack]', residentKb: 8 };

describe('why a process is not watched', () => {
  const sized = (kb: number) => (tree: FakeTree) => {
    addProcess(tree, 7, []);
    tree.write('proc/7/status', `VmRSS:\t${kb} kB\n`);
  };

  test.each<[string, (tree: FakeTree) => void, number, string]>([
    ['no such process', () => {}, 7, 'There is no process 7.'],
    ['no pid', () => {}, -1, '-1 is not a process id; it must be above 0.'],
    ['itself', () => {}, process.pid, `Process ${process.pid} is Thermocline itself`],
    ['a zombie', (tree) => writeStat(tree, 7, 'Z'), 7, 'Process 7 (fake) has ended and only waits'],
    [
      'a kernel thread',
      (tree) => writeStat(tree, 7, 'S', { flags: KTHREAD }),
      7,
      'Process 7 (fake) is a thread of the kernel',
    ],
    ['too large', sized(5 * 2 ** 20), 7, 'Process 7 (fake) holds 5 GiB'],
  ])('%s', (_what, prepare, pid, sentence) => {
    using tree = new FakeTree();
    prepare(tree);
    expect(() => checkProcess(tree.roots, pid, false)).toThrow(sentence);
  });

  test('a large one is watched by force', () => {
    using tree = new FakeTree();
    sized(5 * 2 ** 20)(tree);
    expect(checkProcess(tree.roots, 7, true).pid).toBe(7);
  });
});

describe('watching', () => {
  test('regions follow mappings, clearing and reading take turns', () => {
    using tree = new FakeTree();
    addProcess(tree, 7, [heap, guard, stack]);
    const { operations, kdamond, tick } = start(tree, [7]);
    tick();
    expect(readFileSync(join(tree.roots.proc, '7/clear_refs'), 'utf8')).toBe('1');
    tree.write('proc/7/smaps', smapsText([{ ...heap, touchedKb: 12 }, guard, stack]));
    tick();
    const [first, second, ...rest] = operations.mappings();
    expect(first).toEqual({
      targetIndex: 0,
      pid: 7,
      start: 0x10000,
      end: 0x20000,
      name: '[heap]',
      residentBytes: 65536,
      swappedBytes: 0,
      touchedBytes: 12 * 1024,
      untouchedUs: 0,
    });
    expect(second).toMatchObject({ name: '[stack]', touchedBytes: 0 });
    expect(rest).toEqual([]);
    const { regions } = kdamond.targets[0]!;
    expect(regions.totalSize()).toBe(0x20000);
  });

  test('what was touched before the first clearing is no sample', () => {
    using tree = new FakeTree();
    addProcess(tree, 7, [{ ...heap, touchedKb: 64 }]);
    const { kdamond, tick } = start(tree, [7]);
    tick();
    expect(kdamond.snapshot().nrAccesses.every((count) => count === 0)).toBe(true);
  });

  test('new mappings get regions at the next update, gone ones lose theirs', () => {
    using tree = new FakeTree();
    addProcess(tree, 7, [heap, stack]);
    const { kdamond, tick } = start(tree, [7]);
    tick();
    tree.write('proc/7/smaps', smapsText([stack, { start: 0x100000, end: 0x140000 }]));
    for (let sample = 0; sample < 10; sample++) tick();
    const { regions } = kdamond.targets[0]!;
    expect(regions.start[0]).toBe(0x80000);
    expect(regions.totalSize()).toBe(0x10000 + 0x40000);
  });

  test.each<[string, (tree: FakeTree) => void]>([
    ['ends', (tree) => tree.remove('proc/7')],
    ['becomes a zombie', (tree) => writeStat(tree, 7, 'Z')],
    ['is another with the same pid', (tree) => writeStat(tree, 7, 'S', { startTicks: 2000 })],
  ])('ends when the process %s, and goes on with others till then', (_what, change) => {
    using tree = new FakeTree();
    addProcess(tree, 7, [heap]);
    addProcess(tree, 8, [stack]);
    const { operations, tick } = start(tree, [7, 8]);
    tick();
    tree.write('proc/7/smaps', '');
    change(tree);
    expect(tick()).toBe(SMAPS_DEFAULT_ATTRS.sampleIntervalUs);
    expect(operations.mappings().map(({ pid }) => pid)).toEqual([8]);
    tree.remove('proc/8');
    expect(tick()).toBe(-1);
    expect(operations.mappings()).toEqual([]);
  });

  test('a target that was not named is not watched, and that is said', () => {
    using tree = new FakeTree();
    addProcess(tree, 7, [heap]);
    addProcess(tree, 8, [stack]);
    const { operations, kdamond, tick } = start(tree, [7]);
    tick();
    kdamond.commit(paramsFor(7, 8));
    tick();
    tick();
    expect(operations.mappings().map(({ pid }) => pid)).toEqual([7]);
    expect(operations.caveats.at(-1)).toBe('Target 1 is not watched: process 8 was not named.');
  });

  test('a child that appears later can become a target', () => {
    using tree = new FakeTree();
    addProcess(tree, 7, [heap]);
    const { operations, kdamond, tick } = start(tree, [7], true);
    tick();
    expect(operations.currentPids()).toEqual([7]);
    addProcess(tree, 8, [stack], 7);
    expect(operations.currentPids()).toEqual([7, 8]);
    kdamond.commit(paramsFor(...operations.currentPids()));
    tick();
    tick();
    expect(operations.mappings().map(({ pid }) => pid)).toEqual([7, 8]);
  });
});

describe('the process tree', () => {
  test('keeps grandchildren when their parents end, and leaves out reused pids', () => {
    using tree = new FakeTree();
    addProcess(tree, 7, []);
    addProcess(tree, 8, [], 7);
    addProcess(tree, 9, [], 8);
    addProcess(tree, 10, [], 1);
    const processes = new ProcessTree(tree.roots, [7], true);
    expect(processes.currentPids()).toEqual([7, 8, 9]);
    tree.remove('proc/8');
    writeStat(tree, 9, 'S', { parent: 1 });
    expect(processes.currentPids()).toEqual([7, 9]);
    writeStat(tree, 9, 'S', { parent: 1, startTicks: 5000 });
    expect(processes.currentPids()).toEqual([7]);
  });
});

describe('capabilities', () => {
  const available = (tree: FakeTree, act: boolean) => {
    addProcess(tree, 7, [heap]);
    tree.write('proc/self/status', 'CapEff:\t000001ffffffffff\n');
    tree.write('proc/meminfo', 'MemTotal: 1000 kB\nSwapTotal: 0 kB\n');
    tree.write('sys/devices/system/node/online', '0-1\n');
    const options = { roots: tree.roots, pids: [7], clock: new VirtualClock() };
    const operations = smapsOperations(
      act ? { ...options, act: { syscalls: new FakeSyscalls(), dryRun: true } } : options,
    );
    return operations.capabilities();
  };
  const names = (list: ReturnType<typeof available>) =>
    list.filter((one) => one.available).map(({ name }) => name);

  test('without acting, regions are only counted', () => {
    using tree = new FakeTree();
    expect(names(available(tree, false))).toEqual(['stat', 'anon', 'young']);
  });

  test('acting does what process_madvise and move_pages can', () => {
    using tree = new FakeTree();
    const list = available(tree, true);
    expect(names(list)).toEqual([
      ...['willneed', 'cold', 'pageout', 'collapse', 'migrate_hot', 'migrate_cold', 'stat'],
      ...['anon', 'young'],
    ]);
    expect(list.find(({ name }) => name === 'pageout')!.note).toContain('There is no swap');
  });
});
