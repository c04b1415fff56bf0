import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../base/clock.ts';
import { KernelRandom } from '../base/random.ts';
import { noMetrics } from '../core/metrics.ts';
import { DEFAULT_ATTRS, DEFAULT_SCHEME } from '../params/defaults.ts';
import type { Params } from '../params/types.ts';
import { type AccessScript, scriptedOperations } from '../testing/scripted-operations.ts';
import { EngineDriver, type EngineDriverOptions } from './engine-driver.ts';
import type { MonitoringSet } from './monitoring-set.ts';
import { VirtualRun } from './virtual-run.ts';

const MIB = 2 ** 20;
const SECOND_US = 1_000_000;
const HOT_END = 16 * MIB;

const params: Params = {
  operations: 'vaddr',
  addrUnit: 1,
  minRegionSize: 4096,
  attrs: DEFAULT_ATTRS,
  targets: [{ pid: 1, regions: [], obsolete: false }],
  probes: [],
  schemes: [],
  paused: false,
};

const script: AccessScript = {
  ranges: [{ start: 0, end: 64 * MIB }],
  accessed: (address) => address < HOT_END,
};

interface Parts extends Partial<Omit<EngineDriverOptions, 'set'>> {
  readonly script?: Partial<AccessScript>;
  readonly set?: Partial<MonitoringSet>;
}

function setUp({ script: changes, set, ...options }: Parts = {}) {
  const clock = new VirtualClock();
  const operations = scriptedOperations({ ...script, ...changes });
  const driver = new EngineDriver({
    set: {
      operations,
      metrics: noMetrics,
      description: {
        kind: 'engine',
        operationsSet: 'scripted',
        resolution: 'location',
        caveats: [],
        capabilities: [],
      },
      ...set,
    },
    params,
    clock,
    random: new KernelRandom(1),
    cpuUs: () => 0,
    ...options,
  });
  return { clock, operations, driver, run: new VirtualRun(driver, clock) };
}

/** The age of the region that holds `address`. */
function ageAt({ driver }: { driver: EngineDriver }, address: number): number {
  const { start, end, age, nrRegions } = driver.snapshot();
  for (let row = 0; row < nrRegions; row++) {
    if (start[row]! <= address && address < end[row]!) return age[row]!;
  }
  throw new Error(`no region at ${address}`);
}

describe('a driver on a virtual clock', () => {
  test('ticks once in each sampling interval and aggregates in each aggregation interval', () => {
    let windows = 0;
    const { driver, run } = setUp({ aggregated: () => windows++ });
    run.runFor(SECOND_US);
    expect(driver.kdamond.tick).toBe(200);
    expect(windows).toBe(10);
    expect(driver.stats().cost).toEqual({
      cpuUs: 0,
      cpuShare: 0,
      ceiling: 0.01,
      stretch: 1,
      lateTicks: 0,
      lastClearUs: null,
    });
  });

  test('a snapshot in the middle of a window is the moving sum, one at its end is complete', () => {
    const complete: number[] = [];
    const it = setUp({
      aggregated: () => complete.push(it.driver.snapshot().windowSamples),
    });
    it.run.runFor(135_000);
    const snapshot = it.driver.snapshot();
    expect(complete).toEqual([20]);
    expect(snapshot.timeUs).toBe(135_000);
    expect(snapshot.windowSamples).toBe(7);
    expect(snapshot.maxNrAccesses).toBe(20);
    expect(snapshot.nrAccesses[0]).toBe(20);
    expect(snapshot.nrAccesses.at(-1)).toBe(0);
  });

  test('a commit keeps the age of what was seen', () => {
    const it = setUp();
    it.run.runFor(3 * SECOND_US);
    const before = ageAt(it, 60 * MIB);
    expect(before).toBeGreaterThan(10);
    it.driver.commit({ ...params, schemes: [{ ...DEFAULT_SCHEME, action: 'cold' }] });
    expect(ageAt(it, 60 * MIB)).toBe(before);
    it.run.runFor(200_000);
    expect(it.operations.applied.length).toBeGreaterThan(0);
  });

  test('a refused commit changes nothing', () => {
    const it = setUp();
    it.run.runFor(SECOND_US);
    const attrs = { ...DEFAULT_ATTRS, minNrRegions: 2 };
    expect(() => it.driver.commit({ ...params, attrs })).toThrow(/minNrRegions is 2/);
    expect(it.driver.kdamond.params.attrs).toEqual(DEFAULT_ATTRS);
    it.run.runFor(SECOND_US);
    expect(it.driver.kdamond.tick).toBe(400);
  });

  test('targets that a commit adds and removes come and go', () => {
    const it = setUp();
    const target = { pid: 2, regions: [{ start: 0, end: MIB }], obsolete: false };
    it.run.runFor(12_000);
    it.driver.commit({ ...params, targets: [...params.targets, target] });
    it.run.runFor(SECOND_US);
    expect(it.driver.kdamond.targets.map(({ pid }) => pid)).toEqual([1, 2]);
    const obsolete = { ...params.targets[0]!, obsolete: true };
    it.driver.commit({ ...params, targets: [obsolete, { ...target, regions: [] }] });
    it.run.runFor(SECOND_US);
    expect(it.driver.kdamond.targets.map(({ pid }) => pid)).toEqual([2]);
    expect(it.driver.snapshot().end.at(-1)).toBe(MIB);
  });

  test('pausing stops ticks, not time; resuming goes on with what was learnt', () => {
    const it = setUp();
    it.run.runFor(2 * SECOND_US);
    it.driver.pause();
    it.run.runFor(SECOND_US);
    const { tick } = it.driver.kdamond;
    const age = ageAt(it, 60 * MIB);
    expect(tick).toBeLessThanOrEqual(401);
    it.run.runFor(SECOND_US);
    expect(it.driver.kdamond.tick).toBe(tick);
    it.driver.resume();
    it.run.runFor(SECOND_US);
    expect(it.driver.kdamond.tick).toBeGreaterThan(tick + 190);
    expect(ageAt(it, 60 * MIB)).toBeGreaterThanOrEqual(age);
  });

  test('a request to stop ends it with the next step, however often it is made', () => {
    const { driver, run, clock } = setUp();
    run.runFor(SECOND_US);
    driver.requestStop();
    driver.requestStop();
    expect(driver.step()).toBe(-1);
    expect(driver.step()).toBe(-1);
    expect(driver.end?.reason).toBe('stopped');
    run.runFor(SECOND_US);
    expect(clock.nowUs()).toBe(2 * SECOND_US);
  });

  test('it ends when all targets are gone', () => {
    let present = true;
    const { driver, run } = setUp({ script: { present: () => present } });
    run.runFor(SECOND_US);
    expect(driver.end).toBeNull();
    present = false;
    run.runFor(SECOND_US);
    expect(driver.end).toEqual({
      reason: 'targets-gone',
      message: 'None of the watched targets is left.',
    });
  });

  test('an operations set that breaks ends it with one sentence', () => {
    const accessed = (_address: number, tick: number) => {
      if (tick === 50) throw new Error('the scale is broken\n    at line 1');
      return false;
    };
    const { driver, run } = setUp({ script: { accessed } });
    run.runFor(SECOND_US);
    expect(driver.end).toEqual({
      reason: 'failed',
      message: 'Monitoring failed: the scale is broken.',
    });
  });
});

describe('the ceiling', () => {
  /** A driver whose every step costs `stepUs` of CPU time. */
  function costly(stepUs: number, targets = params.targets) {
    const cost = { stepUs };
    let cpuUs = -stepUs;
    const advanceTo = () => {
      cpuUs += cost.stepUs;
    };
    const it = setUp({
      params: { ...params, targets },
      cpuUs: () => Math.max(0, cpuUs),
      set: { advanceTo },
    });
    return { ...it, cost };
  }

  test('stretches both intervals between two windows and meets its aim', () => {
    const it = costly(100);
    it.run.runFor(SECOND_US + 1);
    expect(it.driver.kdamond.params.attrs).toMatchObject({
      sampleIntervalUs: 12_500,
      aggregationIntervalUs: 250_000,
    });
    expect(it.driver.stats().cost.stretch).toBe(2.5);
    expect(it.driver.stats().cost.cpuShare).toBeCloseTo(0.02, 3);
    it.run.runFor(3 * SECOND_US);
    expect(it.driver.stats().cost.stretch).toBe(2.5);
    expect(it.driver.stats().cost.cpuShare).toBeCloseTo(0.008, 4);
    expect(it.driver.snapshot().maxNrAccesses).toBe(20);
  });

  test('keeps the regions that were found', () => {
    const targets = [{ regions: [{ start: 0, end: 64 * MIB }], obsolete: false }];
    const it = costly(49, targets);
    it.run.runFor(5 * SECOND_US);
    const age = ageAt(it, 60 * MIB);
    it.cost.stepUs = 100;
    it.run.runFor(2 * SECOND_US);
    expect(it.driver.stats().cost.stretch).toBeGreaterThan(2);
    expect(ageAt(it, 60 * MIB)).toBeGreaterThanOrEqual(Math.floor(age / 8));
    expect(ageAt(it, 60 * MIB)).toBeGreaterThan(2);
  });

  test('keeps the value that a goal was fed', () => {
    const goal = { metric: 'user_input', targetValue: 100, currentValue: 0 } as const;
    const quota = { ...DEFAULT_SCHEME.quota, goals: [goal] };
    const schemes = [{ ...DEFAULT_SCHEME, action: 'stat', quota } as const];
    const it = costly(100);
    it.driver.commit({ ...params, schemes });
    it.driver.setGoalValue(0, 0, 42);
    it.run.runFor(2 * SECOND_US);
    expect(it.driver.stats().cost.stretch).toBeGreaterThan(2);
    expect(it.driver.stats().schemes[0]?.goalValues).toEqual([42]);
    expect(() => it.driver.setGoalValue(0, 0, 1.5)).toThrow(/is 1.5; it must be a whole number/);
    expect(() => it.driver.setGoalValue(0, 1, 1)).toThrow(/There is no goal 1 in scheme 0/);
  });

  test('a commit of other intervals stays under it', () => {
    const it = costly(100);
    it.run.runFor(SECOND_US + 1);
    const attrs = { ...DEFAULT_ATTRS, sampleIntervalUs: 1000, aggregationIntervalUs: 20_000 };
    it.driver.commit({ ...params, attrs });
    expect(it.driver.kdamond.params.attrs.sampleIntervalUs).toBe(12_500);
    expect(it.driver.stats().cost.stretch).toBe(12.5);
  });
});

describe('processes that are followed', () => {
  const attrs = { ...DEFAULT_ATTRS, operationsUpdateIntervalUs: SECOND_US };

  function follow(pids: number[]) {
    return setUp({ params: { ...params, attrs }, set: { pids: () => pids } });
  }

  const pidsOf = ({ driver }: ReturnType<typeof follow>) =>
    driver.kdamond.targets.map(({ pid }) => pid);

  test('come and go as targets, and those that stay keep what was learnt', () => {
    const pids = [1];
    const it = follow(pids);
    it.run.runFor(5 * SECOND_US);
    const age = ageAt(it, 60 * MIB);
    expect(age).toBeGreaterThan(10);
    pids.push(2, 3);
    it.run.runFor(2 * SECOND_US);
    expect(pidsOf(it)).toEqual([1, 2, 3]);
    expect(ageAt(it, 60 * MIB)).toBeGreaterThan(age);
    pids.splice(1, 1);
    it.run.runFor(2 * SECOND_US);
    expect(pidsOf(it)).toEqual([1, 3]);
  });

  test('stay targets when a commit knows nothing of them', () => {
    const it = follow([1, 2]);
    it.run.runFor(2 * SECOND_US);
    it.driver.commit({ ...params, attrs: { ...attrs, maxNrRegions: 500 } });
    expect(pidsOf(it)).toEqual([1, 2]);
    expect(it.driver.kdamond.params.attrs.maxNrRegions).toBe(500);
  });
});

test('what the set has to say reaches the stats', () => {
  const { driver } = setUp({
    set: {
      lastClearUs: () => 40,
      warnings: () => ['It is foggy.'],
      dryRunCalls: () => ['process_madvise(…)'],
    },
  });
  driver.step();
  const stats = driver.stats();
  expect(stats.warnings).toEqual(['It is foggy.']);
  expect(stats.dryRunCalls).toEqual(['process_madvise(…)']);
  expect(stats.cost.lastClearUs).toBe(40);
});

test('a tick that comes late by more than half an interval is counted', () => {
  const { driver, clock } = setUp();
  for (const oversleptUs of [0, 2500, 2501, 10_000, 0]) {
    clock.advance(driver.step() + oversleptUs);
  }
  driver.step();
  expect(driver.stats().cost.lateTicks).toBe(2);
});
