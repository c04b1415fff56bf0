/** Several tiers: what moves cost, what the kernel moves by itself, and what would be best. */
import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../base/clock.ts';
import { bestPlacement } from './best-placement.ts';
import { loadedLatencyNs } from './contention.ts';
import { SimulatedMachine } from './machine.ts';
import { parseScenario } from './scenario.ts';

const MIB = 256;

/** 64 MiB of fast memory, 64 MiB slower, 256 MiB slowest; `data` is 96 MiB of a single process. */
function machineOf(accesses: string, more: { kernel?: string; phases?: string; nodes?: string }) {
  const nodes = `[{ sizeBytes: 64 MiB, latencyNs: 100, tier: 0 },
    { sizeBytes: 64 MiB, latencyNs: 200, tier: 1 },
    { sizeBytes: 256 MiB, latencyNs: 400, tier: 2 }]`;
  const yaml = `nodes: ${more.nodes ?? nodes}
kernel: { ${more.kernel ?? ''} }
processes:
  - name: one
    vmas: [{ name: data, sizeBytes: 96 MiB }, { name: later, sizeBytes: 32 MiB, populated: false }]
    accesses: [${accesses}]
    phases: [${more.phases ?? ''}]`;
  return new SimulatedMachine(parseScenario(yaml, 'test'), new VirtualClock());
}

const vmaOf = (machine: SimulatedMachine, wanted: string) =>
  machine.processes[0]!.vmas.find(({ name }) => name === wanted)!;

/** Pages of a mapping on a node, within [from, to). */
function pagesOn(machine: SimulatedMachine, nid: number, from: number, to: number): number {
  return vmaOf(machine, 'data')
    .extents.list.filter(({ location }) => location === nid)
    .reduce(
      (sum, { start, end }) => sum + Math.max(0, Math.min(to, end) - Math.max(from, start)),
      0,
    );
}

/** The front third is used most, the last third not at all. */
const FRONT = '{ vma: data, pattern: uniform, to: 0.34, ratePerSecond: 50 }';
const BACK = '{ vma: data, pattern: uniform, from: 0.67, ratePerSecond: 50 }';

describe('a busy node', () => {
  test('gets slower with its load, and never endlessly so', () => {
    expect(loadedLatencyNs(100, 1e9, 0)).toBe(100);
    expect(loadedLatencyNs(100, 5e8, 1e9)).toBeCloseTo(112.5);
    expect(loadedLatencyNs(100, 9e8, 1e9)).toBeCloseTo(302.5);
    expect(loadedLatencyNs(100, 1e12, 1e9)).toBe(loadedLatencyNs(100, 0.97e9, 1e9));
  });

  test('slows its process, which then asks for less', () => {
    // 24,576 pages at 1,000 accesses of 64 bytes: 1.57 GB a second of a node that gives 2 GB.
    const accesses = '{ vma: data, pattern: uniform, ratePerSecond: 1000 }';
    const speed = (bandwidth: string) => {
      const nodes = `[{ sizeBytes: 256 MiB, latencyNs: 40, bandwidthBytesPerSecond: ${bandwidth} }]`;
      const machine = machineOf(accesses, { nodes });
      machine.advanceTo(5_000_000);
      const settled = machine.processes[0]!.speed;
      expect(bestPlacement(machine).speeds.get(machine.processes[0]!)).toBeCloseTo(settled, 2);
      return settled;
    };
    expect(speed('0')).toBe(1);
    expect(speed('2000000000')).toBeLessThan(0.8);
    expect(speed('2000000000')).toBeGreaterThan(0.5);
  });
});

describe('moves', () => {
  test('count by direction, by second, and as in vain when they undo each other', () => {
    const machine = machineOf(FRONT, {});
    const { migrations } = machine.memory;
    const pages = { vma: vmaOf(machine, 'data'), start: 0, end: 1000 };
    machine.advanceTo(1_500_000);
    expect(machine.actions.migrate(pages, 1)).toBe(1000);
    machine.advanceTo(3_000_000);
    expect(machine.actions.migrate({ ...pages, end: 400 }, 0)).toBe(400);
    expect(migrations).toMatchObject({
      demotedPages: 1000,
      promotedPages: 400,
      pingPongPages: 400,
      busiestSecondPages: 1000,
    });
    // A minute later nobody remembers the way down of the rest.
    machine.advanceTo(70_000_000);
    expect(machine.actions.migrate(pages, 0)).toBe(600);
    expect(migrations.pingPongPages).toBe(400);
  });
});

describe('the kernel, left alone,', () => {
  test('lets new pages go to slower nodes', () => {
    const machine = machineOf('{ vma: later, pattern: uniform, ratePerSecond: 100 }', {});
    machine.advanceTo(2_000_000);
    expect(machine.summary().demotedBytes).toBe(0);
    const locations = vmaOf(machine, 'later').extents.list.map(({ location }) => location);
    expect([...new Set(locations)]).toEqual([1, 2]);
  });

  test('with demotion, makes room for them by what is used least', () => {
    const later = '{ vma: later, pattern: uniform, ratePerSecond: 0.1 }';
    const machine = machineOf(`${FRONT}, ${later}`, { kernel: 'demotion: true' });
    const before = pagesOn(machine, 0, 33 * MIB, 96 * MIB);
    machine.advanceTo(30_000_000);
    expect(machine.summary().demotedBytes).toBeGreaterThan(0);
    expect(pagesOn(machine, 0, 0, 32 * MIB)).toBe(32 * MIB);
    expect(pagesOn(machine, 0, 33 * MIB, 96 * MIB)).toBeLessThan(before - 10 * MIB);
    expect(machine.metrics.nodeMemory(0)!.free).toBeGreaterThanOrEqual(
      machine.memory.nodes[0]!.watermarks.low,
    );
  });

  test('with hint faults, brings up what is used, for what is not', () => {
    const machine = machineOf(BACK, { kernel: 'demotion: true, hintFaults: true' });
    const hot = (nid: number) => pagesOn(machine, nid, 65 * MIB, 96 * MIB);
    expect(hot(0)).toBe(0);
    machine.advanceTo(30_000_000);
    expect(hot(0)).toBeGreaterThan(30 * MIB);
    const { promotedBytes, demotedBytes, processes } = machine.summary();
    expect(promotedBytes).toBeGreaterThan(30 * 2 ** 20);
    expect(demotedBytes).toBeGreaterThan(30 * 2 ** 20);
    // The moves were paid for, and then it ran as if all of it were fast.
    expect(processes[0]!.throughput).toBeLessThan(1);
    expect(machine.processes[0]!.speed).toBe(1);
    expect(machine.kernelTiering.workUs).toBeGreaterThan(0);
  });

  test('without demotion, hint faults find no room', () => {
    const machine = machineOf(BACK, { kernel: 'hintFaults: true' });
    machine.advanceTo(10_000_000);
    expect(machine.summary()).toMatchObject({ promotedBytes: 0, demotedBytes: 0 });
  });
});

describe('the best placement', () => {
  test('fills the nodes by accesses, from the fastest on', () => {
    const machine = machineOf(`${BACK}, { vma: data, pattern: uniform, ratePerSecond: 1 }`, {});
    const best = bestPlacement(machine);
    // All of the last third fits the fast node, and 64 of the 96 MiB do.
    expect(best.fastShare).toBeGreaterThan(0.97);
    expect(best.fastShare).toBeLessThan(1);
    machine.advanceTo(10_000_000);
    expect(machine.processes[0]!.speed).toBeLessThan(best.speeds.get(machine.processes[0]!)!);
  });

  test('knows shuffled popularity by its distribution', () => {
    const zipf = (layout: string) =>
      `{ vma: data, pattern: zipf, theta: 1.2, layout: ${layout}, ratePerSecond: 10 }`;
    const [sorted, blocked, scrambled] = ['sorted', 'blocked', 'scrambled'].map(
      (layout) => bestPlacement(machineOf(zipf(layout), {})).fastShare,
    );
    expect(scrambled!).toBeCloseTo(sorted!, 3);
    expect(blocked!).toBeGreaterThan(0.9);
    expect(blocked!).toBeLessThanOrEqual(sorted! + 1e-9);
  });
});

test('a phase can give memory back, which is needed anew', () => {
  const machine = machineOf('', {
    phases: `{ durationMs: 1 s, accesses: [{ vma: later, pattern: uniform, ratePerSecond: 100 }] },
      { durationMs: 1 s, releases: [later] }`,
  });
  const later = vmaOf(machine, 'later');
  machine.advanceTo(900_000);
  expect(later.missingPages).toBe(0);
  machine.advanceTo(1_000_000);
  expect(later.missingPages).toBe(later.pages);
  machine.advanceTo(2_900_000);
  expect(later.missingPages).toBe(0);
});
