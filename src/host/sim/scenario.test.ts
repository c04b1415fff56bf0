import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ThermoclineError } from '../../base/errors.ts';
import { parseScenario } from './scenario.ts';

const EXAMPLES = new URL('../../../examples/scenarios/', import.meta.url);

const scenario = (process: string) => `nodes: [{ sizeBytes: 1 GiB }]
processes:
  - name: one
    vmas: [{ name: data, sizeBytes: 64 MiB }]
${process}`;

describe('examples', () => {
  const files = readdirSync(EXAMPLES).filter((name) => name.endsWith('.yaml'));

  test('are there', () => expect(files).toContain('demo.yaml'));

  test.each(files)('%s can be used', (name) => {
    const read = (path: string) => readFileSync(new URL(path, EXAMPLES), 'utf8');
    const { processes } = parseScenario(read(name), name, read);
    expect(processes.length).toBeGreaterThan(0);
  });
});

test('fills in what is not written', () => {
  const parsed = parseScenario(
    scenario('    accesses: [{ vma: data, pattern: zipf, ratePerSecond: 5 }]'),
    'a.yaml',
  );
  expect(parsed).toEqual({
    seed: 1,
    durationUs: 60_000_000,
    nodes: [
      {
        sizeBytes: 2 ** 30,
        latencyNs: 90,
        bandwidthBytesPerSecond: 0,
        tier: 0,
        unmovableShare: 0,
        movableBytes: 0,
      },
    ],
    swap: { kind: 'disk', sizeBytes: 0, latencyUs: 100, compressionRatio: 1 },
    storage: { latencyUs: 100 },
    kernel: { reclaim: 'lru', swappiness: 60, demotion: false, hintFaults: false },
    cgroups: [],
    processes: [
      {
        name: 'one',
        pid: 1000,
        cgroup: '/one',
        repeat: true,
        requests: { workUs: 10_000, perSecond: 0 },
        vmas: [{ name: 'data', kind: 'anon', sizeBytes: 64 * 2 ** 20, populated: true }],
        accesses: [
          {
            vma: 'data',
            pattern: 'zipf',
            from: 0,
            to: 1,
            writeShare: 0,
            ratePerSecond: 5,
            theta: 0.99,
            layout: 'sorted',
          },
        ],
        phases: [],
      },
    ],
    acma: null,
  });
});

test('zram has its own latency and a ratio; a disk has none', () => {
  const parse = (swap: string) => parseScenario(`swap: ${swap}\n${scenario('')}`, 'a.yaml').swap;
  expect(parse('{ kind: zram, sizeBytes: 1 GiB }')).toEqual({
    kind: 'zram',
    sizeBytes: 2 ** 30,
    latencyUs: 10,
    compressionRatio: 3,
  });
  expect(() => parse('{ sizeBytes: 1 GiB, compressionRatio: 2 }')).toThrow(
    'swap: only zram has a compressionRatio',
  );
});

test('durations are in the unit of their field, or in their own', () => {
  const phases = `    phases:
      - { durationMs: 250, accesses: [] }
      - { durationMs: 2 s, accesses: [] }`;
  const parsed = parseScenario(scenario(phases), 'a.yaml');
  expect(parsed.processes[0]!.phases.map(({ durationUs }) => durationUs)).toEqual([
    250_000, 2_000_000,
  ]);
});

describe('bad input gets one sentence that names the place:', () => {
  const access = (fields: string) => scenario(`    accesses: [{ vma: data, ${fields} }]`);
  test.each([
    ['not YAML', 'nodes: [', 'it is not YAML'],
    ['nothing', '', 'the file'],
    ['an unknown field', scenario('    colour: red'), 'colour'],
    ['a size that is none', 'nodes: [{ sizeBytes: big }]', 'nodes.0.sizeBytes'],
    ['an odd size', scenario('').replace('64 MiB', '5000'), 'mapping data of process one'],
    ['a huge size', scenario('').replace('64 MiB', '16 TiB'), '8 TiB'],
    ['an unknown pattern', access('pattern: spiral'), 'processes.0.accesses.0.pattern'],
    ['no rate', access('pattern: uniform'), 'processes.0.accesses.0.ratePerSecond'],
    ['an empty part', access('pattern: uniform, ratePerSecond: 1, from: 1'), 'from 1 to 1'],
    [
      'a mapping that does not exist',
      scenario('    accesses: [{ vma: dta, pattern: uniform, ratePerSecond: 1 }]'),
      '"dta"',
    ],
    [
      'two shuffled popularities',
      scenario(`    accesses:
      - { vma: data, pattern: zipf, layout: blocked, ratePerSecond: 1 }
      - { vma: data, pattern: zipf, layout: scrambled, ratePerSecond: 1 }`),
      'two shuffled zipf accesses',
    ],
    ['more than fits', scenario('').replace('64 MiB', '2 GiB'), 'make one fit the other'],
    ['a masim file beside mappings', scenario('    masim: a.masim'), 'keep one'],
    [
      'a phase of no length',
      scenario('    phases: [{ durationMs: 0, accesses: [] }]'),
      'shorter than 1 ms',
    ],
    [
      'two names',
      scenario('').replace('[{ name', '[{ name: data, sizeBytes: 4096 }, { name'),
      'two mappings',
    ],
  ])('%s', (_, yaml, place) => {
    let error: unknown;
    try {
      parseScenario(yaml, 'a.yaml');
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(ThermoclineError);
    const { code, message } = error as ThermoclineError;
    expect(code).toBe('TC_INVALID');
    expect(message).toContain("The scenario a.yaml can't be used: ");
    expect(message).toContain(place);
    expect(message).toMatch(/^[^\n]*\.$/);
  });
});
