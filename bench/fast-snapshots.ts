/**
 * What a snapshot within an aggregation interval is worth: the hot set moves at some moment of one
 * interval, and pictures of the next are compared with the truth.
 */
import {
  type Accuracy,
  accuracyOf,
  addAccuracy,
  NO_ACCURACY,
  scoresOf,
} from '../src/analysis/accuracy.ts';
import { parseScenario, type Scenario } from '../src/host/sim/index.ts';
import { Simulation } from '../src/monitor/simulation.ts';
import { DEFAULT_ATTRS } from '../src/params/defaults.ts';
import type { Snapshot } from '../src/params/snapshot.ts';
import type { Params } from '../src/params/types.ts';
import type { Bench } from './harness.ts';

const pid = 1000;
const { sampleIntervalUs, aggregationIntervalUs } = DEFAULT_ATTRS;
/** End of the interval in which the hot set moves. */
const windowEndUs = 2_000_000;
/** Into the next interval; its end is the next full snapshot. */
const lookAfterUs = [5000, 25_000, 50_000, 75_000];
const seeds = 5;

const params: Params = {
  operations: 'vaddr',
  addrUnit: 1,
  minRegionSize: 4096,
  attrs: DEFAULT_ATTRS,
  targets: [{ pid, regions: [], obsolete: false }],
  probes: [],
  schemes: [],
  paused: false,
};

/** 1 GiB of 16 GiB is hot, and another 1 GiB from `moveUs` on; null: it stays. */
function movingHotSet(moveUs: number | null): Scenario {
  const hot = (from: number) =>
    `[{ vma: data, pattern: uniform, ratePerSecond: 400, from: ${from}, to: ${from + 1 / 16} }]`;
  return parseScenario(
    `
nodes: [{ sizeBytes: 32 GiB }]
processes:
  - name: moving
    pid: ${pid}
    vmas: [{ name: data, sizeBytes: 16 GiB }]
    phases:
      - { durationMs: ${(moveUs ?? 1e9) / 1000}, accesses: ${hot(0.25)} }
      - { durationMs: 1000000, accesses: ${hot(0.625)} }
`,
    'fast-snapshots',
  );
}

/** What was seen, and what counting in the running interval alone would have shown. */
interface Views {
  readonly label: string;
  readonly blended: Accuracy;
  readonly alone: Accuracy;
}

function truthOf(simulation: Simulation) {
  return simulation.machine.groundTruth().map(({ extents }) => extents);
}

function look(simulation: Simulation, label: string, snapshot: Snapshot): Views {
  const truth = truthOf(simulation);
  const counts = simulation.driver.kdamond.targets.flatMap(({ regions }) =>
    Array.from(regions.nrAccesses.subarray(0, regions.nr)),
  );
  const complete = snapshot.windowSamples === snapshot.maxNrAccesses;
  const alone = complete ? snapshot : { ...snapshot, nrAccesses: Uint32Array.from(counts) };
  return { label, blended: accuracyOf(snapshot, truth), alone: accuracyOf(alone, truth) };
}

function watch(moveUs: number | null, seed: number): Views[] {
  let full: Snapshot | null = null;
  const simulation = new Simulation({
    scenario: movingHotSet(moveUs),
    params,
    seed,
    aggregated: (it) => {
      full = it.snapshot();
    },
  });
  simulation.runUntil(windowEndUs);
  const views = [look(simulation, 'last full snapshot', full!)];
  for (const afterUs of lookAfterUs) {
    simulation.runUntil(windowEndUs + afterUs);
    views.push(look(simulation, `${afterUs / 1000} ms into the window`, simulation.snapshot()));
  }
  simulation.runUntil(windowEndUs + aggregationIntervalUs);
  return [...views, look(simulation, 'next full snapshot', full!)];
}

/** Views of the same moment put together. */
function pool(runs: readonly (readonly Views[])[]): Views[] {
  const empty = { blended: NO_ACCURACY, alone: NO_ACCURACY };
  return runs[0]!.map(({ label }, index) =>
    runs.reduce<Views>(
      (sum, run) => ({
        label,
        blended: addAccuracy(sum.blended, run[index]!.blended),
        alone: addAccuracy(sum.alone, run[index]!.alone),
      }),
      { label, ...empty },
    ),
  );
}

function rowsOf(state: string, views: readonly Views[]) {
  return views.map(({ label, blended, alone }) => {
    const { precision, recall, f1 } = scoresOf(blended);
    return { state, label, precision, recall, f1, f1Alone: scoresOf(alone).f1 };
  });
}

const bench: Bench = {
  about: 'snapshots within an aggregation interval against the truth, before and after a move',
  async run(progress) {
    const steady: Views[][] = [];
    const moved: Views[][] = [];
    for (let seed = 1; seed <= seeds; seed++) {
      progress(`fast-snapshots: seed ${seed} of ${seeds}`);
      steady.push(watch(null, seed));
      // The move falls on every sample of the interval once.
      for (let beforeUs = 0; beforeUs < aggregationIntervalUs; beforeUs += sampleIntervalUs) {
        moved.push(watch(windowEndUs - beforeUs, seed));
      }
    }
    const rows = [...rowsOf('steady', pool(steady)), ...rowsOf('moved', pool(moved))];
    const figure = (score: number | null) => score?.toFixed(3) ?? '-';
    return {
      json: rows,
      table: [
        ['snapshot', 'hot set', 'precision', 'recall', 'F1', 'F1, window alone'],
        ...rows.map(({ state, label, precision, recall, f1, f1Alone }) => [
          label,
          state,
          ...[precision, recall, f1, f1Alone].map(figure),
        ]),
      ],
      notes: [
        `Hot: accessed in half of the samples or more. ${aggregationIntervalUs / sampleIntervalUs} ` +
          `moments of the move, spread over the interval before, and ${seeds} seeds together.`,
        'The last column counts the running interval alone, without the moving sum.',
      ],
    };
  },
};

export default bench;
