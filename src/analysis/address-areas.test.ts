import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AddressAreas, hottestArea } from './address-areas.ts';

type Region = readonly [start: number, end: number, nrAccesses?: number];

function areasOf(...snapshots: readonly (readonly Region[])[]): AddressAreas {
  const areas = new AddressAreas();
  for (const regions of snapshots) {
    areas.add({
      nrRegions: regions.length,
      start: Float64Array.from(regions, ([start]) => start),
      end: Float64Array.from(regions, ([, end]) => end),
      nrAccesses: Uint32Array.from(regions, ([, , count]) => count ?? 0),
    });
  }
  return areas;
}

const bounds = (areas: readonly { start: number; end: number }[]) =>
  areas.map(({ start, end }) => [start, end]);

describe('areas', () => {
  test('are what was covered, with what was accessed in them', () => {
    const areas = areasOf(
      [
        [0, 10, 1],
        [10, 20, 2],
        [100, 110, 5],
      ],
      [[15, 30, 4]],
    );
    expect(areas.covered()).toEqual([
      { start: 0, end: 30, heat: 90 },
      { start: 100, end: 110, heat: 50 },
    ]);
    expect(hottestArea(areas.covered())).toMatchObject({ start: 100 });
    expect(hottestArea([])).toBe(null);
  });

  test('of damo have gaps only where all snapshots have one between two regions', () => {
    const both: Region[] = [
      [0, 10],
      [90, 100],
    ];
    expect(bounds(areasOf(both, both).withoutCommonHoles())).toEqual([
      [0, 10],
      [90, 100],
    ]);
    expect(bounds(areasOf(both, [[90, 100]]).withoutCommonHoles())).toEqual([[0, 100]]);
    expect(bounds(areasOf(both, [[90, 100]]).covered())).toEqual([
      [0, 10],
      [90, 100],
    ]);
  });

  test('are the same in whatever order regions come', () => {
    const region = fc
      .tuple(fc.nat({ max: 60 }), fc.integer({ min: 1, max: 9 }), fc.nat({ max: 3 }))
      .map(([start, size, count]): Region => [start, start + size, count]);
    fc.assert(
      fc.property(fc.array(fc.array(region)), (snapshots) => {
        const all = snapshots.flat();
        const heatAt = (address: number) =>
          all.some(([start, end]) => start <= address && address < end);
        const expected: [number, number][] = [];
        for (let address = 0; address < 70; address++) {
          if (!heatAt(address)) continue;
          const last = expected.at(-1);
          if (last?.[1] === address) last[1] += 1;
          else expected.push([address, address + 1]);
        }
        const covered = areasOf(...snapshots).covered();
        expect(bounds(covered)).toEqual(expected);
        const heat = all.reduce((sum, [start, end, count]) => sum + (end - start) * count!, 0);
        expect(covered.reduce((sum, area) => sum + area.heat, 0)).toBe(heat);
      }),
    );
  });
});
