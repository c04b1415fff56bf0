import { expect, test } from 'vitest';
import { FakeTree } from '../../testing/fake-tree.ts';
import { readReclaimCounters } from './reclaim-counters.ts';

test('what goes to zram is no write to a disk, and its pool is memory', () => {
  using tree = new FakeTree({
    'proc/vmstat':
      'workingset_refault_anon 10\nworkingset_refault_file 5\npswpout 100\nnr_vmscan_write 120\n' +
      'allocstall_dma32 3\nallocstall_normal 4\n',
    'proc/meminfo': 'MemTotal: 1000 kB\nZswap: 4 kB\n',
    'sys/block/zram0/mm_stat': '  409600  100000  123456        0   123456  0 0 0 0\n',
    'sys/block/zram0/stat': ' 1 0 8 0 100 0 800 0 0 0 0\n',
    'sys/block/sda/stat': ' 1 0 8 0 100 0 999999 0 0 0 0\n',
  });
  expect(readReclaimCounters(tree.roots)).toEqual({
    refaultedBytes: 15 * 4096,
    poolBytes: 123_456 + 4096,
    // 120 pages were written, of which 800 sectors went to zram.
    diskWriteBytes: 120 * 4096 - 800 * 512,
    stalledAllocations: 7,
  });
});

test('a machine without any of it has zeros', () => {
  using tree = new FakeTree();
  expect(readReclaimCounters(tree.roots)).toEqual({
    ...{ refaultedBytes: 0, poolBytes: 0, diskWriteBytes: 0, stalledAllocations: 0 },
  });
});
