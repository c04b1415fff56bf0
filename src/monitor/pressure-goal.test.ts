/** Why a score is worked out in user space: a goal on pressure does not live through commits. */
import { expect, test } from 'vitest';
import { parseScenario } from '../host/sim/index.ts';
import { parseParamsText } from '../params/parse.ts';
import { resolveParams } from '../params/resolve.ts';
import { Simulation } from './simulation.ts';

const SECOND = 1_000_000;

const IDLE = `
seed: 1
nodes: [{ sizeBytes: 1 GiB }]
swap: { kind: zram, sizeBytes: 1 GiB }
processes:
  - name: idle
    vmas: [{ name: data, sizeBytes: 512 MiB }]
    accesses: []
`;

/** What a metric says of itself stands beside what the kernel measures; both leave all room. */
const TWO_GOALS = `
operations: vaddr
targets: [{ pid: 1000 }]
schemes:
  - action: pageout
    pattern: { nrAccesses: { max: 0 }, age: { min: 2 } }
    quota:
      sizeBytes: 64 MiB
      resetIntervalMs: 1s
      goals:
        - { metric: some_mem_psi_us, targetValue: 1000 }
        - { metric: user_input, targetValue: 10000, currentValue: 0 }
`;

/** The quota in force after 40 windows, in bytes. */
function quotaAfter(eachWindow: (simulation: Simulation) => void): number {
  const scenario = parseScenario(IDLE, 'idle.yaml');
  const params = resolveParams(parseParamsText(TWO_GOALS, 'goals.yaml'), 2 ** 30);
  const simulation = new Simulation({ scenario, params });
  for (let window = 0; window < 40; window++) {
    simulation.runFor(SECOND);
    eachWindow(simulation);
  }
  return Number(simulation.driver.stats().schemes[0]!.effectiveQuotaBytes);
}

test('a goal on pressure grows the quota while it is left alone', () => {
  expect(quotaAfter(() => {})).toBe(64 * 2 ** 20);
});

test('a goal on pressure that is committed with a value in each window never grows', () => {
  const feedWithCommit = ({ driver }: Simulation) => driver.commit(driver.kdamond.params);
  // No pressure, and not one page of quota: each commit forgets what pressure is counted from.
  expect(quotaAfter(feedWithCommit)).toBeLessThan(4096);
});
