import { expect, test } from 'vitest';
import { parseScenario } from '../../host/sim/index.ts';
import { plantFigures } from './plant-figures.ts';
import type { PlantSecond } from './plant-run.ts';

const GIB = 2 ** 30;
const spec = parseScenario(
  `nodes: [{ sizeBytes: 4 GiB }]
acma: { minBytes: 1 GiB, maxBytes: 4 GiB, pressure: 0.1 % }
processes: [{ name: one, vmas: [{ name: data, sizeBytes: 4 KiB }] }]`,
  'test',
).acma!;
const HEADROOM = 128 * 2 ** 20;

const second = (billed: number, pressureShare = 0, workingSetBytes = GIB): PlantSecond => ({
  billedBytes: billed,
  usedBytes: billed,
  workingSetBytes,
  pressureShare,
});

test('time over the limit ends with its last second, short calm included', () => {
  const pressures = [0, 0.002, 0.002, 0, 0, 0.002, 0, 0, 0, 0, 0.0005];
  const figures = plantFigures(
    pressures.map((pressure) => second(GIB, pressure)),
    spec,
  );
  expect(figures.recoverySeconds).toBe(5);
  expect(figures.overLimitShare).toBeCloseTo(3 / 11);
});

test('overhead counts once the working set has stood still for two minutes', () => {
  const needed = GIB + HEADROOM;
  const run = Array.from({ length: 200 }, (_, index) =>
    second(index < 121 ? 4 * GIB : needed * 1.1),
  );
  expect(plantFigures(run, spec).settledOverheadShare).toBeCloseTo(0.1, 1);
  const restless = run.map((one, index) => ({ ...one, workingSetBytes: GIB * (1 + (index % 2)) }));
  expect(plantFigures(restless, spec).settledOverheadShare).toBeNull();
});

test('memory that comes back within a minute was taken in vain, the latest first', () => {
  const sizes = [4, 3, ...Array<number>(100).fill(3), 2, 3.5];
  const { pingPongShare, gibHours } = plantFigures(
    sizes.map((size) => second(size * GIB)),
    spec,
  );
  // 1 + 1 taken, 1.5 given: 1 of it was taken the second before, the other half long ago.
  expect(pingPongShare).toBeCloseTo(1 / 3.5);
  expect(gibHours).toBeCloseTo(sizes.reduce((sum, size) => sum + size, 0) / 3600);
});
