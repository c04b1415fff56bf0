import { expect, test } from 'vitest';
import { FakeTree } from '../../testing/fake-tree.ts';
import { memoryTiers } from './memory-tiers.ts';

test('tells each node, its tier, and what would go where', () => {
  const node = (nid: number) => `sys/devices/system/node/node${nid}`;
  using tree = new FakeTree({
    'proc/meminfo': 'MemTotal: 786432 kB\nMemFree: 1024 kB\nSwapTotal: 2048 kB\n',
    'sys/devices/system/node/online': '0-1\n',
    [`${node(0)}/meminfo`]: 'Node 0 MemTotal: 524288 kB\nNode 0 MemFree: 131072 kB\n',
    [`${node(0)}/cpulist`]: '0-1\n',
    [`${node(0)}/distance`]: '10 40\n',
    [`${node(0)}/access0/initiators/read_latency`]: '100\n',
    [`${node(1)}/meminfo`]: 'Node 1 MemTotal: 262144 kB\nNode 1 MemFree: 262144 kB\n',
    [`${node(1)}/cpulist`]: '\n',
    [`${node(1)}/distance`]: '40 10\n',
    [`${node(1)}/access0/initiators/read_latency`]: '400\n',
  });
  expect(memoryTiers(tree.roots)).toEqual([
    {
      name: 'node-0',
      status: 'note',
      sentence:
        'Node 0 has 512 MiB, 128 MiB free, 100 ns away. It is in tier 0 of 2 by latency: its cold ' +
        'pages would go down to node 1.',
    },
    {
      name: 'node-1',
      status: 'note',
      sentence:
        'Node 1 has 256 MiB, 256 MiB free, without CPUs, 400 ns away. It is in tier 1 of 2 by ' +
        'latency: its hot pages would go up to node 0.',
    },
  ]);
});
