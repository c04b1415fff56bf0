import { afterEach, expect, test } from 'vitest';
import { FakeTree } from '../../testing/fake-tree.ts';
import { readMemoryBlocks, readZoneUse } from './memory-blocks.ts';

let tree: FakeTree | null = null;
afterEach(() => tree?.[Symbol.dispose]());

const MEMORY = 'sys/devices/system/memory';
const block = (number: number, zones: string, state = 'online') => ({
  [`${MEMORY}/memory${number}/phys_index`]: `${number.toString(16).padStart(8, '0')}\n`,
  [`${MEMORY}/memory${number}/state`]: `${state}\n`,
  [`${MEMORY}/memory${number}/removable`]: '1\n',
  [`${MEMORY}/memory${number}/valid_zones`]: `${zones}\n`,
  [`${MEMORY}/memory${number}/node1/cpulist`]: '',
});

test('blocks with their addresses, nodes and zones', () => {
  tree = new FakeTree({
    [`${MEMORY}/block_size_bytes`]: '8000000\n',
    ...block(10, 'Movable Normal'),
    ...block(9, 'none', 'offline'),
  });
  expect(readMemoryBlocks(tree.roots)).toEqual({
    blockBytes: 128 * 2 ** 20,
    blocks: [
      {
        ...{ block: 9, startBytes: 9 * 2 ** 27, state: 'offline', removable: true },
        ...{ nid: 1, zone: 'none' },
      },
      {
        ...{ block: 10, startBytes: 10 * 2 ** 27, state: 'online', removable: true },
        ...{ nid: 1, zone: 'Movable' },
      },
    ],
  });
});

test('a kernel without blocks is named with the way out', () => {
  tree = new FakeTree();
  const { roots } = tree;
  expect(() => readMemoryBlocks(roots)).toThrow(/CONFIG_MEMORY_HOTPLUG/);
});

test('zones by zoneinfo, of each node', () => {
  tree = new FakeTree({
    'proc/zoneinfo': `Node 0, zone   Normal
  pages free     5
        high     22
        managed  4000
      nr_free_pages 1683
Node 1, zone  Movable
        high     2
        managed  300
      nr_free_pages 100
`,
  });
  expect([...readZoneUse(tree.roots)]).toEqual([
    ['0 Normal', { managedBytes: 4000 * 4096, freeBytes: 1683 * 4096, reserveBytes: 22 * 4096 }],
    ['1 Movable', { managedBytes: 300 * 4096, freeBytes: 100 * 4096, reserveBytes: 2 * 4096 }],
  ]);
});
