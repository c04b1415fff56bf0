import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../base/clock.ts';
import { AWAY, UNTOUCHED } from './extents.ts';
import { SimulatedMachine } from './machine.ts';
import { parseScenario } from './scenario.ts';

const MIB = 256;

/** A machine of the given nodes with one process; sizes in pages come out as 256 a MiB. */
function machineOf(nodes: string, processes: string, swap = '1 GiB'): SimulatedMachine {
  const yaml = `nodes: [${nodes}]
swap: { sizeBytes: ${swap}, latencyUs: 100 }
processes: [${processes}]`;
  return new SimulatedMachine(parseScenario(yaml, 'test'), new VirtualClock());
}

const ONE_NODE = '{ sizeBytes: 256 MiB }';
const TWO_NODES = `{ sizeBytes: 64 MiB, latencyNs: 100, tier: 0 },
  { sizeBytes: 256 MiB, latencyNs: 200, tier: 1 }`;

function processOf(accesses: string, more = ''): string {
  return `{ name: one, vmas: [{ name: data, sizeBytes: 64 MiB ${more} }], accesses: [${accesses}] }`;
}

function dataOf(machine: SimulatedMachine) {
  const vma = machine.processes[0]!.vmas[1]!;
  expect(vma.name).toBe('data');
  return vma;
}

/** Pages of a mapping by where they are. */
function census(machine: SimulatedMachine): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { start, end, location } of dataOf(machine).extents.list) {
    counts.set(location, (counts.get(location) ?? 0) + end - start);
  }
  return counts;
}

describe('layout', () => {
  test('has a heap low, mappings below the stack, and two great gaps between', () => {
    const [heap, data, stack] = machineOf(ONE_NODE, processOf('')).processes[0]!.vmas;
    expect([heap!.name, data!.name, stack!.name]).toEqual(['[heap]', 'data', '[stack]']);
    expect(data!.start - heap!.end).toBeGreaterThan(2 ** 40);
    expect(stack!.start - data!.end).toBeGreaterThan(2 ** 20);
    expect(data!.start % 2 ** 21).toBe(0);
  });

  test('fills the fastest node first', () => {
    const machine = machineOf(TWO_NODES, processOf(''));
    const [fast, slow] = machine.summary().nodes;
    // 0.2 % of a node stay free.
    expect(fast!.usedBytes).toBe((64 * MIB - Math.ceil(64 * MIB * 0.002)) * 4096);
    expect(fast!.usedBytes + slow!.usedBytes).toBe(64 * 2 ** 20 + 2 * 132 * 1024);
  });

  test('what is not populated comes with its first access', () => {
    const accesses = '{ vma: data, pattern: uniform, to: 0.5, ratePerSecond: 5 }';
    const machine = machineOf(ONE_NODE, processOf(accesses, ', populated: false'));
    expect(census(machine)).toEqual(new Map([[UNTOUCHED, 64 * MIB]]));
    machine.advanceTo(200_000);
    // 1 - e^-1 of the half; first touches cost no time.
    expect(census(machine).get(0)! / (32 * MIB)).toBeCloseTo(0.632, 2);
    machine.advanceTo(10_000_000);
    expect(census(machine)).toEqual(
      new Map([
        [0, 32 * MIB],
        [UNTOUCHED, 32 * MIB],
      ]),
    );
    expect(machine.metrics.someMemoryPressureUs()).toBe(0);
  });
});

describe('pageout', () => {
  const rarely = '{ vma: data, pattern: uniform, to: 0.25, ratePerSecond: 0.5 }';

  test('frees memory and uses swap', () => {
    const machine = machineOf(ONE_NODE, processOf(rarely));
    const before = machine.metrics.nodeMemory(0)!.free;
    expect(machine.actions.pageOut({ vma: dataOf(machine), start: 0, end: 64 * MIB })).toBe(
      64 * MIB,
    );
    expect(machine.metrics.nodeMemory(0)!.free).toBe(before + 64 * MIB);
    expect(machine.summary().swap.usedBytes).toBe(64 * 2 ** 20);
  });

  test('what is needed comes back at its rate, and its process waits', () => {
    const machine = machineOf(ONE_NODE, processOf(rarely));
    machine.actions.pageOut({ vma: dataOf(machine), start: 0, end: 64 * MIB });
    machine.advanceTo(2_000_000);
    const { refaults, stallUs, throughput } = machine.summary().processes[0]!;
    // 16 MiB, each page with a chance of 1 - e^(-0.5 t), t being the time it could run.
    const expected = 16 * MIB * -Math.expm1(-0.5 * 2 * throughput);
    expect(Math.abs(refaults - expected)).toBeLessThan(25);
    expect(stallUs).toBe(refaults * 100);
    expect(throughput).toBeCloseTo(1 - stallUs / 2e6, 3);
    // Its only process waited, so that some is all.
    expect(machine.metrics.someMemoryPressureUs()).toBe(stallUs);
    expect(machine.summary().pressure.fullUs).toBe(stallUs);
    machine.advanceTo(60_000_000);
    expect(census(machine).get(AWAY)).toBe(48 * MIB);
  });

  test('what is never needed costs nothing', () => {
    const machine = machineOf(ONE_NODE, processOf(rarely));
    machine.actions.pageOut({ vma: dataOf(machine), start: 16 * MIB, end: 64 * MIB });
    machine.advanceTo(10_000_000);
    expect(machine.summary().processes[0]).toMatchObject({ refaults: 0, throughput: 1 });
    expect(machine.metrics.someMemoryPressureUs()).toBe(0);
  });

  test('stops where swap is full; pages of files need none', () => {
    const machine = machineOf(ONE_NODE, processOf(rarely), '1 MiB');
    expect(machine.actions.pageOut({ vma: dataOf(machine), start: 0, end: 1000 })).toBe(256);
    const files = machineOf(ONE_NODE, processOf(rarely, ', kind: file'), '0');
    expect(files.actions.pageOut({ vma: dataOf(files), start: 0, end: 1000 })).toBe(1000);
    expect(files.summary().swap.usedBytes).toBe(0);
  });

  test('a hot page is back at once', () => {
    const hot = '{ vma: data, pattern: uniform, ratePerSecond: 1000 }';
    const machine = machineOf(ONE_NODE, processOf(hot));
    machine.actions.pageOut({ vma: dataOf(machine), start: 0, end: 100 });
    machine.advanceTo(100_000);
    const { refaults, stallUs, throughput } = machine.summary().processes[0]!;
    expect({ refaults, stallUs }).toEqual({ refaults: 100, stallUs: 10_000 });
    expect(throughput).toBeCloseTo(0.9, 6);
  });

  test('popular pages come back before the others', () => {
    const zipf = '{ vma: data, pattern: zipf, layout: scrambled, theta: 1.2, ratePerSecond: 0.01 }';
    const even = '{ vma: data, pattern: uniform, ratePerSecond: 0.01 }';
    const [few, many] = [zipf, even].map((accesses) => {
      const machine = machineOf(ONE_NODE, processOf(accesses));
      machine.actions.pageOut({ vma: dataOf(machine), start: 0, end: 64 * MIB });
      machine.advanceTo(30_000_000);
      return machine.summary().processes[0]!.refaults;
    });
    expect(few!).toBeGreaterThan(0);
    expect(few!).toBeLessThan(many! / 2);
  });
});

describe('willneed', () => {
  test('brings pages back before they are missed', () => {
    const accesses = '{ vma: data, pattern: uniform, ratePerSecond: 10 }';
    const machine = machineOf(ONE_NODE, processOf(accesses));
    const all = { vma: dataOf(machine), start: 0, end: 64 * MIB };
    machine.actions.pageOut(all);
    expect(machine.actions.willNeed(all)).toBe(64 * MIB);
    machine.advanceTo(1_000_000);
    expect(machine.summary().processes[0]!.refaults).toBe(0);
    expect(machine.summary().broughtBackBytes).toBe(64 * 2 ** 20);
  });
});

describe('migration', () => {
  test('stops where the node is full', () => {
    const machine = machineOf(TWO_NODES, processOf(''));
    const all = { vma: dataOf(machine), start: 0, end: 64 * MIB };
    expect(machine.actions.migrate(all, 1)).toBeGreaterThan(63 * MIB);
    expect(census(machine)).toEqual(new Map([[1, 64 * MIB]]));
    // The heap and the stack are still there, and 0.1 % of the node is never given away.
    const room = machine.metrics.nodeMemory(0)!.free - Math.ceil(64 * MIB * 0.001);
    expect(room).toBeLessThan(64 * MIB);
    expect(machine.actions.migrate(all, 0)).toBe(room);
    expect(machine.actions.migrate(all, 0)).toBe(0);
    expect(census(machine).get(0)).toBe(room);
    expect(machine.summary().promotedBytes).toBe(room * 4096);
  });

  test('to where pages are, or to nowhere, moves nothing', () => {
    const machine = machineOf(ONE_NODE, processOf(''));
    const all = { vma: dataOf(machine), start: 0, end: 64 * MIB };
    expect(machine.actions.migrate(all, 0)).toBe(0);
    expect(machine.actions.migrate(all, 7)).toBe(0);
  });

  test('slower memory slows the process by the latency of its accesses', () => {
    // 16,384 pages at 100 accesses a second and 100 ns more each: 0.16384 s a second.
    const accesses = '{ vma: data, pattern: uniform, ratePerSecond: 100 }';
    const machine = machineOf(TWO_NODES, processOf(accesses));
    const moved = machine.actions.migrate({ vma: dataOf(machine), start: 0, end: 64 * MIB }, 1);
    machine.advanceTo(10_000_000);
    const { processes, nodes, pressure } = machine.summary();
    // Each page that moved has stopped its process for 0.1 us.
    expect(processes[0]!.throughput).toBeCloseTo((1 - moved / 1e8) / 1.16384, 6);
    expect(nodes.map(({ accessShare }) => accessShare)).toEqual([0, 1]);
    expect(pressure.someUs).toBe(0);
  });
});

describe('baseline reclaim', () => {
  test('takes what was used longest ago when memory runs short', () => {
    const machine = machineOf(
      '{ sizeBytes: 96 MiB }',
      `{ name: one,
         vmas: [
           { name: data, sizeBytes: 64 MiB },
           { name: more, sizeBytes: 64 MiB, populated: false } ],
         phases: [
           { durationMs: 10 s, accesses: [
             { vma: data, pattern: uniform, to: 0.5, ratePerSecond: 5 } ] },
           { durationMs: 10 s, accesses: [
             { vma: data, pattern: uniform, to: 0.25, ratePerSecond: 5 },
             { vma: more, pattern: uniform, ratePerSecond: 5 } ] } ] }`,
    );
    machine.advanceTo(19_000_000);
    const left = (start: number, end: number) =>
      dataOf(machine)
        .extents.list.filter(({ location }) => location >= 0)
        .reduce(
          (sum, extent) =>
            sum + Math.max(0, Math.min(end, extent.end) - Math.max(start, extent.start)),
          0,
        ) / MIB;
    // 33 MiB had to go: the half that was never used, and a little of the quarter used before.
    expect(left(0, 16 * MIB)).toBe(16);
    expect(left(16 * MIB, 32 * MIB)).toBeGreaterThan(14);
    expect(left(32 * MIB, 64 * MIB)).toBe(0);
    expect(machine.summary().deniedBytes).toBe(0);
  });

  test('goes by what schemes did to the lists', () => {
    const need = (lru: 1 | -1) => {
      const accesses = '{ vma: more, pattern: uniform, to: 0.5, ratePerSecond: 50 }';
      const machine = machineOf(
        '{ sizeBytes: 80 MiB }',
        `{ name: one,
           vmas: [
             { name: data, sizeBytes: 64 MiB },
             { name: more, sizeBytes: 64 MiB, populated: false } ],
           accesses: [${accesses}] }`,
      );
      machine.actions.setLru({ vma: dataOf(machine), start: 0, end: 64 * MIB }, lru > 0 ? -1 : 1);
      machine.actions.setLru({ vma: dataOf(machine), start: 32 * MIB, end: 64 * MIB }, lru);
      machine.advanceTo(3_000_000);
      const { list } = dataOf(machine).extents;
      return list.filter(({ location }) => location === AWAY).map(({ start }) => start >= 32 * MIB);
    };
    expect(need(-1)).toEqual([true]);
    expect(need(1)).toEqual([false]);
  });

  test('without swap, what has no room is denied', () => {
    const accesses = '{ vma: data, pattern: uniform, ratePerSecond: 5 }';
    const machine = machineOf(
      '{ sizeBytes: 32 MiB }',
      processOf(accesses, ', populated: false'),
      '0',
    );
    machine.advanceTo(5_000_000);
    expect(machine.summary().deniedBytes).toBeGreaterThan(0);
    expect(machine.summary().nodes[0]!.usedBytes).toBeLessThanOrEqual(32 * 2 ** 20);
  });
});

describe('processes', () => {
  test('that do not repeat end, and give everything back', () => {
    const machine = machineOf(
      ONE_NODE,
      `{ name: one, repeat: false, vmas: [{ name: data, sizeBytes: 64 MiB }],
         phases: [{ durationMs: 1 s, accesses: [] }] }`,
    );
    machine.actions.pageOut({ vma: dataOf(machine), start: 0, end: 100 });
    machine.advanceTo(999_999);
    expect(machine.process(1000)).toBeDefined();
    machine.advanceTo(1_000_000);
    expect(machine.process(1000)).toBeUndefined();
    expect(machine.metrics.freeMemoryPermil()).toBe(1000);
    expect(machine.summary().swap.usedBytes).toBe(0);
    machine.advanceTo(5_000_000);
  });

  test('belong to their cgroup and to those above it', () => {
    const machine = machineOf(
      ONE_NODE,
      processOf('').replace('name: one', 'name: one, cgroup: /a/b'),
    );
    const pages = 64 * MIB + 66;
    expect(machine.metrics.cgroupMemoryOnNode('/a/b', 0)).toBe(pages);
    expect(machine.metrics.cgroupMemoryOnNode('/a', 0)).toBe(pages);
    expect(machine.metrics.cgroupMemoryOnNode('/', 0)).toBe(pages);
    expect(machine.metrics.cgroupMemoryOnNode('/a', 1)).toBe(0);
    expect(machine.metrics.cgroupMemoryOnNode('/a/bc', 0)).toBeNull();
  });
});

test('pages are active where schemes have put them, and where they came back to', () => {
  const machine = machineOf(
    ONE_NODE,
    processOf('{ vma: data, pattern: uniform, to: 0.5, ratePerSecond: 100 }'),
  );
  const range = { vma: dataOf(machine), start: 0, end: 8 * MIB };
  machine.actions.setLru({ ...range, start: 4 * MIB }, 1);
  machine.actions.pageOut({ ...range, end: 2 * MIB });
  machine.advanceTo(2_000_000);
  expect(machine.metrics.activeMemory()).toBe(6 * MIB);
  expect(machine.metrics.inactiveMemory()).toBe(58 * MIB + 66);
});

test('no page is ever lost, and no frame', () => {
  const accesses = `{ vma: data, pattern: hotset, ratePerSecond: 0.2 },
    { vma: data, pattern: scan, bytesPerSecond: 4 MiB, from: 0.5 }`;
  const page = fc.integer({ min: 0, max: 64 * MIB });
  const steps = fc.array(
    fc.record({ deed: fc.integer({ min: 0, max: 7 }), a: page, b: page, nid: fc.nat(2) }),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(steps, fc.constantFrom('anon', 'file', 'huge'), (list, kind) => {
      const nodes = TWO_NODES.replace('256 MiB', '24 MiB');
      const machine = machineOf(nodes, processOf(accesses, `, kind: ${kind}`), '32 MiB');
      const vma = dataOf(machine);
      for (const [index, { deed, a, b, nid }] of list.entries()) {
        const range = { vma, start: Math.min(a, b), end: Math.max(a, b) };
        if (deed === 0) machine.actions.pageOut(range);
        else if (deed === 1) machine.actions.willNeed(range);
        else if (deed === 2) machine.actions.setLru(range, nid === 0 ? 1 : -1);
        else if (deed === 3) machine.actions.setHuge(range, nid === 0);
        else if (deed === 4) machine.actions.clearYoung(range);
        else if (deed === 5) machine.actions.migrate(range, nid);
        else machine.advanceTo((index + 1) * 150_000);
        const counts = census(machine);
        expect([...counts.values()].reduce((sum, pages) => sum + pages, 0)).toBe(64 * MIB);
        expect(vma.awayPages).toBe(counts.get(AWAY) ?? 0);
        expect(vma.missingPages).toBe(vma.awayPages + (counts.get(UNTOUCHED) ?? 0));
        for (const { nid: node, totalBytes, usedBytes } of machine.summary().nodes) {
          const others = machine.processes[0]!.vmas.filter((other) => other !== vma);
          const resident = others
            .flatMap(({ extents }) => extents.list)
            .filter(({ location }) => location === node)
            .reduce((sum, { start, end }) => sum + end - start, counts.get(node) ?? 0);
          expect(usedBytes).toBe(resident * 4096);
          expect(usedBytes).toBeLessThanOrEqual(totalBytes);
        }
        expect(machine.summary().swap.usedBytes).toBeLessThanOrEqual(32 * 2 ** 20);
        expect(machine.memory.swapUsedPages).toBe(
          kind === 'file' ? otherAway(machine) : away(machine),
        );
      }
    }),
    { numRuns: 60 },
  );
});

function away(machine: SimulatedMachine): number {
  return machine.processes[0]!.vmas.reduce((sum, { awayPages }) => sum + awayPages, 0);
}

function otherAway(machine: SimulatedMachine): number {
  return away(machine) - dataOf(machine).awayPages;
}
