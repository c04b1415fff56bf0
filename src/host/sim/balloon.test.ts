import { expect, test } from 'vitest';
import { VirtualClock } from '../../base/clock.ts';
import { Balloon } from './balloon.ts';
import { SimulatedMachine } from './machine.ts';
import { parseScenario } from './scenario.ts';

const MIB_PAGES = 256;

function guest() {
  const scenario = parseScenario(
    `nodes: [{ sizeBytes: 256 MiB }]
swap: { sizeBytes: 256 MiB }
processes:
  - name: one
    vmas: [{ name: hot, sizeBytes: 64 MiB }, { name: cold, sizeBytes: 64 MiB }]
    accesses: [{ vma: hot, pattern: uniform, ratePerSecond: 10 }]`,
    'test',
  );
  const machine = new SimulatedMachine(scenario, new VirtualClock());
  machine.advanceTo(10_000_000);
  return { machine, balloon: new Balloon(machine) };
}

test('takes free pages first, and then what was not used for long', () => {
  const { machine, balloon } = guest();
  const { processes } = machine;
  balloon.resize(100 * MIB_PAGES);
  expect(balloon.pages).toBe(100 * MIB_PAGES);
  expect(processes[0]!.awayBytes).toBe(0);
  balloon.resize(150 * MIB_PAGES);
  expect(balloon.pages).toBe(150 * MIB_PAGES);
  expect(processes[0]!.awayBytes).toBeGreaterThan(20 * 2 ** 20);
  const hot = processes[0]!.vmas.find(({ name }) => name === 'hot')!;
  expect(hot.missingPages).toBe(0);
});

test('gives back what it is told to', () => {
  const { machine, balloon } = guest();
  const free = () => machine.memory.nodes[0]!.frames.freeCount;
  const before = free();
  balloon.resize(100 * MIB_PAGES);
  balloon.resize(30 * MIB_PAGES);
  expect(free()).toBe(before - 30 * MIB_PAGES);
  balloon.resize(0);
  expect(free()).toBe(before);
});
