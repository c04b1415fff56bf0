import { expect, test } from 'vitest';
import { FakeTree } from '../../testing/fake-tree.ts';
import { nrFreeBlocks } from './free-blocks.ts';

test('areas of 2 MiB count once and of 4 MiB twice, in every zone', () => {
  using tree = new FakeTree({
    'proc/buddyinfo':
      'Node 0, zone    DMA32      9      8      7      6      5      4      3      2      1      3      4\n' +
      'Node 1, zone   Normal     99      0      0      0      0      0      0      0      0      1      0\n',
  });
  expect(nrFreeBlocks(tree.roots)).toBe(3 + 8 + 1);
  tree.remove('proc/buddyinfo');
  expect(nrFreeBlocks(tree.roots)).toBeNull();
});
