/** The engine on simulated machines: what it finds, and what its schemes do to them. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { accessShare, hottest, type RatedRange } from '../src/analysis/access-share.ts';
import { accuracyOf, scoresOf } from '../src/analysis/accuracy.ts';
import { parseScenario, type Scenario } from '../src/host/sim/index.ts';
import { Simulation } from '../src/monitor/simulation.ts';
import { DEFAULT_ATTRS, DEFAULT_SCHEME, NO_QUOTA } from '../src/params/defaults.ts';
import type { Snapshot } from '../src/params/snapshot.ts';
import type { Attrs, OperationsId, Params, Scheme } from '../src/params/types.ts';

const EXAMPLES = new URL('../examples/scenarios/', import.meta.url);

function example(name: string): Scenario {
  const read = (path: string) => readFileSync(new URL(path, EXAMPLES), 'utf8');
  return parseScenario(read(`${name}.yaml`), name, read);
}

interface Run {
  readonly operations?: OperationsId;
  readonly attrs?: Partial<Attrs>;
  readonly schemes?: readonly Scheme[];
  readonly seed?: number;
  /** Told of each complete window. */
  readonly aggregated?: (simulation: Simulation) => void;
}

function simulate(scenario: Scenario, run: Run = {}): Simulation {
  const { operations = 'vaddr', schemes = [], attrs, ...options } = run;
  const memory = scenario.nodes.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const physical = { regions: [{ start: 0, end: memory }], obsolete: false };
  const params: Params = {
    operations,
    addrUnit: 1,
    minRegionSize: 4096,
    attrs: { ...DEFAULT_ATTRS, ...attrs },
    targets:
      operations === 'paddr'
        ? [physical]
        : scenario.processes.map(({ pid }) => ({ pid, regions: [], obsolete: false })),
    probes: [],
    schemes,
    paused: false,
  };
  return new Simulation({ scenario, params, ...options });
}

/** Precision and recall of hot bytes in each window. */
function scores(scenario: Scenario, windows: number, run: Run = {}) {
  const result: { precision: number; recall: number }[] = [];
  const aggregated = (simulation: Simulation) => {
    const truth = simulation.machine.groundTruth().map(({ extents }) => extents);
    const { precision, recall } = scoresOf(accuracyOf(simulation.snapshot(), truth));
    result.push({ precision: precision ?? 0, recall: recall ?? 0 });
  };
  simulate(scenario, { ...run, aggregated }).runUntil(windows * 100_000);
  expect(result.length).toBe(windows);
  return result;
}

const columns = ({ nrRegions, start, nrAccesses, age }: Snapshot) =>
  JSON.stringify([nrRegions, [...start], [...nrAccesses], [...age]]);

const cold: Scheme = {
  ...DEFAULT_SCHEME,
  action: 'pageout',
  pattern: {
    sizeBytes: { min: 4096, max: 'max' },
    nrAccesses: { min: 0, max: 0 },
    age: { min: 20, max: 'max' },
  },
};

describe('the engine finds', () => {
  test.each([1, 2, 3])('410 MiB of 4 GiB within ten windows (seed %d)', (seed) => {
    const found = scores(example('hot-tenth'), 20, { seed }).slice(9);
    for (const { precision, recall } of found) {
      expect(precision).toBeGreaterThan(0.95);
      expect(recall).toBeGreaterThan(0.95);
    }
  });

  test('a tenth of a tebibyte', () => {
    const { precision, recall } = scores(example('terabyte'), 20).at(-1)!;
    expect(precision).toBeGreaterThan(0.95);
    expect(recall).toBeGreaterThan(0.95);
  });

  test('what is hot now, in the first whole window after a change', () => {
    const found = scores(example('moving'), 110);
    // Every 50 windows the other mapping gets hot; window 49 ends in that very moment.
    for (const window of [48, 50, 98, 100]) {
      expect(found[window]!.precision, `window ${window}`).toBeGreaterThan(0.95);
      expect(found[window]!.recall, `window ${window}`).toBeGreaterThan(0.95);
    }
  });

  test('the hot tenth of sorted popularity, less of blocks, and of scrambled pages nothing', () => {
    const [sorted, blocked, scrambled] = ['sorted', 'blocked', 'scrambled'].map((layout) => {
      const shares: number[] = [];
      let truth: RatedRange[] | undefined;
      const aggregated = (simulation: Simulation) => {
        if (simulation.nowUs > 5_000_000 && simulation.nowUs % 500_000 === 0) {
          truth ??= trueRates(simulation);
          shares.push(shareOfHottestTenth(simulation.snapshot(), truth));
        }
      };
      simulate(example(`zipf-${layout}`), { aggregated }).runUntil(20_000_000);
      expect(shares.length).toBe(30);
      return shares.reduce((sum, share) => sum + share, 0) / shares.length;
    });
    // The best choice of pages catches 81 %, of blocks 66 %, and a choice by chance 10 %.
    expect(sorted!).toBeGreaterThan(0.78);
    expect(blocked!).toBeGreaterThan(0.6);
    expect(blocked!).toBeLessThan(0.66);
    expect(scrambled!).toBeGreaterThan(0.05);
    expect(scrambled!).toBeLessThan(0.15);
  });
});

function trueRates({ machine }: Simulation): RatedRange[] {
  return machine
    .groundTruth()
    .flatMap(({ extents }, targetIndex) =>
      extents.map(({ start, end, accessesPerSecond: rate }) => ({ targetIndex, start, end, rate })),
    );
}

/** Share of all accesses that go to the tenth of memory that a snapshot shows as the hottest. */
function shareOfHottestTenth(snapshot: Snapshot, truth: readonly RatedRange[]): number {
  const seen = Array.from({ length: snapshot.nrRegions }, (_, row) => ({
    targetIndex: snapshot.targetIndex[row]!,
    start: snapshot.start[row]!,
    end: snapshot.end[row]!,
    rate: snapshot.nrAccesses[row]!,
  }));
  const total = truth.reduce((sum, { start, end }) => sum + end - start, 0);
  return accessShare(truth, hottest(seen, total / 10));
}

test('the same seeds make the same run, other seeds another', () => {
  const run = (seed: number, machineSeed: number) => {
    const scenario = { ...example('zipf-blocked'), seed: machineSeed };
    const windows: string[] = [];
    const aggregated = (simulation: Simulation) => windows.push(columns(simulation.snapshot()));
    const simulation = simulate(scenario, { seed, schemes: [cold], aggregated });
    simulation.runUntil(5_000_000);
    return JSON.stringify([windows, simulation.machine.summary()]);
  };
  expect(run(1, 1)).toBe(run(1, 1));
  expect(run(1, 1)).not.toBe(run(2, 1));
  expect(run(1, 1)).not.toBe(run(1, 2));
});

test('paging out what is cold saves memory and costs next to nothing', () => {
  const simulation = simulate(example('hot-tenth'), { schemes: [cold] });
  simulation.runUntil(20_000_000);
  const [process] = simulation.machine.summary().processes;
  expect(process!.residentBytes / process!.mappedBytes).toBeLessThan(0.11);
  expect(process!.throughput).toBeGreaterThan(0.99);
});

test('paging out what is used now and then is paid for in pressure and speed', () => {
  const scenario = example('hot-tenth');
  const warm = { vma: 'data', from: 0, to: 1, pattern: 'uniform', ratePerSecond: 0.02 } as const;
  const [process] = scenario.processes;
  const accesses = [...process!.accesses, warm];
  const simulation = simulate(
    { ...scenario, processes: [{ ...process!, accesses }] },
    { schemes: [cold] },
  );
  simulation.runUntil(20_000_000);
  const { processes, pressure, refaultedBytes } = simulation.machine.summary();
  expect(refaultedBytes).toBeGreaterThan(100 * 2 ** 20);
  expect(processes[0]!.throughput).toBeLessThan(0.98);
  expect(pressure.someUs).toBe(processes[0]!.stallUs);
});

test('tiering by two schemes brings the hot memory to the fast node, and makes it faster', () => {
  const scheme = (action: 'migrate_hot' | 'migrate_cold', targetNid: number): Scheme => ({
    ...DEFAULT_SCHEME,
    action,
    targetNid,
    pattern: {
      sizeBytes: { min: 4096, max: 'max' },
      nrAccesses: action === 'migrate_hot' ? { min: 1, max: 'max' } : { min: 0, max: 0 },
      age: { min: action === 'migrate_hot' ? 0 : 20, max: 'max' },
    },
    applyIntervalUs: 1_000_000,
    quota: {
      ...NO_QUOTA,
      sizeBytes: 200 * 2 ** 20,
      weights: { sizePermil: 0, nrAccessesPermil: 1, agePermil: 1 },
      goalTuner: 'temporal',
      goals: [
        action === 'migrate_hot'
          ? { metric: 'node_mem_used_bp', nid: 0, targetValue: 9970, currentValue: 0 }
          : { metric: 'node_mem_free_bp', nid: 0, targetValue: 50, currentValue: 0 },
      ],
    },
  });
  const fastShare = (schemes: readonly Scheme[]) => {
    const simulation = simulate(example('tiering-two-nodes'), { schemes });
    simulation.runUntil(60_000_000);
    const { nodes, processes } = simulation.machine.summary();
    return { share: nodes[0]!.accessShare, speed: processes[1]!.throughput };
  };
  const before = fastShare([]);
  const after = fastShare([scheme('migrate_hot', 0), scheme('migrate_cold', 1)]);
  expect(before.share).toBeLessThan(0.1);
  expect(after.share).toBeGreaterThan(0.5);
  expect(after.speed).toBeGreaterThan(before.speed);
});
