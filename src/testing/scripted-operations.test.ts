import { expect, test } from 'vitest';
import { VirtualClock } from '../base/clock.ts';
import { KernelRandom } from '../base/random.ts';
import { Kdamond } from '../core/kdamond.ts';
import { noMetrics } from '../core/metrics.ts';
import { VirtualRun } from '../monitor/virtual-run.ts';
import { DEFAULT_ATTRS, DEFAULT_SCHEME } from '../params/defaults.ts';
import { scriptedOperations } from './scripted-operations.ts';

const MIB = 2 ** 20;

function runScheme(present?: (targetIndex: number) => boolean) {
  const clock = new VirtualClock();
  const operations = scriptedOperations({
    ranges: [{ start: 0, end: 64 * MIB }],
    accessed: (address) => address < 16 * MIB,
    ...(present && { present }),
  });
  const kdamond = new Kdamond({
    params: {
      operations: 'vaddr',
      addrUnit: 1,
      minRegionSize: 4096,
      attrs: DEFAULT_ATTRS,
      targets: [{ pid: 1, regions: [], obsolete: false }],
      probes: [],
      schemes: [
        {
          ...DEFAULT_SCHEME,
          action: 'pageout',
          pattern: { ...DEFAULT_SCHEME.pattern, nrAccesses: { min: 0, max: 0 } },
        },
      ],
      paused: false,
    },
    operations,
    clock,
    random: new KernelRandom(1),
    metrics: noMetrics,
  });
  return { clock, operations, kdamond, run: new VirtualRun(kdamond, clock) };
}

test('a scheme acts where the script has no accesses, and the record shows it', () => {
  const { operations, kdamond, run } = runScheme();
  run.runUntil(3_000_000);
  const { applied } = operations;
  expect(applied.length).toBeGreaterThan(0);
  expect(new Set(applied.map(({ action }) => action))).toEqual(new Set(['pageout']));
  // A region that straddles the border may pass once as cold; the bulk of what acts is really cold.
  const coldBytes = applied.reduce(
    (sum, { start, end }) => sum + end - Math.max(start, 16 * MIB),
    0,
  );
  const bytes = applied.reduce((sum, { start, end }) => sum + end - start, 0);
  expect(coldBytes / bytes).toBeGreaterThan(0.99);
  expect(kdamond.schemeState(0).stats.appliedBytes).toBe(BigInt(bytes));
});

test('monitoring ends with the last target of the script', () => {
  const { clock, kdamond, run } = runScheme(() => clock.nowUs() < 1_000_000);
  run.runUntil(2_000_000);
  expect(kdamond.tick).toBe(200);
  expect(kdamond.targets).toEqual([]);
  expect(clock.nowUs()).toBe(2_000_000);
});
