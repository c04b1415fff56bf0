import { describe, expect, test } from 'vitest';
import { accuracyOf, scoresOf } from '../analysis/accuracy.ts';
import { parseScenario } from '../host/sim/index.ts';
import { DEFAULT_ATTRS, DEFAULT_SCHEME } from '../params/defaults.ts';
import type { Snapshot } from '../params/snapshot.ts';
import type { Params } from '../params/types.ts';
import { Simulation } from './simulation.ts';
import { VirtualMonitor } from './virtual-monitor.ts';

const SECOND_US = 1_000_000;
const MIB = 2 ** 20;

const scenario = parseScenario(
  `
nodes: [{ sizeBytes: 1 GiB }]
swap: { sizeBytes: 1 GiB }
processes:
  - name: worker
    pid: 1000
    vmas:
      - { name: heap, sizeBytes: 512 MiB }
      - { name: library, sizeBytes: 2 MiB }
      - { name: stack, sizeBytes: 1 MiB }
    accesses: [{ vma: heap, pattern: uniform, ratePerSecond: 1000, to: 0.25 }]
`,
  'test.yaml',
);

const params: Params = {
  operations: 'vaddr',
  addrUnit: 1,
  minRegionSize: 4096,
  attrs: DEFAULT_ATTRS,
  targets: [{ pid: 1000, regions: [], obsolete: false }],
  probes: [],
  schemes: [],
  paused: false,
};

describe('a simulation', () => {
  test('finds the hot part of the machine', () => {
    const simulation = new Simulation({ scenario, params });
    simulation.runUntil(5 * SECOND_US);
    const { start, end, nrAccesses, nrRegions, timeUs } = simulation.snapshot();
    let hotBytes = 0;
    for (let row = 0; row < nrRegions; row++) {
      if (nrAccesses[row]! >= 10) hotBytes += end[row]! - start[row]!;
    }
    expect(timeUs).toBe(5 * SECOND_US);
    expect(hotBytes / MIB).toBeGreaterThan(115);
    expect(hotBytes / MIB).toBeLessThan(141);
  });

  test('is the same however its time is cut', () => {
    const whole = new Simulation({ scenario, params, seed: 7 });
    const cut = new Simulation({ scenario, params, seed: 7 });
    whole.runUntil(2 * SECOND_US);
    while (cut.nowUs < 2 * SECOND_US) cut.runFor(3700);
    cut.runUntil(2 * SECOND_US);
    whole.runUntil(cut.nowUs);
    expect(cut.snapshot()).toEqual(whole.snapshot());
  });

  test('another seed draws other addresses', () => {
    const runs = [1, 2].map((seed) => {
      const simulation = new Simulation({ scenario, params, seed });
      simulation.runUntil(SECOND_US);
      return simulation.snapshot();
    });
    expect(runs[0]).not.toEqual(runs[1]);
  });

  test('tells of each complete window', () => {
    const complete: number[] = [];
    const simulation = new Simulation({
      scenario,
      params,
      aggregated: (it) => complete.push(it.snapshot().windowSamples),
    });
    simulation.runUntil(SECOND_US);
    expect(complete).toEqual(Array.from({ length: 10 }, () => 20));
  });

  test('sees within a window that the hot set has moved, before the window is complete', () => {
    const hot = (from: number, to: number) =>
      `accesses: [{ vma: data, pattern: uniform, ratePerSecond: 1000, from: ${from}, to: ${to} }]`;
    const moving = parseScenario(
      `
nodes: [{ sizeBytes: 1 GiB }]
processes:
  - name: worker
    pid: 1000
    vmas: [{ name: data, sizeBytes: 512 MiB }]
    phases:
      - { durationMs: 2 s, ${hot(0.1, 0.3)} }
      - { durationMs: 2 s, ${hot(0.6, 0.8)} }
`,
      'moving.yaml',
    );
    let full: Snapshot | null = null;
    const simulation = new Simulation({
      scenario: moving,
      params,
      aggregated: (it) => {
        full = it.snapshot();
      },
    });
    const recall = (snapshot: Snapshot) => {
      const truth = simulation.machine.groundTruth().map(({ extents }) => extents);
      return scoresOf(accuracyOf(snapshot, truth)).recall;
    };
    simulation.runUntil(2 * SECOND_US + 75_000);
    expect(recall(full!)).toBe(0);
    expect(recall(simulation.snapshot())).toBeGreaterThan(0.9);
  });

  test('schemes act on its machine, which goes on when monitoring has stopped', () => {
    const schemes = [
      { ...DEFAULT_SCHEME, action: 'pageout', pattern: coldFor(10) } satisfies Params['schemes'][0],
    ];
    const simulation = new Simulation({ scenario, params: { ...params, schemes } });
    simulation.runUntil(10 * SECOND_US);
    const paged = simulation.machine.counters.pagedOutPages;
    expect((paged * 4096) / MIB).toBeGreaterThan(256);
    simulation.stop();
    expect(simulation.end?.reason).toBe('stopped');
    simulation.runFor(SECOND_US);
    expect(simulation.machine.nowUs).toBe(11 * SECOND_US);
  });
});

describe('a virtual monitor', () => {
  test('moves only when told, and answers at any moment', async () => {
    await using monitor = new VirtualMonitor({ scenario, params });
    await expect(monitor.snapshot()).rejects.toMatchObject({ code: 'TC_BUSY' });
    await monitor.start();
    expect((await monitor.stats()).tick).toBe(0);
    monitor.advance(123_000);
    expect((await monitor.snapshot()).windowSamples).toBe(4);
    expect((await monitor.stats()).tick).toBe(24);
    expect(monitor.description.operationsSet).toBe('sim');
  });

  test('a reader that is slower than the windows finds the newest', async () => {
    await using monitor = new VirtualMonitor({ scenario, params });
    await monitor.start();
    const windows = monitor.snapshots()[Symbol.asyncIterator]();
    const first = windows.next();
    monitor.advance(SECOND_US);
    expect((await first).value?.tick).toBe(200);
    monitor.advance(SECOND_US);
    expect((await windows.next()).value?.tick).toBe(400);
  });

  test('commits, pauses and resumes at once', async () => {
    await using monitor = new VirtualMonitor({ scenario, params });
    await monitor.start();
    monitor.advance(SECOND_US);
    await monitor.commit({ ...params, schemes: [{ ...DEFAULT_SCHEME, action: 'stat' }] });
    await monitor.pause();
    monitor.advance(SECOND_US);
    const { tick } = await monitor.stats();
    await monitor.resume();
    monitor.advance(SECOND_US);
    const stats = await monitor.stats();
    expect(stats.tick).toBeGreaterThan(tick + 150);
    expect(stats.schemes[0]?.stats.nrTried).toBeGreaterThan(0n);
    const attrs = { ...DEFAULT_ATTRS, minNrRegions: 0 };
    await expect(monitor.commit({ ...params, attrs })).rejects.toMatchObject({
      code: 'TC_INVALID',
    });
  });

  test('stopping is final, and may be repeated', async () => {
    const monitor = new VirtualMonitor({ scenario, params });
    await monitor.start();
    await expect(monitor.start()).rejects.toMatchObject({ code: 'TC_BUSY' });
    const waiting = Array.fromAsync(monitor.snapshots());
    await monitor.stop();
    await monitor.stop();
    expect((await monitor.ended).reason).toBe('stopped');
    expect(await waiting).toEqual([]);
    monitor.advance(SECOND_US);
    await expect(monitor.stats()).rejects.toMatchObject({ code: 'TC_NOT_FOUND' });
  });

  test('a process of the machine that ends, ends it', async () => {
    const short = parseScenario(
      `
nodes: [{ sizeBytes: 64 MiB }]
processes:
  - name: short
    pid: 1000
    vmas: [{ name: heap, sizeBytes: 32 MiB }]
    phases: [{ durationMs: 500, accesses: [] }]
    repeat: false
`,
      'short.yaml',
    );
    const monitor = new VirtualMonitor({ scenario: short, params });
    await monitor.start();
    monitor.advance(SECOND_US);
    expect((await monitor.ended).reason).toBe('targets-gone');
  });
});

function coldFor(aggregations: number): Params['schemes'][0]['pattern'] {
  return {
    sizeBytes: { min: 0, max: 'max' },
    nrAccesses: { min: 0, max: 0 },
    age: { min: aggregations, max: 'max' },
  };
}
