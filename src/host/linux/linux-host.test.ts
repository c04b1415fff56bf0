import { describe, expect, test } from 'vitest';
import { FakeTree } from '../../testing/fake-tree.ts';
import { LinuxHost } from './linux-host.ts';
import { resolveRoots } from './roots.ts';

const MIB = 2 ** 20;

const meminfo = `MemTotal:        8388608 kB
MemFree:         2097152 kB
MemAvailable:    4194304 kB
Active:          1000 kB
Inactive:        3000 kB
SwapTotal:       1048576 kB
SwapFree:        1048000 kB
HugePages_Total:       0
`;

const psi = `some avg10=0.00 avg60=0.10 avg300=0.00 total=123456
full avg10=0.00 avg60=0.00 avg300=0.00 total=7890
`;

/** As the kernel writes it, with all fields up to the start time. */
function statLine(pid: number, name: string, state: string, parent: number, flags = 0): string {
  const faults = `${flags} 0 0 17 0`;
  return `${pid} (${name}) ${state} ${parent} 1 1 0 -1 ${faults} 1 1 0 0 20 0 1 0 4242 0 0\n`;
}

function machine(): FakeTree {
  return new FakeTree({
    'proc/meminfo': meminfo,
    'proc/sys/kernel/osrelease': '7.3.4-1-amd64\n',
    'proc/pressure/memory': psi,
    'sys/devices/system/cpu/online': '0-2,5\n',
    'sys/devices/system/node/online': '0,2\n',
    'sys/devices/system/node/node0/meminfo': 'Node 0 MemTotal: 4096 kB\nNode 0 MemFree: 1024 kB\n',
    'sys/devices/system/node/node0/cpulist': '0-2,5\n',
    'sys/devices/system/node/node0/distance': '10 20\n',
    'sys/devices/system/node/node2/meminfo': 'Node 2 MemTotal: 8192 kB\nNode 2 MemFree: 8000 kB\n',
    'sys/devices/system/node/node2/cpulist': '\n',
    'sys/devices/system/node/node2/distance': '20 10\n',
  });
}

describe('facts', () => {
  test('come from the files below the roots', () => {
    using tree = machine();
    const facts = new LinuxHost(tree.roots).facts();
    expect(facts).toMatchObject({
      kernelRelease: '7.3.4-1-amd64',
      pageSizeBytes: 4096,
      nrCpus: 4,
      memory: {
        totalBytes: 8192 * MIB,
        freeBytes: 2048 * MIB,
        availableBytes: 4096 * MIB,
        swapTotalBytes: 1024 * MIB,
        swapFreeBytes: 1_048_000 * 1024,
      },
      pressure: { someUs: 123456, fullUs: 7890 },
    });
    expect(facts.nodes).toEqual([
      { nid: 0, totalBytes: 4 * MIB, freeBytes: MIB, hasCpu: true, distances: [10, 0, 20] },
      {
        nid: 2,
        totalBytes: 8 * MIB,
        freeBytes: 8000 * 1024,
        hasCpu: false,
        distances: [20, 0, 10],
      },
    ]);
  });

  test('know swap devices by kind, zswap, and where memory and its zones lie', () => {
    using tree = machine();
    tree.write(
      'proc/swaps',
      'Filename\tType\tSize\tUsed\tPriority\n' +
        '/dev/zram0\tpartition\t1024\t4\t100\n/swap.img\tfile\t2048\t0\t-2\n',
    );
    tree.write('sys/module/zswap/parameters/enabled', 'Y\n');
    tree.write(
      'proc/iomem',
      '00000000-00000fff : Reserved\n00001000-0009ffff : System RAM\n' +
        '00100000-bfffffff : System RAM\n  01000000-01ffffff : Kernel code\n',
    );
    tree.write(
      'proc/zoneinfo',
      'Node 0, zone      DMA\n        spanned  4095\n  start_pfn:           1\n' +
        'Node 0, zone  Movable\n        spanned  0\n',
    );
    expect(new LinuxHost(tree.roots).facts()).toMatchObject({
      swapDevices: [
        { path: '/dev/zram0', kind: 'zram', totalBytes: MIB, usedBytes: 4096 },
        { path: '/swap.img', kind: 'disk', totalBytes: 2 * MIB, usedBytes: 0 },
      ],
      zswap: true,
      memoryRanges: [
        { start: 0x1000, end: 0xa0000 },
        { start: MIB, end: 3072 * MIB },
      ],
      zones: [{ nid: 0, name: 'DMA', range: { start: 4096, end: 4096 * 4096 } }],
    });
  });

  test('without swap and without the right to see addresses there are none', () => {
    using tree = machine();
    tree.write('proc/iomem', '00000000-00000000 : System RAM\n');
    const { swapDevices, zswap, memoryRanges, zones } = new LinuxHost(tree.roots).facts();
    expect({ swapDevices, zswap, memoryRanges, zones }).toEqual({
      ...{ swapDevices: [], zswap: false, memoryRanges: [], zones: [] },
    });
  });

  test('a kernel without NUMA has one node, and one without PSI no pressure', () => {
    using tree = machine();
    tree.remove('sys/devices/system/node');
    tree.remove('proc/pressure');
    const { nodes, pressure } = new LinuxHost(tree.roots).facts();
    expect(nodes).toEqual([
      { nid: 0, totalBytes: 8192 * MIB, freeBytes: 2048 * MIB, hasCpu: true, distances: [10] },
    ]);
    expect(pressure).toBeNull();
  });

  test('a missing file is named in one sentence', () => {
    using tree = machine();
    tree.remove('proc/meminfo');
    expect(() => new LinuxHost(tree.roots).facts()).toThrow(
      `${tree.roots.proc}/meminfo can't be read: it does not exist (ENOENT).`,
    );
  });

  test('of this machine make sense', () => {
    const { memory, pageSizeBytes, nrCpus, nodes } = new LinuxHost(resolveRoots({}, {})).facts();
    expect(memory.totalBytes).toBeGreaterThan(memory.freeBytes);
    expect(Math.log2(pageSizeBytes) % 1).toBe(0);
    expect(nrCpus).toBeGreaterThan(0);
    expect(nodes.length).toBeGreaterThan(0);
  });
});

describe('processes', () => {
  test('those that have no memory say why', () => {
    using tree = machine();
    tree.write('cgroup/cgroup.controllers', 'cpu memory\n');
    tree.write('proc/9/stat', statLine(9, 'odd) (name', 'S', 1));
    tree.write('proc/9/status', 'Name:\todd\nVmRSS:\t    2048 kB\nVmSwap:\t      12 kB\n');
    tree.write('proc/9/cgroup', '0::/system.slice/odd.service\n');
    tree.write('proc/9/smaps', '');
    tree.write('proc/10/stat', statLine(10, 'gone', 'Z', 9));
    tree.write('proc/11/stat', statLine(11, 'kswapd0', 'S', 2, 0x200000));
    tree.write('proc/version', 'not a process');
    const [odd, zombie, kernelThread, ...rest] = new LinuxHost(tree.roots).processes();
    expect(odd).toEqual({
      pid: 9,
      parentPid: 1,
      name: 'odd) (name',
      residentBytes: 2 * MIB,
      swappedBytes: 12 * 1024,
      majorFaults: 17,
      cgroup: '/system.slice/odd.service',
      unreadable: null,
    });
    expect(zombie!.unreadable).toContain('has ended');
    expect(kernelThread!.unreadable).toContain('thread of the kernel');
    expect(rest).toEqual([]);
  });

  test('this process is found, with its memory', () => {
    const processes = new LinuxHost(resolveRoots({}, {})).processes();
    const self = processes.find(({ pid }) => pid === process.pid)!;
    expect(self.residentBytes).toBeGreaterThan(MIB);
    expect(self.unreadable).toBeNull();
  });
});

describe('cgroups', () => {
  test('are read with parents first', () => {
    using tree = machine();
    tree.write('cgroup/cgroup.controllers', 'cpu memory\n');
    tree.write('cgroup/memory.stat', 'workingset_refault_anon 1\nworkingset_refault_file 2\n');
    tree.write('cgroup/a/memory.current', '1048576\n');
    tree.write('cgroup/a/memory.swap.current', '4096\n');
    tree.write('cgroup/a/memory.pressure', psi);
    tree.write('cgroup/a/b/memory.current', '512\n');
    tree.write('cgroup/a/b/memory.stat', 'anon 5\nworkingset_refault_file 9\n');
    tree.write('cgroup/no-accounting/cgroup.procs', '');
    const cgroups = new LinuxHost(tree.roots).cgroups();
    expect(cgroups.map(({ path }) => path)).toEqual(['/', '/a', '/a/b']);
    expect(cgroups[0]).toMatchObject({ currentBytes: 6144 * MIB, refaults: 3 });
    expect(cgroups[1]).toEqual({
      path: '/a',
      currentBytes: MIB,
      swappedBytes: 4096,
      refaults: 0,
      pressure: { someUs: 123456, fullUs: 7890 },
      unreadable: null,
    });
    expect(cgroups[2]).toMatchObject({ currentBytes: 512, swappedBytes: 0, refaults: 9 });
  });

  test.each([
    ['version 1', {}, 'is not a cgroup version 2 tree'],
    ['no memory controller', { 'cgroup/cgroup.controllers': 'hugetlb\n' }, 'no memory controller'],
  ])('%s: the root alone says why', (_what, files, reason) => {
    using tree = new FakeTree(files);
    const cgroups = new LinuxHost(tree.roots).cgroups();
    expect(cgroups).toHaveLength(1);
    expect(cgroups[0]!.path).toBe('/');
    expect(cgroups[0]!.unreadable).toContain(reason);
  });
});
