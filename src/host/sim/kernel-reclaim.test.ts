import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../base/clock.ts';
import { SimulatedMachine } from './machine.ts';
import { parseScenario } from './scenario.ts';

const MIB = 256;

function machineOf(yaml: string): SimulatedMachine {
  return new SimulatedMachine(parseScenario(yaml, 'test'), new VirtualClock());
}

function residentMib(machine: SimulatedMachine, name: string): number {
  const vma = machine.processes[0]!.vmas.find((one) => one.name === name)!;
  return (vma.pages - vma.missingPages) / MIB;
}

const ZRAM = 'swap: { kind: zram, sizeBytes: 1 GiB, compressionRatio: 4 }';

describe('zram', () => {
  test('needs memory for what it holds, and gives it back', () => {
    const machine = machineOf(`nodes: [{ sizeBytes: 256 MiB }]
${ZRAM}
processes: [{ name: one, vmas: [{ name: data, sizeBytes: 64 MiB }] }]`);
    const free = () => machine.metrics.nodeMemory(0)!.free;
    const before = free();
    const data = { vma: machine.processes[0]!.vmas[1]!, start: 0, end: 40 * MIB };
    machine.actions.pageOut(data);
    expect(free()).toBe(before + 30 * MIB);
    expect(machine.summary().swap).toMatchObject({
      usedBytes: 40 * 2 ** 20,
      poolBytes: 10 * 2 ** 20,
      writtenBytes: 0,
    });
    machine.actions.willNeed(data);
    expect(free()).toBe(before);
    expect(machine.summary().swap.poolBytes).toBe(0);
  });
});

describe('pages of files', () => {
  const scenario = (writeShare: number) => `nodes: [{ sizeBytes: 256 MiB }]
storage: { latencyUs: 1000 }
processes:
  - name: one
    vmas: [{ name: log, kind: file, sizeBytes: 64 MiB }]
    accesses: [{ vma: log, pattern: uniform, ratePerSecond: 0.01, writeShare: ${writeShare} }]`;

  test('are written before they go if they were changed, and read again from storage', () => {
    const written = (writeShare: number) => {
      const machine = machineOf(scenario(writeShare));
      machine.actions.pageOut({ vma: machine.processes[0]!.vmas[1]!, start: 0, end: 64 * MIB });
      machine.advanceTo(2_000_000);
      const { processes, fileWrittenBytes } = machine.summary();
      expect(processes[0]!.stallUs).toBeCloseTo(processes[0]!.refaults * 1000, 6);
      expect(machine.counters.ioStallUs).toBeCloseTo(processes[0]!.stallUs, 6);
      return fileWrittenBytes / 2 ** 20;
    };
    expect(written(0)).toBe(0);
    // Changed within the last 30 s, and not written by itself yet: 1 - e^-0.3 of all.
    expect(written(1)).toBeCloseTo(64 * -Math.expm1(-0.3), 3);
  });

  test('go first while most of them are read once', () => {
    const machine = machineOf(`nodes: [{ sizeBytes: 128 MiB }]
${ZRAM}
processes:
  - name: one
    vmas:
      - { name: data, sizeBytes: 64 MiB }
      - { name: log, kind: file, sizeBytes: 1 GiB, populated: false }
    accesses:
      - { vma: data, pattern: uniform, ratePerSecond: 1 }
      - { vma: log, pattern: scan, bytesPerSecond: 8 MiB }`);
    machine.advanceTo(60_000_000);
    expect(residentMib(machine, 'data')).toBeGreaterThan(63);
    expect(residentMib(machine, 'log')).toBeLessThan(64);
    expect(machine.summary().deniedBytes).toBe(0);
  });
});

describe.each(['lru', 'mglru'])('%s', (reclaim) => {
  const scenario = (memory: string, vmas: string, accesses: string) => `
nodes: [{ sizeBytes: ${memory} }]
kernel: { reclaim: ${reclaim} }
swap: { sizeBytes: 1 GiB }
processes: [{ name: one, vmas: [${vmas}], accesses: [${accesses}] }]`;

  test('keeps what is used and takes what is not', () => {
    const machine = machineOf(
      scenario(
        '128 MiB',
        `{ name: hot, sizeBytes: 32 MiB }, { name: cold, sizeBytes: 64 MiB },
         { name: more, sizeBytes: 64 MiB, populated: false }`,
        `{ vma: hot, pattern: uniform, ratePerSecond: 20 },
         { vma: more, pattern: scan, bytesPerSecond: 4 MiB }`,
      ),
    );
    machine.advanceTo(15_000_000);
    expect(residentMib(machine, 'hot')).toBeGreaterThan(31);
    expect(residentMib(machine, 'cold')).toBeLessThan(36);
    expect(machine.summary().reclaimedBytes).toBeGreaterThan(28 * 2 ** 20);
  });

  test('takes pages that are popular last, wherever they lie', () => {
    const machine = machineOf(
      scenario(
        '64 MiB',
        '{ name: data, sizeBytes: 96 MiB }',
        '{ vma: data, pattern: zipf, layout: scrambled, theta: 1.2, ratePerSecond: 0.5 }',
      ),
    );
    machine.advanceTo(60_000_000);
    const early = machine.summary().processes[0]!.refaults;
    machine.advanceTo(120_000_000);
    const { refaults } = machine.summary().processes[0]!;
    // If pages went by chance, a third of the accesses would find theirs missing.
    expect((refaults - early) / (96 * MIB * 0.5 * 60)).toBeLessThan(0.06);
  });

  test('gains nothing from a cache for scans that are larger than it', () => {
    const machine = machineOf(
      scenario(
        '96 MiB',
        '{ name: data, sizeBytes: 128 MiB, populated: false }',
        '{ vma: data, pattern: scan, bytesPerSecond: 16 MiB }',
      ),
    );
    machine.advanceTo(32_000_000);
    const early = machine.summary().refaultedBytes;
    machine.advanceTo(48_000_000);
    // What comes next is what was used longest ago.
    const missed = (machine.summary().refaultedBytes - early) / (256 * 2 ** 20);
    expect(missed).toBeGreaterThan(0.9);
  });
});

describe('cgroups', () => {
  const scenario = (limits: string) => `nodes: [{ sizeBytes: 256 MiB }]
swap: { sizeBytes: 1 GiB }
cgroups: [{ path: /a, ${limits} }]
processes:
  - name: one
    cgroup: /a/one
    vmas: [{ name: data, sizeBytes: 64 MiB, populated: false }]
    accesses: [{ vma: data, pattern: uniform, ratePerSecond: 1 }]
  - name: other
    vmas: [{ name: data, sizeBytes: 64 MiB }]
    accesses: [{ vma: data, pattern: uniform, ratePerSecond: 1 }]`;

  test('have what their processes have', () => {
    const machine = machineOf(scenario('highBytes: 1 GiB'));
    machine.advanceTo(30_000_000);
    const [one, other] = machine.processes.map(({ residentBytes }) => residentBytes);
    expect(machine.cgroups.get('/a')!.currentBytes).toBe(one);
    expect(machine.cgroups.get('/')!.currentBytes).toBe(one! + other!);
  });

  test('are held at memory.high, and only their processes wait for it', () => {
    const machine = machineOf(scenario('highBytes: 32 MiB'));
    machine.advanceTo(30_000_000);
    expect(machine.cgroups.get('/a')!.currentBytes).toBeLessThanOrEqual(32 * 2 ** 20);
    expect(machine.cgroups.get('/a')!.someStallUs).toBeGreaterThan(1_000_000);
    expect(machine.cgroups.get('/other')!.someStallUs).toBe(0);
    expect(machine.summary().processes[1]!.throughput).toBe(1);
    expect(machine.summary().deniedBytes).toBe(0);
  });

  test('are denied what they can not have under memory.max', () => {
    const machine = machineOf(scenario('maxBytes: 32 MiB').replace('1 GiB', '4 MiB'));
    machine.advanceTo(30_000_000);
    expect(machine.cgroups.get('/a')!.currentBytes).toBeLessThanOrEqual(32 * 2 ** 20);
    expect(machine.summary().deniedBytes).toBeGreaterThan(0);
  });

  test('are reclaimed from on request, nobody waiting for that', () => {
    const machine = machineOf(scenario('highBytes: 1 GiB'));
    machine.advanceTo(30_000_000);
    const cgroup = machine.cgroups.get('/a')!;
    const before = cgroup.currentBytes;
    expect(cgroup.reclaim(8 * 2 ** 20)).toBe(8 * 2 ** 20);
    expect(cgroup.currentBytes).toBe(before - 8 * 2 ** 20);
    expect(cgroup.someStallUs).toBe(0);
    cgroup.setHigh(32 * 2 ** 20);
    expect(cgroup.currentBytes).toBe(32 * 2 ** 20);
    expect(cgroup.someStallUs).toBe(0);
  });
});
