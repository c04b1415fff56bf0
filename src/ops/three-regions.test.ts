import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { threeRegions } from './three-regions.ts';

interface Vector {
  readonly vmas: readonly [number, number][];
  readonly err: number;
  readonly regions?: readonly [number, number][];
}

const vectors: readonly Vector[] = JSON.parse(
  readFileSync(
    new URL('../../test/conformance/vectors/unit/three_regions.json', import.meta.url),
    'utf8',
  ),
);

test('finds the three regions that the kernel finds', () => {
  expect(vectors.length).toBeGreaterThan(10);
  for (const { vmas, err, regions } of vectors) {
    const found = threeRegions(
      vmas.map(([start, end]) => ({ start, end })),
      4096,
    );
    expect(found?.map(({ start, end }) => [start, end]) ?? null).toEqual(err ? null : regions);
  }
});

test('aligns every boundary up', () => {
  const vmas = [
    { start: 100, end: 200 },
    { start: 5000, end: 5100 },
    { start: 9000, end: 9001 },
  ];
  expect(threeRegions(vmas, 64)).toEqual([
    { start: 128, end: 256 },
    { start: 5056, end: 5120 },
    { start: 9024, end: 9024 },
  ]);
});

test('has no answer without mappings', () => {
  expect(threeRegions([], 4096)).toBeNull();
});
