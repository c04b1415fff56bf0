import { expect, test } from 'vitest';
import { parseScenario } from '../../host/sim/index.ts';
import { type BankState, banksOf, stepBanks } from '../../policies/acma/banks.ts';
import { type PlantSecond, runPlant } from './plant-run.ts';
import { controlSimulatedGuest } from './simulated-control.ts';
import type { SimulatedGuest } from './simulated-guest.ts';

const MIB = 2 ** 20;
const BANK_BYTES = 256 * MIB;
const PAGE_BYTES = 4096;

/** A machine of 1 GiB: 200 MiB are hot, and 300 MiB more from 100 s on. */
function run(node = '') {
  const scenario = parseScenario(
    `durationMs: 200 s
seed: 3
nodes: [{ sizeBytes: 1 GiB${node} }]
swap: { sizeBytes: 1 GiB, latencyUs: 6 }
acma: { minBytes: 256 MiB, maxBytes: 1 GiB }
processes:
  - name: server
    vmas:
      - { name: heap, sizeBytes: 200 MiB }
      - { name: growth, sizeBytes: 500 MiB, populated: false }
    accesses: [{ vma: heap, pattern: uniform, ratePerSecond: 2 }]
    phases:
      - { durationMs: 100 s, accesses: [] }
      - { durationMs: 100 s, accesses: [{ vma: growth, pattern: uniform, ratePerSecond: 0.5 }] }
    repeat: false`,
    'test',
  );
  const fitBySecond: number[] = [];
  let banks: readonly BankState[] = [];
  let nrChecked = 0;
  const controller = controlSimulatedGuest(
    scenario,
    () => scenario.acma!,
    ({ observation }) => {
      banks = banksOf(observation.windows, 2);
    },
    {},
    (observation, state, knobs) => stepBanks(observation, state, knobs, BANK_BYTES),
  );
  const seconds: PlantSecond[] = runPlant(scenario, {
    params: controller.params,
    everyStep: (guest) => controller.everyStep!(guest),
    everySecond(guest) {
      controller.everySecond!(guest);
      const fit = banks.filter(({ isFit }) => isFit);
      fitBySecond.push(fit.length);
      for (const { bank } of fit) nrChecked += usedPages(guest, bank) === 0 ? 1 : 1e9;
    },
  });
  return { seconds, fitBySecond, banks, nrChecked };
}

/** Pages of programs that lie in a bank. */
function usedPages({ machine }: SimulatedGuest, bank: number): number {
  const from = (bank * BANK_BYTES) / PAGE_BYTES;
  const to = from + BANK_BYTES / PAGE_BYTES;
  let pages = 0;
  for (const { extents } of machine.processes.flatMap(({ vmas }) => vmas)) {
    for (const { start, end, frame, location } of extents.list) {
      if (location < 0) continue;
      pages += Math.max(0, Math.min(frame + end - start, to) - Math.max(frame, from));
    }
  }
  return pages;
}

test('banks are emptied from the top, hold nothing then, and come back with the load', () => {
  const { seconds, fitBySecond, nrChecked } = run();
  // 200 MiB and 128 MiB of headroom stay in two of the four.
  expect(fitBySecond[95]).toBe(2);
  expect(fitBySecond.at(-1)).toBeLessThan(2);
  expect(nrChecked).toBeGreaterThan(100);
  expect(nrChecked).toBeLessThan(1e9);
  expect(seconds.filter(({ pressureShare }) => pressureShare > 0.001).length).toBeLessThan(5);
});

test('a bank with a page that can’t be moved is never called fit', () => {
  // Two of five blocks hold one: no bank of 128 blocks is without.
  const { fitBySecond } = run(', unmovableShare: 0.4');
  expect(Math.max(...fitBySecond)).toBe(0);
});
