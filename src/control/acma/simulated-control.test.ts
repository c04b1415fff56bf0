import { expect, test } from 'vitest';
import { parseScenario } from '../../host/sim/index.ts';
import { plantFigures } from './plant-figures.ts';
import { runPlant } from './plant-run.ts';
import { controlSimulatedGuest, type DecisionRecord } from './simulated-control.ts';
import type { SimulatedGuest } from './simulated-guest.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** A guest of 1 GiB: 300 MiB are in use, 100 MiB of them cold; 300 MiB more from 200 s on. */
function scenario(more = '', node = '') {
  return parseScenario(
    `durationMs: 300 s
nodes: [{ sizeBytes: 1 GiB${node} }]
swap: { sizeBytes: 1 GiB, latencyUs: 6 }
acma: { minBytes: 256 MiB, maxBytes: 1 GiB${more} }
processes:
  - name: server
    vmas:
      - { name: heap, sizeBytes: 200 MiB }
      - { name: old, sizeBytes: 100 MiB }
      - { name: growth, sizeBytes: 300 MiB, populated: false }
    accesses: [{ vma: heap, pattern: uniform, ratePerSecond: 2 }]
    phases:
      - { durationMs: 200 s, accesses: [] }
      - { durationMs: 100 s, accesses: [{ vma: growth, pattern: uniform, ratePerSecond: 0.2 }] }
    repeat: false`,
    'test',
  );
}

function run(spec = scenario(), knobs = () => spec.acma!) {
  const records: DecisionRecord[] = [];
  const guests: SimulatedGuest[] = [];
  const controller = controlSimulatedGuest(spec, knobs, (record) => records.push(record));
  const seconds = runPlant(spec, {
    params: controller.params,
    everyStep: (guest) => {
      guests[0] = guest;
      controller.everyStep!(guest);
    },
    everySecond: (guest) => controller.everySecond!(guest),
  });
  return { seconds, records, guest: guests[0]!, figures: plantFigures(seconds, spec.acma!) };
}

test('a guest comes down to its working set and headroom, and grows with it', () => {
  const { seconds, figures } = run();
  const beforeGrowth = seconds[199]!.billedBytes;
  // 200 MiB are hot, 128 MiB stay free, and a little of the cold is not told from the hot yet.
  expect(beforeGrowth).toBeGreaterThanOrEqual(328 * MIB);
  expect(beforeGrowth).toBeLessThanOrEqual(360 * MIB);
  expect(seconds[260]!.billedBytes).toBeGreaterThanOrEqual(560 * MIB);
  expect(figures.recoverySeconds).toBeLessThanOrEqual(5);
  expect(figures.overLimitShare).toBeLessThan(0.05);
});

test('what is taken are whole blocks from the top, and all of the guest stays its own', () => {
  const { guest } = run();
  const frames = guest.machine.blocks.owned();
  expect(frames.length).toBeGreaterThan(100);
  expect(frames.every((frame) => frame % 512 === 0)).toBe(true);
  expect(new Set(frames).size).toBe(frames.length);
  expect(Math.max(...frames)).toBe(2 ** 18 - 512);
  expect(guest.machine.counters.deniedPages).toBe(0);
});

test('blocks that a host refuses stay the guest’s, and are left alone for a while', () => {
  const spec = scenario();
  const asked = new Map<number, number>();
  const controller = controlSimulatedGuest(spec, () => spec.acma!);
  runPlant(spec, {
    params: controller.params,
    everyStep: (guest) => {
      guest.machine.blocks.listener = {
        taken: (address) => {
          asked.set(address, (asked.get(address) ?? 0) + 1);
          return address < 900 * MIB;
        },
        returning: () => true,
      };
      controller.everyStep!(guest);
    },
    everySecond: (guest) => {
      controller.everySecond!(guest);
      const owned = guest.machine.blocks.owned();
      expect(owned.every((frame) => frame * 4096 < 900 * MIB)).toBe(true);
    },
  });
  const refused = [...asked].filter(([address]) => address >= 900 * MIB);
  expect(refused).toHaveLength(62);
  // A minute, two, four: within five minutes nobody is asked more than a few times, each of them
  // in the two passes that an order lives.
  expect(Math.max(...refused.map(([, times]) => times))).toBeLessThanOrEqual(12);
});

test('unmovable pages cost their blocks and nothing else', () => {
  const { seconds, guest } = run(scenario('', ', unmovableShare: 0.05'));
  expect(seconds[199]!.billedBytes).toBeLessThanOrEqual(380 * MIB);
  expect(guest.machine.counters.deniedPages).toBe(0);
});

test('a maximum that is lowered while it runs is obeyed', () => {
  const spec = scenario();
  let maxBytes = GIB;
  const { seconds } = (() => {
    const records: number[] = [];
    const knobs = () => {
      records.push(maxBytes);
      if (records.length === 30) maxBytes = 400 * MIB;
      return { ...spec.acma!, maxBytes };
    };
    return run(spec, knobs);
  })();
  expect(seconds[45]!.billedBytes).toBeLessThanOrEqual(400 * MIB);
  expect(seconds.slice(45).every(({ billedBytes }) => billedBytes <= 400 * MIB)).toBe(true);
});

test('the same seed gives the same run', () => {
  expect(run().seconds).toEqual(run().seconds);
});

test('a guest that falls silent gets its memory back', () => {
  const { seconds } = run(scenario(', guest: { silentFromMs: 150 s }'));
  expect(seconds[140]!.billedBytes).toBeLessThan(400 * MIB);
  expect(seconds[199]!.billedBytes).toBe(GIB);
});
