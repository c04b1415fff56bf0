import { expect, test } from 'vitest';
import { parseScenario } from '../host/sim/index.ts';
import { parseParamsText } from '../params/parse.ts';
import { resolveParams } from '../params/resolve.ts';
import { Simulation } from './simulation.ts';

const COLD = `
seed: 1
durationMs: 60 s
nodes: [{ sizeBytes: 1 GiB, latencyNs: 90, tier: 0 }]
swap: { sizeBytes: 1 GiB }
processes:
  - name: cold
    vmas: [{ name: data, sizeBytes: 512 MiB }]
    accesses: []
`;

const TIME_QUOTA = `
operations: vaddr
targets: [{ pid: 1000 }]
schemes:
  - action: pageout
    pattern: { nrAccesses: { max: 0 }, age: { min: 2 } }
    quota: { timeMs: 10ms, resetIntervalMs: 1s }
`;

test('a time quota counts the work of the simulated machine: 5 us for a page', () => {
  const scenario = parseScenario(COLD, 'cold.yaml');
  const params = resolveParams(parseParamsText(TIME_QUOTA, 'quota.yaml'), 2 ** 30);
  const simulation = new Simulation({ scenario, params });
  simulation.runUntil(5_000_000);
  const [scheme] = simulation.driver.stats().schemes;
  // 10 ms are enough for 2,000 pages, once it is known what a page takes.
  expect(Number(scheme!.effectiveQuotaBytes)).toBe(2_000 * 4096);
});
