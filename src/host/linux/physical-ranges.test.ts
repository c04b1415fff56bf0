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
// 640 KiB, then from 1 MiB to 512 MiB, then from 4 GiB on another 256 MiB, half of it CXL memory.
writeFileSync(
  join(base, 'proc/iomem'),
  [
    '00000000-0009ffff : System RAM',
    '00100000-1fffffff : System RAM',
    '  01000000-01ffffff : Kernel code',
    '100000000-107ffffff : System RAM',
    '108000000-10fffffff : CXL Window 0',
    '  108000000-10fffffff : dax0.0',
    '    108000000-10fffffff : System RAM (kmem)',
    '',
  ].join('\n'),
);
writeFileSync(
  join(base, 'proc/zoneinfo'),
  [
    ['Node 0, zone      DMA', 1, 4095],
    ['Node 0, zone    DMA32', 4096, 126_976],
    ['Node 0, zone  Movable', 65_536, 32_768],
    ['Node 1, zone   Normal', 1_048_576, 65_536],
  ]
    .map(([name, start, spanned]) =>
      [`${name}`, `        spanned  ${spanned}`, `  start_pfn:           ${start}`, ''].join('\n'),
    )
    .join(''),
);
mkdirSync(join(base, 'sys/devices/system/memory'), { recursive: true });
writeFileSync(join(base, 'sys/devices/system/memory/block_size_bytes'), '8000000\n');
// The third block was taken out of DMA32, which still spans it; the fourth is offline.
for (const [node, block, zone, state] of [
  [0, 0, 'none', 'online'],
  [0, 1, 'DMA32', 'online'],
  [0, 2, 'Movable', 'online'],
  [0, 3, 'DMA32 Movable', 'offline'],
  [1, 32, 'Normal', 'online'],
  [1, 33, 'Normal', 'online'],
] as const) {
  const folder = join(base, `sys/devices/system/memory/memory${block}`);
  mkdirSync(join(folder, `node${node}`), { recursive: true });
  mkdirSync(join(base, `sys/devices/system/node/node${node}/memory${block}`), { recursive: true });
  writeFileSync(join(folder, 'phys_index'), `${block.toString(16).padStart(8, '0')}\n`);
  writeFileSync(join(folder, 'state'), `${state}\n`);
  writeFileSync(join(folder, 'valid_zones'), `${zone}\n`);
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
  expect(inMib({ zones: ['Normal'] })).toEqual([[4096, 4352]]);
  expect(inMib({ nodes: [1], zones: ['DMA32'] })).toEqual([]);
  expect(inMib({ nodes: [0, 1], zones: ['DMA32', 'Normal'] })).toEqual([
    [16, 256],
    [4096, 4352],
  ]);
});

test('a zone is what is online in it, and not all that it spans', () => {
  expect(inMib({ zones: ['DMA'] })).toEqual([
    [4 / 1024, 0.625],
    [1, 16],
  ]);
  expect(inMib({ zones: ['DMA32'] })).toEqual([[16, 256]]);
  expect(inMib({ zones: ['Movable'] })).toEqual([[256, 384]]);
});

test('what is not there is named', () => {
  expect(() => inMib({ nodes: [7] })).toThrow('Node 7 has no memory, or does not exist.');
  expect(() => inMib({ zones: ['High'] })).toThrow(
    'There is no zone High; there are DMA, DMA32, Movable, Normal.',
  );
});

test('who is not root is told so', () => {
  expect(() => physicalRanges({ ...roots, proc: base }, {})).toThrow('it does so to root only.');
});
