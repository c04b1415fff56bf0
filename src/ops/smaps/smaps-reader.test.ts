import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FakeTree } from '../../testing/fake-tree.ts';
import { type SmapsEntry, smapsText } from '../../testing/smaps-text.ts';
import { MappingTable } from './mapping-table.ts';
import { SmapsReader } from './smaps-reader.ts';

const KB = 1024;

function readText(text: string, before = new MappingTable()): MappingTable {
  using tree = new FakeTree({ 'proc/1/smaps': text });
  const table = new MappingTable();
  const descriptor = openSync(join(tree.roots.proc, '1/smaps'), 'r');
  new SmapsReader().read(descriptor, table, before);
  closeSync(descriptor);
  return table;
}

test('all figures of a mapping are read', () => {
  const table = readText(
    smapsText([
      {
        start: 0x55d0c0a00000,
        end: 0x55d0c0a21000,
        inode: 260850,
        name: '/tmp/with blanks (deleted)',
        residentKb: 132,
        touchedKb: 8,
        anonymousKb: 64,
        swappedKb: 12,
      },
      // More digits than the column has.
      { start: 0x7f0000000000, end: 0x7fff00000000, residentKb: 123_456_789, touchedKb: 3 },
    ]),
  );
  expect(table.nr).toBe(2);
  expect(table.name).toEqual(['/tmp/with blanks (deleted)', '']);
  expect([table.start[0], table.end[0]]).toEqual([0x55d0c0a00000, 0x55d0c0a21000]);
  expect(table.inode[0]).toBe(260850);
  expect(table.residentBytes[0]).toBe(132 * KB);
  expect(table.touchedBytes[0]).toBe(8 * KB);
  expect(table.anonymousBytes[0]).toBe(64 * KB);
  expect(table.swappedBytes[0]).toBe(12 * KB);
  expect(table.residentBytes[1]).toBe(123_456_789 * KB);
  expect(table.touchedBytes[1]).toBe(3 * KB);
});

test('what is no memory of the process is told apart', () => {
  const mapping = (start: number, rest: Partial<SmapsEntry>) => ({
    start,
    end: start + 0x1000,
    ...rest,
  });
  const text = smapsText([
    mapping(0x1000, { name: '[heap]' }),
    mapping(0x2000, { name: '[vvar]', permissions: 'r--p' }),
    mapping(0x3000, { name: '[vdso]', permissions: 'r-xp' }),
    mapping(0x4000, { name: '/dev/mem', flags: 'rd wr sh mr mw me ms io pf dd' }),
    mapping(0x5000, { name: '/dev/hugepages/a', flags: 'rd wr ht' }),
    mapping(0x6000, { permissions: '---p' }),
    // A reservation that once was in use still holds pages.
    mapping(0x7000, { permissions: '---p', residentKb: 4 }),
  ]);
  const beyond =
    'ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0     [vsyscall]\nRss: 1 kB\n';
  const table = readText(text + beyond);
  expect(table.nr).toBe(7);
  const watched = table.name.map((_name, row) => table.isWatched(row));
  expect(watched).toEqual([true, false, false, false, false, false, true]);
});

test('a mapping that comes again while it changes counts once', () => {
  const table = readText(
    smapsText([
      { start: 0x1000, end: 0x5000, residentKb: 16 },
      { start: 0x2000, end: 0x6000, residentKb: 99 },
      { start: 0x6000, end: 0x7000, residentKb: 4 },
    ]),
  );
  expect(Array.from(table.residentBytes.subarray(0, table.nr))).toEqual([16 * KB, 4 * KB]);
});

test('mappings are recognised while start, end and file stay', () => {
  const before = readText(
    smapsText([
      { start: 0x1000, end: 0x2000, inode: 1, name: 'same' },
      { start: 0x2000, end: 0x3000, inode: 2, name: 'grown' },
      { start: 0x5000, end: 0x6000, inode: 3, name: 'replaced' },
    ]),
  );
  const table = readText(
    smapsText([
      { start: 0x0, end: 0x1000, name: 'new' },
      { start: 0x1000, end: 0x2000, inode: 1, name: 'not read again' },
      { start: 0x2000, end: 0x4000, inode: 2, name: 'grown' },
      { start: 0x5000, end: 0x6000, inode: 4, name: 'other' },
    ]),
    before,
  );
  expect(Array.from(table.sameRow.subarray(0, 4))).toEqual([-1, 0, -1, -1]);
  expect(table.name).toEqual(['new', 'same', 'grown', 'other']);
});

test('text that is no smaps at all is survived', () => {
  const word = fc.constantFrom('1000-2000', 'Rss:', '4 kB', 'VmFlags:', 'ht', '-', '\n', ' ', 'ff');
  fc.assert(
    fc.property(fc.array(word, { maxLength: 60 }), (words) => {
      const table = readText(`${words.join(' ')}\n`);
      expect(table.nr).toBeLessThanOrEqual(1);
    }),
    { numRuns: 50 },
  );
});

test('no memory, no mappings', () => {
  expect(readText('').nr).toBe(0);
});

test('any number of mappings comes through whole, wherever the buffer ends', () => {
  const entry = fc.record({
    gap: fc.integer({ min: 0, max: 9 }),
    pages: fc.integer({ min: 1, max: 1e9 }),
    kb: fc.integer({ min: 0, max: 1e11 }),
    nameLength: fc.integer({ min: 0, max: 300 }),
  });
  fc.assert(
    fc.property(fc.array(entry, { minLength: 1, maxLength: 900, size: 'max' }), (drawn) => {
      let end = 0;
      const entries = drawn.map(({ gap, pages, kb, nameLength }) => {
        const start = end + gap * 4096;
        end = start + pages * 4096;
        return { start, end, residentKb: kb, touchedKb: kb >> 1, name: 'n'.repeat(nameLength) };
      });
      const table = readText(smapsText(entries));
      expect(table.nr).toBe(entries.length);
      expect(table.name).toEqual(entries.map(({ name }) => name));
      const columns = (row: number) => [table.start[row], table.end[row], table.residentBytes[row]];
      entries.forEach((one, row) => {
        expect(columns(row)).toEqual([one.start, one.end, one.residentKb * KB]);
      });
    }),
    { numRuns: 10 },
  );
});
