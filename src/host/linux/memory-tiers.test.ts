import { expect, test } from 'vitest';
import { FakeTree } from '../../testing/fake-tree.ts';
import { readTierFacts } from './memory-tiers.ts';

const MIB = 2 ** 20;

function zone(nid: number, name: string, high: number, firstPage: number, pages: number): string {
  return `Node ${nid}, zone ${name.padStart(8)}
  pages free     100
        min      10
        low      20
        high     ${high}
        spanned  ${pages}
        present  ${pages}
  start_pfn:           ${firstPage}
`;
}

function machine(): FakeTree {
  const node = (nid: number) => `sys/devices/system/node/node${nid}`;
  const initiators = (nid: number) => `${node(nid)}/access0/initiators`;
  const tiers = 'sys/devices/virtual/memory_tiering';
  return new FakeTree({
    'proc/meminfo': 'MemTotal: 1048576 kB\nMemFree: 1024 kB\nSwapTotal: 2048 kB\nSwapFree: 0 kB\n',
    'proc/iomem': '00000000-0fffffff : System RAM\n20000000-3fffffff : System RAM\n',
    'proc/zoneinfo':
      zone(0, 'DMA32', 30, 0, 0x10000) +
      zone(0, 'Normal', 40, 0x20000, 0x10000) +
      zone(1, 'Movable', 7, 0x30000, 0x10000),
    'proc/sys/kernel/numa_balancing': '2\n',
    'sys/kernel/mm/numa/demotion_enabled': 'false\n',
    'sys/devices/system/node/online': '0-1\n',
    [`${node(0)}/meminfo`]: 'Node 0 MemTotal: 524288 kB\nNode 0 MemFree: 1024 kB\n',
    [`${node(0)}/cpulist`]: '0-1\n',
    [`${node(0)}/distance`]: '10 40\n',
    [`${initiators(0)}/read_latency`]: '10\n',
    [`${initiators(0)}/read_bandwidth`]: '20480\n',
    [`${node(1)}/meminfo`]: 'Node 1 MemTotal: 262144 kB\nNode 1 MemFree: 2048 kB\n',
    [`${node(1)}/cpulist`]: '\n',
    [`${node(1)}/distance`]: '40 10\n',
    [`${tiers}/memory_tier4/nodelist`]: '0\n',
    [`${tiers}/memory_tier1800/nodelist`]: '1\n',
    [`${tiers}/uevent`]: '',
  });
}

test('nodes have the tier, the speed and the place that the kernel tells', () => {
  using tree = machine();
  const { nodes, ...rest } = readTierFacts(tree.roots);
  expect(rest).toEqual({ demotionEnabled: false, numaBalancing: 'tiering', swapBytes: 2 * MIB });
  expect(nodes[0]).toMatchObject({
    tier: 4,
    hasCpu: true,
    latencyNs: 10,
    bandwidthBytesPerSecond: 20480 * MIB,
    highWatermarkBytes: 70 * 4096,
    ranges: [
      { start: 0, end: 0x10000000 },
      { start: 0x20000000, end: 0x30000000 },
    ],
  });
  expect(nodes[1]).toMatchObject({
    tier: 1800,
    hasCpu: false,
    latencyNs: null,
    bandwidthBytesPerSecond: null,
    highWatermarkBytes: 7 * 4096,
    ranges: [{ start: 0x30000000, end: 0x40000000 }],
  });
});

test('an old kernel, or no right to see addresses, leaves the fields empty', () => {
  using tree = machine();
  tree.remove('sys/devices/virtual');
  tree.remove('sys/kernel');
  tree.remove('proc/iomem');
  tree.remove('proc/sys/kernel/numa_balancing');
  const { nodes, demotionEnabled, numaBalancing } = readTierFacts(tree.roots);
  expect(nodes.map(({ tier, ranges }) => [tier, ranges])).toEqual([
    [null, []],
    [null, []],
  ]);
  expect({ demotionEnabled, numaBalancing }).toEqual({
    demotionEnabled: null,
    numaBalancing: 'off',
  });
});
