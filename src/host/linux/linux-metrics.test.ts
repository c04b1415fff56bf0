import { expect, test } from 'vitest';
import { FakeTree } from '../../testing/fake-tree.ts';
import { LinuxMetrics } from './linux-metrics.ts';

const numaStat = `anon N0=9 N1=9
inactive_anon N0=1000 N1=1
active_anon N0=200 N1=20
inactive_file N0=30 N1=300
active_file N0=4 N1=4000
`;

test('metrics are read anew each time', () => {
  using tree = new FakeTree({
    'proc/pressure/memory': 'some avg10=0.00 total=5000\nfull avg10=0.00 total=1\n',
    'proc/meminfo': 'MemTotal: 1000 kB\nMemFree: 333 kB\nActive: 40 kB\nInactive: 60 kB\n',
    'sys/devices/system/node/node1/meminfo': 'Node 1 MemTotal: 64 kB\nNode 1 MemFree: 16 kB\n',
    'cgroup/a/memory.numa_stat': numaStat,
  });
  using metrics = new LinuxMetrics(tree.roots);
  expect(metrics.someMemoryPressureUs()).toBe(5000);
  expect(metrics.freeMemoryPermil()).toBe(333);
  expect(metrics.activeMemory()).toBe(40);
  expect(metrics.inactiveMemory()).toBe(60);
  expect(metrics.nodeMemory(1)).toEqual({ total: 65536, free: 16384 });
  expect(metrics.cgroupMemoryOnNode('/a', 0)).toBe(1234);
  expect(metrics.cgroupMemoryOnNode('/a', 1)).toBe(4321);

  tree.write('proc/pressure/memory', 'some avg10=0.00 total=77\nfull avg10=0.00 total=1\n');
  tree.write('proc/meminfo', 'MemTotal: 1000 kB\nMemFree: 10 kB\n');
  expect(metrics.someMemoryPressureUs()).toBe(77);
  expect(metrics.freeMemoryPermil()).toBe(10);
  // The text got shorter, and what stood behind it is not read any more.
  expect(metrics.activeMemory()).toBe(0);
});

test('what the system does not tell counts as no pressure and no such place', () => {
  using tree = new FakeTree();
  using metrics = new LinuxMetrics(tree.roots);
  expect(metrics.someMemoryPressureUs()).toBe(0);
  expect(metrics.freeMemoryPermil()).toBe(1000);
  expect(metrics.nodeMemory(0)).toBeNull();
  expect(metrics.nodeMemory(-1)).toBeNull();
  expect(metrics.cgroupMemoryOnNode('/none', 0)).toBeNull();
  expect(metrics.activeMemory()).toBe(0);
});
