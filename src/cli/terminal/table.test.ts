import { expect, test } from 'vitest';
import { formatTable } from './table.ts';

test('numbers stand right, names left, nothing trails', () => {
  const rows = [
    { name: 'a', size: 5 },
    { name: 'longer', size: 12345 },
  ];
  const lines = formatTable(rows, [
    { heading: 'SIZE', text: (row) => String(row.size), align: 'right' },
    { heading: 'NAME', text: (row) => row.name },
  ]);
  expect(lines).toEqual([' SIZE  NAME', '    5  a', '12345  longer']);
});

test('a table without rows is its headings', () => {
  expect(formatTable([], [{ heading: 'A', text: () => '' }])).toEqual(['A']);
});
