import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../base/clock.ts';
import { ThermoclineError } from '../base/errors.ts';
import { KernelRandom } from '../base/random.ts';
import { DEFAULT_ATTRS, DEFAULT_SCHEME } from '../params/defaults.ts';
import type { Attrs, Params, Scheme } from '../params/types.ts';
import { Kdamond, type KdamondObserver } from './kdamond.ts';
import { type Metrics, noMetrics } from './metrics.ts';
import { drawSamplingAddresses, type Operations } from './operations.ts';

const MIB = 2 ** 20;
const SIZE = 1024 * MIB;
const ANY = { min: 0, max: 'max' } as const;

const ATTRS: Attrs = { ...DEFAULT_ATTRS, maxNrRegions: 100 };

const PARAMS: Params = {
  operations: 'paddr',
  addrUnit: 1,
  minRegionSize: 4096,
  attrs: ATTRS,
  targets: [{ regions: [{ start: 0, end: SIZE }], obsolete: false }],
  probes: [],
  schemes: [],
  paused: false,
};

const STAT: Scheme = { action: 'stat', ...DEFAULT_SCHEME };

/** Memory whose bytes below a boundary are always accessed. */
class Boundary implements Operations {
  readonly id = 'paddr';
  hotBelow = SIZE / 4;

  capabilities(): [] {
    return [];
  }

  prepare: NonNullable<Operations['prepare']> = (context, { regions }) =>
    drawSamplingAddresses(regions, context.random);

  check: NonNullable<Operations['check']> = (_context, { regions }) => {
    let max = 0;
    for (let row = 0; row < regions.nr; row++) {
      if (regions.samplingAddress[row]! < this.hotBelow) regions.nrAccesses[row]! += 1;
      max = Math.max(max, regions.nrAccesses[row]!);
    }
    return max;
  };
}

interface Run {
  kdamond: Kdamond;
  clock: VirtualClock;
  memory: Boundary;
  runFor(durationUs: number): void;
}

function start(
  params: Partial<Params> = {},
  observer: KdamondObserver = {},
  metrics: Metrics = noMetrics,
): Run {
  const clock = new VirtualClock();
  const memory = new Boundary();
  const kdamond = new Kdamond({
    params: { ...PARAMS, ...params },
    operations: memory,
    clock,
    random: new KernelRandom(7),
    metrics,
    observer,
  });
  const runFor = (durationUs: number) => {
    const endUs = clock.nowUs() + durationUs;
    while (clock.nowUs() < endUs) {
      const sleepUs = kdamond.step();
      if (sleepUs < 0) return;
      clock.advance(sleepUs);
    }
  };
  return { kdamond, clock, memory, runFor };
}

const hotBytes = (kdamond: Kdamond): number => {
  const { nrRegions, start: starts, end, nrAccesses, maxNrAccesses } = kdamond.snapshot();
  let bytes = 0;
  for (let row = 0; row < nrRegions; row++) {
    if (nrAccesses[row]! * 2 >= maxNrAccesses) bytes += end[row]! - starts[row]!;
  }
  return bytes;
};

describe('monitoring', () => {
  test('finds the boundary between hot and cold memory', () => {
    const { kdamond, runFor } = start();
    runFor(3_000_000);
    expect(Math.abs(hotBytes(kdamond) - SIZE / 4)).toBeLessThan(SIZE / 100);
  });

  test('keeps regions sorted, disjoint and covering, and counts within bounds', () => {
    const attrs = fc.record({
      minNrRegions: fc.integer({ min: 3, max: 40 }),
      extraRegions: fc.integer({ min: 0, max: 200 }),
      samples: fc.integer({ min: 1, max: 40 }),
      hotMib: fc.integer({ min: 0, max: 1024 }),
    });
    const property = fc.property(attrs, ({ minNrRegions, extraRegions, samples, hotMib }) => {
      const maxNrRegions = minNrRegions + extraRegions;
      const aggregationIntervalUs = samples * 5_000;
      const { kdamond, memory, runFor } = start({
        attrs: { ...ATTRS, minNrRegions, maxNrRegions, aggregationIntervalUs },
        schemes: [{ ...STAT, quota: { ...STAT.quota, sizeBytes: 33 * MIB, resetIntervalMs: 70 } }],
      });
      memory.hotBelow = hotMib * MIB;
      for (let window = 0; window < 20; window++) {
        runFor(aggregationIntervalUs + 5_000);
        const { nrRegions, start: starts, end, nrAccesses } = kdamond.snapshot();
        expect(starts[0]).toBe(0);
        expect(end[nrRegions - 1]).toBe(SIZE);
        for (let row = 0; row < nrRegions; row++) {
          expect(starts[row]).toBeLessThan(end[row]!);
          expect(starts[row]! % 4096).toBe(0);
          if (row > 0) expect(starts[row]).toBe(end[row - 1]);
          expect(nrAccesses[row]).toBeLessThanOrEqual(samples);
        }
        expect(nrRegions).toBeGreaterThanOrEqual(minNrRegions);
        // Quota slices may add two regions a window to the maximum.
        expect(nrRegions).toBeLessThanOrEqual(Math.max(maxNrRegions, 2 * minNrRegions) + 2);
      }
    });
    fc.assert(property, { numRuns: 40 });
  });

  test('takes no memory over a million ticks', () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const { kdamond, memory, runFor } = start({
      attrs: { ...ATTRS, maxNrRegions: 30 },
      schemes: [{ ...STAT, quota: { ...STAT.quota, sizeBytes: 8 * MIB, resetIntervalMs: 1000 } }],
    });
    const heapAfter = (nrTicks: number) => {
      for (let part = 0; part < 10; part++) {
        memory.hotBelow = (part * SIZE) / 10;
        runFor((nrTicks / 10) * 5_000);
      }
      collectGarbage();
      return process.memoryUsage();
    };
    const before = heapAfter(50_000);
    const after = heapAfter(1_000_000);
    // The last tick is still asleep.
    expect(kdamond.tick).toBe(1_049_999);
    expect(after.heapUsed - before.heapUsed).toBeLessThan(256 * 1024);
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(64 * 1024);
    expect(kdamond.context.targets[0]!.regions.capacity).toBe(64);
  });

  test('answers in the middle of a window with what it knows so far', () => {
    const { kdamond, memory, runFor } = start();
    runFor(2_000_000);
    expect(kdamond.snapshot().windowSamples).toBe(19);
    runFor(5_000);
    memory.hotBelow = 0;
    expect(hotBytes(kdamond)).toBeGreaterThan(SIZE / 5);
    const seen: number[] = [];
    for (let sample = 0; sample < 19; sample++) {
      runFor(5_000);
      seen.push(hotBytes(kdamond));
    }
    expect(seen.at(-1)).toBe(0);
    // It goes down within the window; the last full one would say nothing till its end.
    expect(seen.indexOf(0)).toBeGreaterThan(1);
    expect(seen.indexOf(0)).toBeLessThan(18);
  });

  test('hands out the complete window where it ends', () => {
    const windows: number[] = [];
    const { runFor } = start(
      {},
      {
        aggregated: (kdamond) => {
          const snapshot = kdamond.snapshot();
          windows.push(snapshot.windowSamples, Math.max(...snapshot.nrAccesses));
        },
      },
    );
    runFor(210_000);
    expect(windows).toEqual([20, 20, 20, 20]);
  });

  test('gives the same run for the same seed', () => {
    const [first, second] = [start(), start()];
    first.runFor(5_000_000);
    second.runFor(5_000_000);
    expect(first.kdamond.snapshot()).toEqual(second.kdamond.snapshot());
  });
});

describe('control', () => {
  test('refuses parameters that contradict themselves', () => {
    const attrs = { ...ATTRS, minNrRegions: 2 };
    expect(() => start({ attrs })).toThrow('attrs.minNrRegions is 2; it must be at least 3.');
  });

  test('a refused commit changes nothing', () => {
    const { kdamond, runFor } = start();
    runFor(1_000_000);
    const before = kdamond.snapshot();
    const attrs = { ...ATTRS, sampleIntervalUs: 200_000 };
    expect(() => kdamond.commit({ ...PARAMS, attrs })).toThrow(ThermoclineError);
    expect(() => kdamond.commit({ ...PARAMS, operations: 'vaddr' })).toThrow('start another');
    expect(kdamond.snapshot()).toEqual(before);
    expect(kdamond.params.attrs).toEqual(ATTRS);
  });

  test('a commit of the same parameters goes on with the same window', () => {
    const [committed, left] = [start(), start()];
    for (const { runFor } of [committed, left]) runFor(1_030_000);
    committed.kdamond.commit({ ...PARAMS, targets: [{ regions: [], obsolete: false }] });
    for (const { runFor } of [committed, left]) runFor(500_000);
    expect(committed.kdamond.snapshot()).toEqual(left.kdamond.snapshot());
  });

  test('new intervals translate ages', () => {
    const { kdamond, runFor } = start();
    runFor(2_005_000);
    const ageBefore = Math.max(...kdamond.snapshot().age);
    const attrs = { ...ATTRS, sampleIntervalUs: 10_000, aggregationIntervalUs: 200_000 };
    kdamond.commit({ ...PARAMS, attrs, targets: [{ regions: [], obsolete: false }] });
    expect(Math.max(...kdamond.snapshot().age)).toBe(Math.floor(ageBefore / 2));
  });

  test('a pause stops time for what is watched, and calls still run', () => {
    const { kdamond, runFor } = start();
    runFor(1_000_000);
    kdamond.pause();
    runFor(10_000);
    const { tick } = kdamond;
    let called = false;
    kdamond.call(() => {
      called = true;
    });
    runFor(500_000);
    expect(kdamond.tick).toBe(tick);
    expect(called).toBe(true);
    kdamond.resume();
    runFor(500_000);
    expect(kdamond.tick).toBeGreaterThan(tick + 90);
  });

  test('targets come and go, and those that stay keep what was learnt', () => {
    const { kdamond, runFor } = start();
    runFor(2_005_000);
    const before = kdamond.snapshot();
    const kept = { regions: [], obsolete: false };
    const added = { regions: [{ start: 2 * SIZE, end: 3 * SIZE }], obsolete: false };
    kdamond.setTargets([kept, added]);
    const both = kdamond.snapshot();
    expect(both.age.subarray(0, before.nrRegions)).toEqual(before.age);
    expect([both.start.at(-1), both.targetIndex.at(-1)]).toEqual([2 * SIZE, 1]);
    kdamond.setTargets([{ ...kept, obsolete: true }, kept]);
    expect(kdamond.targets.map(({ index }) => index)).toEqual([0]);
    expect(kdamond.snapshot().start[0]).toBe(2 * SIZE);
    expect(() => kdamond.setTargets([kept, { ...kept, obsolete: true }])).toThrow('no such target');
  });

  test('a target that comes later counts hits of probes, too', () => {
    const { kdamond } = start({ probes: [{ weight: 0, filters: [] }] });
    const added = { regions: [{ start: 2 * SIZE, end: 3 * SIZE }], obsolete: false };
    kdamond.setTargets([{ regions: [], obsolete: false }, added]);
    expect(kdamond.targets.map(({ regions }) => regions.hitsPerRow)).toEqual([4, 4]);
  });

  test('stops on request, and stays stopped', () => {
    const { kdamond, clock, runFor } = start();
    runFor(100_000);
    kdamond.requestStop();
    clock.advance(5_000);
    expect(kdamond.step()).toBe(-1);
    expect(kdamond.step()).toBe(-1);
    expect(() => kdamond.startWalk({ region: () => {}, ended: () => {} })).toThrow(
      'monitoring has ended',
    );
  });
});

describe('schemes', () => {
  const coldScheme = (rest: Partial<Scheme>): Scheme => ({
    ...STAT,
    pattern: { sizeBytes: ANY, nrAccesses: { min: 0, max: 0 }, age: { min: 5, max: 'max' } },
    ...rest,
  });

  test('a size quota is never passed within a window', () => {
    const quota = { ...STAT.quota, sizeBytes: 10 * MIB, resetIntervalMs: 1000 };
    const { kdamond, runFor } = start({ schemes: [coldScheme({ quota })] });
    runFor(10_000_000);
    const { stats, effectiveQuotaBytes } = kdamond.schemeState(0);
    expect(effectiveQuotaBytes).toBe(BigInt(10 * MIB));
    expect(stats.triedBytes).toBeGreaterThan(BigInt(50 * MIB));
    expect(stats.triedBytes).toBeLessThanOrEqual(BigInt(100 * MIB));
    expect(stats.nrQuotaExceeds).toBeGreaterThan(5n);
  });

  test('a user goal that is not reached raises the quota, one that is passed lowers it', () => {
    const goal = { metric: 'user_input', targetValue: 10_000, currentValue: 0 } as const;
    const quota = { ...STAT.quota, resetIntervalMs: 100, goals: [goal] };
    const { kdamond, runFor } = start({ schemes: [coldScheme({ quota })] });
    const effectiveBytes = () => kdamond.schemeState(0).effectiveQuotaBytes ?? 0n;
    runFor(2_000_000);
    const raised = effectiveBytes();
    expect(raised).toBeGreaterThan(4096n);
    kdamond.setGoalValue(0, 0, 15_000);
    runFor(1_000_000);
    expect(effectiveBytes()).toBeLessThan(raised / 4n);
    expect(() => kdamond.setGoalValue(0, 1, 5)).toThrow('There is no goal 1 in scheme 0');
  });

  test('a falling goal raises the quota while its metric is above the target', () => {
    const goal = { metric: 'user_input', targetValue: 1_000, direction: 'falling' } as const;
    const quota = {
      ...STAT.quota,
      resetIntervalMs: 100,
      goals: [{ ...goal, currentValue: 2_000 }],
    };
    const { kdamond, runFor } = start({ schemes: [coldScheme({ quota })] });
    const effectiveBytes = () => kdamond.schemeState(0).effectiveQuotaBytes ?? 0n;
    runFor(3_000_000);
    const raised = effectiveBytes();
    expect(raised).toBeGreaterThan(4096n);
    kdamond.setGoalValue(0, 0, 800);
    runFor(1_000_000);
    const lowered = effectiveBytes();
    expect(lowered).toBeLessThan(raised);
    kdamond.setGoalValue(0, 0, 0);
    runFor(200_000);
    expect(effectiveBytes()).toBe(1n);
  });

  test('watermarks that switch all schemes off stop the monitoring', () => {
    let freePermil = 900;
    const watermarks = {
      metric: 'free_mem_rate',
      intervalUs: 1_000_000,
      highPermil: 500,
      midPermil: 400,
      lowPermil: 200,
    } as const;
    const metrics = { ...noMetrics, freeMemoryPermil: () => freePermil };
    const { kdamond, runFor } = start({ schemes: [coldScheme({ watermarks })] }, {}, metrics);
    runFor(5_000_000);
    expect(kdamond.tick).toBe(0);
    expect(kdamond.waitsForWatermarks).toBe(true);
    expect(kdamond.schemeState(0).active).toBe(false);
    freePermil = 300;
    runFor(2_000_000);
    expect(kdamond.waitsForWatermarks).toBe(false);
    expect(kdamond.tick).toBeGreaterThan(100);
    expect(kdamond.schemeState(0).active).toBe(true);
  });

  test('new attributes alone leave a scheme that is off as it is; a commit switches it on', () => {
    const watermarks = {
      metric: 'free_mem_rate',
      intervalUs: 1_000_000,
      highPermil: 500,
      midPermil: 400,
      lowPermil: 200,
    } as const;
    const metrics = { ...noMetrics, freeMemoryPermil: () => 600 };
    const schemes = [coldScheme({ watermarks })];
    const { kdamond, runFor } = start({ schemes }, {}, metrics);
    runFor(1_000_000);
    const attrs = { ...ATTRS, sampleIntervalUs: 10_000, aggregationIntervalUs: 200_000 };
    kdamond.setAttrs(attrs);
    expect(kdamond.schemeState(0).active).toBe(false);
    expect(kdamond.params.attrs).toEqual(attrs);
    expect(() => kdamond.setAttrs({ ...attrs, minNrRegions: 1 })).toThrow('at least 3');
    kdamond.commit({ ...PARAMS, schemes });
    expect(kdamond.schemeState(0).active).toBe(true);
  });

  test('a walk sees one whole pass, with ages as they were before the action', () => {
    const seen: { start: number; end: number; age: number }[] = [];
    const ended: boolean[] = [];
    const { kdamond, runFor } = start({ schemes: [{ ...STAT, action: 'cold' }] });
    runFor(100_000);
    kdamond.startWalk({
      region: (_scheme, _target, from, end, _nrAccesses, age) =>
        seen.push({ start: from, end, age }),
      ended: (completed) => ended.push(completed),
    });
    expect(() => kdamond.startWalk({ region: () => {}, ended: () => {} })).toThrow('under way');
    runFor(300_000);
    expect(ended).toEqual([true]);
    expect(seen.reduce((bytes, region) => bytes + region.end - region.start, 0)).toBe(SIZE);
    expect(seen.some(({ age }) => age > 0)).toBe(true);
  });

  test('a walk without schemes is cancelled', () => {
    const ended: boolean[] = [];
    const { kdamond, runFor } = start();
    kdamond.startWalk({ region: () => {}, ended: (completed) => ended.push(completed) });
    runFor(10_000);
    expect(ended).toEqual([false]);
  });
});
