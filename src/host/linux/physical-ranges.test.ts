import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { physicalRanges } from './physical-ranges.ts';

const base = mkdtempSync(join(tmpdir(), 'thermocline-physical-'));
afterAll(() => rmSync(base, { recursive: true }));
const roots = { proc: join(base, 'proc'), sys: join(base, 'sys'), cgroup: base };
const MIB = 2 ** 20;

mkdirSync(join(base, 'proc'), { recursive: true });
// 640 KiB, then from 1 MiB to 512 MiB, then from 4 GiB on another 256 MiB.
writeFileSync(
  join(base, 'proc/iomem'),
  [
    '00000000-0009ffff : System RAM',
    '00100000-1fffffff : System RAM',
    '  01000000-01ffffff : Kernel code',
    '100000000-10fffffff : System RAM',
    '',
  ].join('\n'),
);
writeFileSync(
  join(base, 'proc/zoneinfo'),
  [
    ['Node 0, zone    DMA32', 4096, 126_976],
    ['Node 1, zone   Normal', 1_048_576, 65_536],
  ]
    .map(([name, start, spanned]) =>
      [`${name}`, `        spanned  ${spanned}`, `  start_pfn:           ${start}`, ''].join('\n'),
    )
    .join(''),
);
mkdirSync(join(base, 'sys/devices/system/memory'), { recursive: true });
writeFileSync(join(base, 'sys/devices/system/memory/block_size_bytes'), '8000000\n');
for (const [node, blocks] of [
  [0, [0, 1, 2, 3]],
  [1, [32, 33]],
] as const) {
  for (const block of blocks) {
    mkdirSync(join(base, `sys/devices/system/node/node${node}/memory${block}`), {
      recursive: true,
    });
  }
}

const inMib = (memory: Parameters<typeof physicalRanges>[1]) =>
  physicalRanges(roots, memory).map(({ start, end }) => [start / MIB, end / MIB]);

test('all memory, by what iomem lists as RAM', () => {
  expect(inMib({})).toEqual([
    [0, 0.625],
    [1, 512],
    [4096, 4352],
  ]);
});

test('a node, a zone, and what lies in both', () => {
  expect(inMib({ nodes: [1] })).toEqual([[4096, 4352]]);
  expect(inMib({ zones: ['DMA32'] })).toEqual([[16, 512]]);
  expect(inMib({ nodes: [1], zones: ['DMA32'] })).toEqual([]);
  expect(inMib({ nodes: [0, 1], zones: ['DMA32', 'Normal'] })).toEqual([
    [16, 512],
    [4096, 4352],
  ]);
});

test('what is not there is named', () => {
  expect(() => inMib({ nodes: [7] })).toThrow('Node 7 has no memory, or does not exist.');
  expect(() => inMib({ zones: ['High'] })).toThrow(
    'There is no zone High; there are DMA32, Normal.',
  );
});

test('who is not root is told so', () => {
  expect(() => physicalRanges({ ...roots, proc: base }, {})).toThrow('it does so to root only.');
});
