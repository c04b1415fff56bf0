/** What a replay of a recording predicts, beside what running the policy then does. */

import type { Scenario } from '../../src/host/sim/index.ts';
import { Simulation } from '../../src/monitor/simulation.ts';
import { type PatternSnapshot, patternOf } from '../../src/ops/replay/recorded-pattern.ts';
import { Replay } from '../../src/ops/replay/replay.ts';
import type { Params } from '../../src/params/types.ts';

/** What was saved on average, and what came back in all. */
export interface Consequences {
  readonly savedBytes: number;
  readonly refaultedBytes: number;
}

const PAGE_BYTES = 4096;

/** Watches a simulated machine on which nothing acts, and replays the recording under `params`. */
export function predicted(scenario: Scenario, params: Params, seed: number): Consequences {
  const snapshots: PatternSnapshot[] = [];
  const simulation = new Simulation({
    scenario,
    params: { ...params, schemes: [] },
    seed,
    aggregated: (running) => snapshots.push(running.snapshot()),
  });
  simulation.runUntil(scenario.durationUs);
  const pattern = patternOf(snapshots)!;
  const replay = new Replay({ pattern, params, refaultUs: scenario.swap.latencyUs, seed });
  replay.runUntil(pattern.durationUs);
  return replay.result();
}

/** Runs the schemes on the simulated machine. */
export function actual(scenario: Scenario, params: Params, seed: number): Consequences {
  let byteUs = 0;
  let beforeUs = 0;
  const simulation = new Simulation({
    scenario,
    params,
    seed,
    aggregated: ({ machine, nowUs }) => {
      const away = machine.processes.reduce((sum, { awayBytes }) => sum + awayBytes, 0);
      byteUs += away * (nowUs - beforeUs);
      beforeUs = nowUs;
    },
  });
  simulation.runUntil(scenario.durationUs);
  return {
    savedBytes: byteUs / scenario.durationUs,
    refaultedBytes: simulation.machine.counters.refaultedPages * PAGE_BYTES,
  };
}

/** The mean of several runs. */
export function meanOf(runs: readonly Consequences[]): Consequences {
  const mean = (figure: (run: Consequences) => number) =>
    runs.reduce((sum, run) => sum + figure(run), 0) / runs.length;
  return {
    savedBytes: mean(({ savedBytes }) => savedBytes),
    refaultedBytes: mean(({ refaultedBytes }) => refaultedBytes),
  };
}
