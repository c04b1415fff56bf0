import { expect, test } from 'vitest';
import { parseScenario } from '../../host/sim/index.ts';
import { BLOCK_BYTES } from '../../policies/acma/observation.ts';
import { runPlant } from './plant-run.ts';
import { SimulatedPool } from './simulated-pool.ts';

const MIB = 2 ** 20;

/** 1 GiB: 300 MiB are hot, and files that are read once fill the rest. */
const scenario = (more = '', node = '') =>
  parseScenario(
    `durationMs: 400 s
seed: 5
nodes: [{ sizeBytes: 1 GiB${node} }]
swap: { sizeBytes: 1 GiB, latencyUs: 6 }
acma:
  minBytes: 0
  maxBytes: 1 GiB
  pool: { targetBytes: 128 MiB, demands: [{ atMs: 300 s, sizeBytes: 100 MiB, forMs: 20 s }] }
processes:
  - name: server
    vmas:
      - { name: heap, sizeBytes: 300 MiB }
      - { name: files, kind: file, sizeBytes: 700 MiB }
      - { name: growth, sizeBytes: 700 MiB, populated: false }
    accesses: [{ vma: heap, pattern: uniform, ratePerSecond: 2 }]
    phases: [{ durationMs: 350 s }, { durationMs: 50 s, accesses: [${more}] }]`,
    'test',
  );

function run(targetBytes: number, spec = scenario()) {
  const pool = new SimulatedPool(spec, { targetBytes, pressureShare: 0.001, tryEveryMs: 0 });
  const ready: number[] = [];
  const seconds = runPlant(spec, {
    params: pool.params,
    everyStep: (guest) => pool.everyStep(guest),
    everySecond(guest) {
      pool.everySecond(guest);
      const { nrReady, nrLent } = pool.latest!.observation;
      ready.push(nrReady);
      // No block is ready, or lent, that is not out of use.
      expect((nrReady + nrLent) * BLOCK_BYTES).toBeLessThanOrEqual(
        guest.machine.blocks.ownedPages * 4096,
      );
    },
  });
  return { ready, seconds, served: pool.served, last: pool.latest! };
}

test('cold files make room, and what is asked for is there at once', () => {
  const { ready, served } = run(128 * MIB);
  expect(ready[298]).toBe(64);
  expect(served).toMatchObject([{ nrAsked: 50, nrAtOnce: 50 }]);
  // It is made ready anew while the other is lent, and goes back when that has come back.
  expect(Math.max(...ready.slice(301))).toBeGreaterThan(64);
  expect(ready.at(-1)).toBe(64);
});

test('without a pool, there is nothing to be had', () => {
  const { served } = run(0);
  expect(served[0]!.nrAtOnce).toBeLessThan(20);
});

test('under pressure it is given back', () => {
  const rise = '{ vma: growth, pattern: uniform, ratePerSecond: 0.5 }';
  const { ready, seconds } = run(128 * MIB, scenario(rise));
  const pressed = seconds.findIndex(({ pressureShare }) => pressureShare > 0.001);
  expect(pressed).toBeGreaterThanOrEqual(0);
  expect(Math.min(...ready.slice(pressed))).toBe(0);
});
