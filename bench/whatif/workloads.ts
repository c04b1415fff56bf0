/** Simulated workloads on which predictions are checked, and what is tried on each. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseScenario, type Scenario } from '../../src/host/sim/index.ts';
import { parseParams } from '../../src/params/parse.ts';
import { resolveParams } from '../../src/params/resolve.ts';
import type { Params } from '../../src/params/types.ts';

const folder = path.join(import.meta.dirname, '../../examples/scenarios');

/** A workload, and for how long memory has to be cold to be paged out. */
export interface Trial {
  readonly name: string;
  readonly coldAge: string;
  readonly scenario: Scenario;
}

const machine = `
seed: 1
durationMs: 65 s
nodes: [{ sizeBytes: 2 GiB }]
swap: { sizeBytes: 2 GiB, latencyUs: 20 }
processes:
  - name: work
    vmas: [{ name: data, sizeBytes: 512 MiB }]
    accesses:
      - { vma: data, pattern: uniform, from: 0, to: 0.1, ratePerSecond: 500 }`;

/** All but the first have memory that comes back. */
const own: Readonly<Record<string, string>> = {
  // A second tenth is used for 3 s in every 15 s.
  bursts: `${machine}
    phases:
      - { durationMs: 12 s }
      - durationMs: 3 s
        accesses:
          - { vma: data, pattern: uniform, from: 0.5, to: 0.6, ratePerSecond: 200 }`,
  // One pass over all of it takes 20 s.
  scan: `${machine}
      - { vma: data, pattern: scan, bytesPerSecond: 25 MiB }`,
  // Few accesses to many pages: each page once in 20 s.
  sparse: `${machine}
      - { vma: data, pattern: uniform, from: 0.4, to: 0.8, ratePerSecond: 0.05 }`,
  // Popularity falls off slowly: most pages are touched within minutes.
  'zipf-tail': `${machine}
      - { vma: data, pattern: zipf, theta: 0.99, layout: sorted, ratePerSecond: 2 }`,
};

/** Everything that is compared. */
export function trials(): Trial[] {
  const example = (name: string) => {
    const text = readFileSync(path.join(folder, `${name}.yaml`), 'utf8');
    return parseScenario(text, name, (masim) => readFileSync(path.join(folder, masim), 'utf8'));
  };
  return [
    { name: 'hot-tenth', coldAge: '5s', scenario: example('hot-tenth') },
    { name: 'demo', coldAge: '3s', scenario: example('demo') },
    { name: 'moving', coldAge: '2s', scenario: example('moving') },
    { name: 'stairs', coldAge: '5s', scenario: example('stairs') },
    ...['bursts', 'scan', 'sparse', 'zipf-tail'].map((name) => ({
      ...{ name, coldAge: '5s' },
      scenario: parseScenario(own[name]!, name, () => ''),
    })),
  ];
}

/** Pages out what was cold for so long, at most 256 MiB a second, coldest first. */
export function paramsOf({ scenario, coldAge }: Trial): Params {
  const written = {
    targets: scenario.processes.map(({ pid }) => ({ pid })),
    schemes: [
      {
        action: 'pageout',
        pattern: { sizeBytes: { min: '4K' }, nrAccesses: { max: 0 }, age: { min: coldAge } },
        quota: { sizeBytes: '256M', weights: { agePermil: 1000 } },
      },
    ],
  };
  return resolveParams(parseParams(written, 'the trial'), 0);
}
