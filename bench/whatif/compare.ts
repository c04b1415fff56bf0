/** What a replay of a recording predicts, beside what running the policy then does. */

import type { Walk } from '../../src/core/schemes/walk.ts';
import type { Scenario } from '../../src/host/sim/index.ts';
import { Simulation } from '../../src/monitor/simulation.ts';
import { type PatternSnapshot, patternOf } from '../../src/ops/replay/recorded-pattern.ts';
import { Replay } from '../../src/ops/replay/replay.ts';
import { DEFAULT_SCHEME } from '../../src/params/defaults.ts';
import type { Params, Scheme } from '../../src/params/types.ts';

/** What was saved on average, and what came back in all. */
export interface Consequences {
  readonly savedBytes: number;
  readonly refaultedBytes: number;
}

const PAGE_BYTES = 4096;

/** How often pages are looked at: as often as the kernel monitor does (`record --pages young`). */
const LOOK_US = 1_000_000;

const LOOK: Scheme = {
  ...DEFAULT_SCHEME,
  action: 'stat',
  applyIntervalUs: LOOK_US,
  filters: [{ type: 'young', matching: true, allow: true }],
};

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
  return replayed(snapshots, scenario, params, seed);
}

/** The same of a recording that tells how much of each region was touched. */
export function predictedByPages(scenario: Scenario, params: Params, seed: number): Consequences {
  const snapshots: PatternSnapshot[] = [];
  let look: Look | null = null;
  const simulation = new Simulation({
    scenario,
    params: { ...params, schemes: [LOOK] },
    seed,
    aggregated: (running) => {
      if (look !== null && !look.hasEnded) return;
      if (look !== null) snapshots.push(look.snapshot(params));
      look = new Look(running);
      running.driver.kdamond.startWalk(look);
    },
  });
  simulation.runUntil(scenario.durationUs);
  return replayed(snapshots, scenario, params, seed);
}

/** One pass of the scheme that looks, as a snapshot. */
class Look implements Walk {
  hasEnded = false;
  readonly #running: Simulation;
  #timeUs = 0;
  readonly #rows: {
    readonly target: number;
    readonly start: number;
    readonly end: number;
    readonly nrAccesses: number;
    readonly age: number;
    readonly passed: number;
  }[] = [];

  constructor(running: Simulation) {
    this.#running = running;
  }

  region(...[, target, start, end, nrAccesses, age, passed]: Parameters<Walk['region']>): void {
    this.#rows.push({ target: target.index, start, end, nrAccesses, age, passed });
  }

  ended(): void {
    this.hasEnded = true;
    this.#timeUs = this.#running.nowUs;
  }

  snapshot({ attrs: { sampleIntervalUs, aggregationIntervalUs } }: Params): PatternSnapshot {
    const rows = this.#rows;
    return {
      ...{ timeUs: this.#timeUs, sampleIntervalUs, aggregationIntervalUs },
      maxNrAccesses: aggregationIntervalUs / sampleIntervalUs,
      nrRegions: rows.length,
      targetPids: this.#running.machine.processes.map(({ pid }) => pid),
      targetIndex: Uint32Array.from(rows, ({ target }) => target),
      start: Float64Array.from(rows, ({ start }) => start),
      end: Float64Array.from(rows, ({ end }) => end),
      nrAccesses: Uint32Array.from(rows, ({ nrAccesses }) => nrAccesses),
      age: rows.map(({ age }) => age),
      touchedBytes: rows.map(({ passed }) => passed),
    };
  }
}

function replayed(
  snapshots: readonly PatternSnapshot[],
  { swap }: Scenario,
  params: Params,
  seed: number,
): Consequences {
  const pattern = patternOf(snapshots)!;
  const replay = new Replay({ pattern, params, refaultUs: swap.latencyUs, seed });
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
