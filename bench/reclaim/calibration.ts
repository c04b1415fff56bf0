/**
 * What was published about reclaim on real machines, beside the same on the simulated one: how far
 * can its figures be trusted? Figures marked as fitted were used to set what publications leave
 * open, once; the others check it. Sources: docs/simulator.md.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseScenario, type Scenario } from '../../src/host/sim/index.ts';
import { Simulation } from '../../src/monitor/simulation.ts';
import { AUTO_INTERVALS_GOAL, DEFAULT_ATTRS, DEFAULT_SCHEME } from '../../src/params/defaults.ts';
import type { Goal, Params, Scheme } from '../../src/params/types.ts';
import type { Bench } from '../harness.ts';
import { type Measurement, measure, SAMPLE_US } from './measure.ts';
import { none } from './policies/none.ts';
import { senpai } from './policies/senpai.ts';
import type { Policy } from './policy.ts';

/** A published figure, and ours. */
interface CalibrationRow {
  readonly what: string;
  readonly published: number;
  readonly simulated: number;
  readonly fitted: boolean;
  /** Its sign, and its size within a factor of two. */
  readonly met: boolean;
}

const bench: Bench = {
  about: 'published results of reclaim, and the same on the simulated machine',
  async run(progress) {
    const rows: CalibrationRow[] = [];
    for (const [index, part] of PARTS.entries()) {
      progress(`calibration: ${index + 1} of ${PARTS.length}`);
      rows.push(...(await part()));
    }
    const missed = rows.filter(({ met }) => !met);
    return {
      json: { rows },
      table: [
        ['figure', 'published', 'simulated', ''],
        ...rows.map(({ what, published, simulated, fitted, met }) => [
          what,
          published.toPrecision(3),
          simulated.toPrecision(3),
          met ? (fitted ? 'fitted' : 'met') : 'MISSED',
        ]),
      ],
      notes: [
        `${rows.length - missed.length} of ${rows.length} have the sign and, within a factor of two, the size.`,
      ],
    };
  },
};

export default bench;

/** Swap the lot that was idle for five seconds: the `prcl` scheme of DAMON's evaluations. */
const IDLE_US = 5_000_000;

const PARTS: readonly (() => Promise<CalibrationRow[]>)[] = [
  async () => {
    const scenario = read('freqmine');
    const [base, run] = [await runOf(none, scenario), await runOf(idleReclaim(null), scenario)];
    return [
      row('freqmine, idle 5 s taken: RSS saved', 0.9338, residentSaved(run, base)),
      row('freqmine, idle 5 s taken: slowdown', 0.0122, slowdown(run, base)),
    ];
  },
  async () => {
    const scenario = read('parsec');
    const tuned: Goal = { metric: 'some_mem_psi_us', targetValue: 50_000, currentValue: 0 };
    const base = await runOf(none, scenario);
    const free = await runOf(idleReclaim(null), scenario);
    const auto = await runOf(idleReclaim(tuned), scenario);
    return [
      row('PARSEC, idle 5 s taken: RSS saved', 0.377, residentSaved(free, base), true),
      row('PARSEC, idle 5 s taken: slowdown', 0.118, slowdown(free, base), true),
      row('PARSEC, aim 0.5 % pressure: RSS saved', 0.26, residentSaved(auto, base)),
      row('PARSEC, aim 0.5 % pressure: slowdown', 0.091, slowdown(auto, base)),
      row('PARSEC, aim 0.5 %: pressure of untuned', 0.308, auto.pressureShare / free.pressureShare),
    ];
  },
  async () => {
    const scenario = read('kernel-build');
    const [base, run] = [await runOf(none, scenario), await runOf(senpai(), scenario)];
    return [
      row('Senpai, kernel build: memory saved', 0.5, 1 - run.usedBytes / base.usedBytes),
      row('Senpai, kernel build: slowdown', 0.02, slowdown(run, base)),
    ];
  },
  async () => {
    const scenario = read('fleet');
    const [base, run] = [await runOf(none, scenario), await runOf(senpai(), scenario)];
    return [row('Senpai, fleet: net memory saved', 0.26, 1 - run.usedBytes / base.usedBytes)];
  },
  async () => {
    const { sampleSeconds, cpuShare } = tunedIntervals(read('server'));
    return [
      row('132.9 regions at 5 ms: CPU', 0.003, (132.88 / 0.005) * (SAMPLE_US / 1e6), true),
      row('62 GiB server, tuned intervals: sampling, s', 0.38, sampleSeconds),
      row('62 GiB server, tuned intervals: CPU', 0.001, cpuShare),
    ];
  },
];

function read(name: string): Scenario {
  const file = path.join(import.meta.dirname, 'calibration', `${name}.yaml`);
  return parseScenario(readFileSync(file, 'utf8'), file);
}

async function runOf(policy: Policy, scenario: Scenario): Promise<Measurement> {
  return measure(await policy.start({ scenario, peakBytes: 0 }), scenario.durationUs);
}

function row(what: string, published: number, simulated: number, fitted = false): CalibrationRow {
  const ratio = simulated / published;
  return { what, published, simulated, fitted, met: ratio >= 0.5 && ratio <= 2 };
}

function slowdown(run: Measurement, base: Measurement): number {
  return base.workSeconds[0]! / run.workSeconds[0]! - 1;
}

function residentSaved(run: Measurement, base: Measurement): number {
  return 1 - run.residentBytes / base.residentBytes;
}

/** DAMON with its default intervals on the first process. */
function idleReclaim(goal: Goal | null): Policy {
  return {
    start({ scenario }) {
      const params = paramsOf(scenario, [idleScheme(goal)]);
      const simulation = new Simulation({ scenario, params, seed: scenario.seed });
      return { machine: simulation.machine, advance: (us) => simulation.runFor(us) };
    },
  };
}

function idleScheme(goal: Goal | null): Scheme {
  const { pattern, quota } = DEFAULT_SCHEME;
  return {
    ...DEFAULT_SCHEME,
    action: 'pageout',
    pattern: {
      ...pattern,
      nrAccesses: { min: 0, max: 0 },
      age: { min: IDLE_US / DEFAULT_ATTRS.aggregationIntervalUs, max: 'max' },
    },
    quota: goal === null ? quota : { ...quota, resetIntervalMs: 10_000, goals: [goal] },
  };
}

/** What the intervals come to in the end, and what watching by them costs. */
function tunedIntervals(scenario: Scenario): { sampleSeconds: number; cpuShare: number } {
  const params = paramsOf(scenario, []);
  const attrs = { ...params.attrs, intervalsGoal: AUTO_INTERVALS_GOAL };
  const simulation = new Simulation({
    scenario,
    params: { ...params, attrs },
    seed: scenario.seed,
  });
  simulation.runFor(scenario.durationUs / 2);
  const before = simulation.machine.counters.sampledPages;
  simulation.runFor(scenario.durationUs / 2);
  const samples = simulation.machine.counters.sampledPages - before;
  return {
    sampleSeconds: simulation.driver.kdamond.params.attrs.sampleIntervalUs / 1e6,
    cpuShare: (samples * SAMPLE_US) / (scenario.durationUs / 2),
  };
}

function paramsOf(scenario: Scenario, schemes: readonly Scheme[]): Params {
  return {
    operations: 'vaddr',
    addrUnit: 1,
    minRegionSize: 4096,
    attrs: DEFAULT_ATTRS,
    targets: [{ pid: scenario.processes[0]!.pid, regions: [], obsolete: false }],
    probes: [],
    schemes,
    paused: false,
  };
}
