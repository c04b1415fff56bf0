import { setImmediate as breathe } from 'node:timers/promises';
import { accuracyOf, addAccuracy, NO_ACCURACY } from '../../analysis/accuracy.ts';
import { ThermoclineError } from '../../base/errors.ts';
import type { Scenario } from '../../host/sim/index.ts';
import { Simulation } from '../../monitor/simulation.ts';
import type { Params } from '../../params/types.ts';
import type { SimulationResult } from './result.ts';

/** The truth can be long, so only so many snapshots are compared with it. */
const JUDGED_SNAPSHOTS = 50;
/** Simulated time between two looks at whether to go on. */
const SLICE_US = 500_000;

/** A run that is ready to begin. */
export interface SimulateRun {
  readonly source: string;
  readonly scenario: Scenario;
  readonly params: Params;
  readonly durationUs: number;
  readonly signal: AbortSignal;
  /** Share of the run that is done. */
  readonly progress: (share: number) => void;
}

/** Runs the whole simulation; null when it was interrupted. */
export async function runSimulation(run: SimulateRun): Promise<SimulationResult | null> {
  const { source, scenario, params, durationUs, signal, progress } = run;
  const { seed } = scenario;
  const judge = new Judge(durationUs);
  const aggregated = (simulation: Simulation) => judge.look(simulation);
  const simulation = new Simulation({ scenario, params, seed, aggregated });
  while (simulation.nowUs < durationUs) {
    simulation.runUntil(Math.min(simulation.nowUs + SLICE_US, durationUs));
    if (simulation.end?.reason === 'failed') {
      throw new ThermoclineError('TC_SYSTEM', simulation.end.message);
    }
    progress(simulation.nowUs / durationUs);
    await breathe();
    if (signal.aborted) return null;
  }
  return {
    scenario: source,
    seed,
    params: simulation.driver.kdamond.params,
    nrRegions: simulation.snapshot().nrRegions,
    accuracy: params.operations === 'paddr' ? null : judge.sum,
    schemes: simulation.driver.stats().schemes,
    machine: simulation.machine.summary(),
  };
}

/**
 * Compares snapshots of the second half of a run with the truth: the first half is for learning.
 */
class Judge {
  sum = NO_ACCURACY;
  readonly #stepUs: number;
  #nextUs: number;

  constructor(durationUs: number) {
    this.#nextUs = durationUs / 2;
    this.#stepUs = durationUs / 2 / JUDGED_SNAPSHOTS;
  }

  look(simulation: Simulation): void {
    if (simulation.nowUs < this.#nextUs) return;
    this.#nextUs += this.#stepUs;
    const truth = new Map(
      simulation.machine.groundTruth().map(({ pid, extents }) => [pid, extents]),
    );
    const byTarget = simulation.driver.kdamond.targets.map(({ pid }) => truth.get(pid ?? 0) ?? []);
    this.sum = addAccuracy(this.sum, accuracyOf(simulation.snapshot(), byTarget));
  }
}
