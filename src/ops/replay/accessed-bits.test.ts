import fc from 'fast-check';
import { expect, test } from 'vitest';
import { handMadePattern } from '../../../test/hand-made-pattern.ts';
import { RegionTable } from '../../core/region-table.ts';
import { AccessedBits } from './accessed-bits.ts';

const MIB = 2 ** 20;

function table(...ranges: [start: number, end: number][]): RegionTable {
  const regions = new RegionTable();
  for (const [start, end] of ranges) regions.append(start, end);
  return regions;
}

/** Samples the middle of each region every `intervalUs` up to `untilUs`. */
function sample(bits: AccessedBits, regions: RegionTable, intervalUs: number, untilUs: number) {
  for (let fromUs = 0; fromUs < untilUs; fromUs += intervalUs) {
    for (let row = 0; row < regions.nr; row++) {
      regions.samplingAddress[row] = (regions.start[row]! + regions.end[row]!) / 2;
    }
    bits.check(regions, 1, fromUs, fromUs + intervalUs);
  }
  return [...regions.nrAccesses.subarray(0, regions.nr)];
}

test('what lies in a recorded region counts exactly what was recorded', () => {
  const counts = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 3, maxLength: 3 });
  fc.assert(
    fc.property(counts, fc.integer({ min: 1, max: 8 }), (recorded, nrWindows) => {
      const rows = recorded.map((count, row) => [row * MIB, (row + 1) * MIB, count]);
      const pattern = handMadePattern(Array.from({ length: nrWindows }, () => rows));
      // Where the first region is cut makes no difference.
      const regions = table([0, MIB / 4], [MIB / 4, MIB], [MIB, 2 * MIB], [2 * MIB, 3 * MIB]);
      const found = sample(new AccessedBits(pattern.targets[0]!), regions, 5_000, nrWindows * 1e5);
      const [first, second, third] = recorded.map((count) => count * nrWindows);
      expect(found).toEqual([first, first, second, third]);
    }),
  );
});

test('a longer sampling interval finds what any of the short ones would', () => {
  // Half of the samples of 5 ms: of 20 ms, 1 - 0.5^4.
  const windows = Array.from({ length: 100 }, () => [[0, MIB, 10]]);
  const bits = new AccessedBits(handMadePattern(windows).targets[0]!);
  const [found] = sample(bits, table([0, MIB]), 20_000, 1e7);
  expect(found! / 500).toBeCloseTo(1 - 0.5 ** 4, 2);
});

test('a sampling interval that is longer than a window looks at all of its windows', () => {
  // Accessed in each sample of every second window.
  const windows = Array.from({ length: 40 }, (_, index) =>
    index % 2 === 0 ? [[0, MIB, 20]] : [[0, MIB, 0]],
  );
  const bits = new AccessedBits(handMadePattern(windows).targets[0]!);
  expect(sample(bits, table([0, MIB]), 400_000, 4e6)).toEqual([10]);
});

test('nothing is accessed outside of what was recorded', () => {
  const bits = new AccessedBits(handMadePattern([[[MIB, 2 * MIB, 20]]]).targets[0]!);
  expect(sample(bits, table([0, MIB], [MIB, 2 * MIB], [2 * MIB, 3 * MIB]), 5_000, 3e5)).toEqual([
    0, 20, 0,
  ]);
});
