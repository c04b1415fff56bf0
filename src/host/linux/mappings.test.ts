import { afterAll, expect, test } from 'vitest';
import { FakeTree } from '../../testing/fake-tree.ts';
import { mappingRanges, readMappings } from './mappings.ts';

const tree = new FakeTree({
  'proc/7/maps': `1000-2000 r--p 00000000 fe:00 12   /usr/lib/libc.so.6
2000-4000 r-xp 00001000 fe:00 12   /usr/lib/libc.so.6
5000-6000 rw-p 00003000 fe:00 12   /usr/lib/libc.so.6
9000-b000 rw-p 00000000 00:00 0    [heap]
20000-30000 rw-p 00000000 00:00 0 
30000-34000 rw-p 00000000 00:00 0    [stack]
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0    [vsyscall]
`,
});
afterAll(() => tree[Symbol.dispose]());

test('mappings are those with addresses of the process', () => {
  expect(readMappings(tree.roots, 7)).toHaveLength(6);
  expect(readMappings(tree.roots, 8)).toEqual([]);
});

test('ranges are those of all mappings of a name, neighbours joined', () => {
  expect(mappingRanges(tree.roots, 7, ['[heap]'])).toEqual([{ start: 0x9000, end: 0xb000 }]);
  expect(mappingRanges(tree.roots, 7, ['[stack]', 'libc.so.6'])).toEqual([
    { start: 0x1000, end: 0x4000 },
    { start: 0x5000, end: 0x6000 },
    { start: 0x30000, end: 0x34000 },
  ]);
});

test('what has no name is named by its addresses, and only whole mappings are meant', () => {
  expect(mappingRanges(tree.roots, 7, ['20000-34000'])).toEqual([{ start: 0x20000, end: 0x34000 }]);
  expect(() => mappingRanges(tree.roots, 7, ['20000-21000'])).toThrow(/has no mapping 20000-21000/);
});

test('a name that is not there is answered with those that are', () => {
  expect(() => mappingRanges(tree.roots, 7, ['[heep]'])).toThrow(
    'Process 7 has no mapping [heep]; it has /usr/lib/libc.so.6, [heap], [stack] (/proc/7/maps).',
  );
  expect(() => mappingRanges(tree.roots, 8, ['[heap]'])).toThrow(/no mappings that can be read/);
});
