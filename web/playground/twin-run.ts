/** Two simulated machines with the same workload: one with schemes, one without. Pure. */
import { parseScenario, type Scenario, type SimulatedMachine } from '../../src/host/sim/index.ts';
import { Simulation } from '../../src/monitor/simulation.ts';
import { parseParams } from '../../src/params/parse.ts';
import { resolveParams } from '../../src/params/resolve.ts';
import type { Snapshot } from '../../src/params/snapshot.ts';
import type { Params } from '../../src/params/types.ts';
import type { AddressLabel } from '../heat/picture.ts';
import type { RunBegun, RunStep, Side, StartRun } from './messages.ts';
import { recipeNamed } from './recipes.ts';
import { readMasim } from './workloads.ts';

/** Finer pictures than this many in a run can't be seen; each then speaks for a longer time. */
const MAX_FRAMES = 1500;

type Frame = RunStep['frames'][number];

interface Twin {
  readonly side: Side;
  readonly simulation: Simulation;
  frames: Frame[];
}

/** A run of both. The same scenario and parameters make the same run. */
export class TwinRun {
  readonly begun: RunBegun;
  readonly #durationUs: number;
  readonly #twins: readonly Twin[];

  /** Throws TC_INVALID for a scenario or parameters that can't be taken. */
  constructor({ scenario: text, recipe, knobs }: Omit<StartRun, 'kind' | 'speed'>) {
    const scenario = parseScenario(text, 'The workload', readMasim);
    const params = paramsFor(scenario, recipeNamed(recipe).params(knobs, scenario.nodes));
    this.#durationUs = scenario.durationUs;
    this.#twins = [
      this.#twin('trial', scenario, params),
      this.#twin('baseline', scenario, { ...params, schemes: [] }),
    ];
    const [{ simulation }] = this.#twins as [Twin];
    this.begun = {
      kind: 'begun',
      durationUs: this.#durationUs,
      labels: labelsOf(simulation.machine, params),
      params,
    };
  }

  get nowUs(): number {
    return this.#twins[0]!.simulation.nowUs;
  }

  get isDone(): boolean {
    return this.nowUs >= this.#durationUs;
  }

  /** Lets time pass on both, and says what is new. */
  advance(durationUs: number): RunStep[] {
    const untilUs = Math.min(this.nowUs + durationUs, this.#durationUs);
    return this.#twins.map((twin) => {
      twin.simulation.runUntil(untilUs);
      const { end, machine, driver } = twin.simulation;
      if (end?.reason === 'failed') throw new Error(end.message);
      const frames = twin.frames;
      twin.frames = [];
      return {
        kind: 'step',
        side: twin.side,
        frames,
        schemes: driver.stats().schemes,
        machine: machine.summary(),
      };
    });
  }

  #twin(side: Side, scenario: Scenario, params: Params): Twin {
    const leastUs = this.#durationUs / MAX_FRAMES;
    let lastUs = 0;
    const aggregated = (simulation: Simulation) => {
      const spanUs = simulation.nowUs - lastUs;
      if (spanUs < leastUs) return;
      lastUs = simulation.nowUs;
      twin.frames.push({ snapshot: simulation.snapshot(), spanUs });
    };
    const simulation = new Simulation({ scenario, params, seed: scenario.seed, aggregated });
    const twin: Twin = { side, simulation, frames: [] };
    return twin;
  }
}

function paramsFor(scenario: Scenario, written: unknown): Params {
  const spec = parseParams(written, 'The schemes');
  const targets =
    spec.targets.length > 0
      ? spec.targets
      : scenario.processes.map(({ pid }) => ({ pid, regions: [], obsolete: false }));
  const watched =
    spec.operations === 'paddr'
      ? scenario.nodes
      : scenario.processes.flatMap((process) => process.vmas);
  return resolveParams(
    { ...spec, targets },
    watched.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  );
}

/** Mappings of each target, or the nodes where physical memory is watched. */
function labelsOf(machine: SimulatedMachine, params: Params): AddressLabel[] {
  if (params.operations === 'paddr') {
    return machine.physicalRanges.map(({ start, end }, nid) => ({
      targetIndex: 0,
      start,
      end,
      name: `node ${nid}`,
    }));
  }
  const several = params.targets.length > 1;
  return params.targets.flatMap(({ pid }, targetIndex) => {
    const process = machine.process(pid ?? -1);
    return (process?.vmas ?? []).map(({ name, start, end }) => ({
      targetIndex,
      start,
      end,
      name: several ? `${process!.spec.name}: ${name}` : name,
    }));
  });
}

/** The buffers of snapshots, which can change their owner instead of being copied. */
export function buffersOf({ frames }: RunStep): ArrayBuffer[] {
  const columns = ({ targetIndex, start, end, nrAccesses, age }: Snapshot) =>
    [targetIndex, start, end, nrAccesses, age].map(({ buffer }) => buffer as ArrayBuffer);
  return [...new Set(frames.flatMap(({ snapshot }) => columns(snapshot)))];
}
