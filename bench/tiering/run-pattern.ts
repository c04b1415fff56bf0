/** One pattern on a simulated machine under one policy: what came of it, second by second. */
import { VirtualClock } from '../../src/base/clock.ts';
import {
  bestPlacement,
  PAGE_SIZE,
  type Scenario,
  type SimProcess,
  SimulatedMachine,
  simulatedTierFacts,
} from '../../src/host/sim/index.ts';
import { JointSimulation } from '../../src/monitor/joint-simulation.ts';
import type { Params } from '../../src/params/types.ts';
import { TIER_PRESETS, type TierKnobs, tierPlan } from '../../src/policies/tier.ts';
import { publishedSchemes } from './published-schemes.ts';

export const POLICIES = ['none', 'lru', 'hint-fault', 'thermocline', 'oracle'] as const;
type Policy = (typeof POLICIES)[number];

/** The policies of the suite that have runs of their own. */
export const RUN_KINDS: readonly RunKind[] = ['none', 'lru', 'hint-fault', 'thermocline'];

/**
 * How a machine is run: under a policy, with the oracle looking on where there is none, or with the
 * schemes of others whose results were published.
 */
export type RunKind = Exclude<Policy, 'oracle'> | 'published' | 'published-demotion';

/** What one policy made of one pattern. */
export interface PolicyRun {
  readonly policy: RunKind | 'oracle';
  /** Work done over what could have been done with all memory on the fastest node, 0…1. */
  readonly throughput: number;
  /** The same in each second of the run. */
  readonly throughputs: readonly number[];
  /** Share of all accesses that the fastest tier has served. */
  readonly fastHitShare: number;
  readonly migratedBytes: number;
  /** Share of the migrated bytes that undid a move of the last minute. */
  readonly pingPongShare: number;
  /** The most that schemes have moved in one second. */
  readonly busiestSecondBytes: number;
  /** CPU time of monitoring and moving over the time of the run; 1 is a whole CPU. */
  readonly cpuShare: number;
}

/** A machine with whatever watches it, on virtual time. */
interface Subject {
  readonly machine: SimulatedMachine;
  runUntil(timeUs: number): void;
  /** CPU time of watching so far. */
  watchUs(): number;
}

/** Our policy's knob, the same for all patterns. */
export const BYTES_PER_SECOND: number = TIER_PRESETS.bytesPerSecond;

const SECOND_US = 1_000_000;

/**
 * CPU time of looking at one page: 0.1 % of a CPU for some 300 regions each 380 ms, as a production
 * server has measured.
 */
const SAMPLE_US = 1.27;

/**
 * Runs a pattern once; with `none`, the oracle looks on and its run is returned, too.
 * @param knobs of `thermocline`; the suite has the same for all patterns
 */
export function runPattern(
  scenario: Scenario,
  kind: RunKind,
  knobs: TierKnobs = TIER_PRESETS,
): PolicyRun[] {
  const subject = subjectOf(scenario, kind, knobs);
  const oracle = kind === 'none' ? new OracleWatch() : null;
  const throughputs: number[] = [];
  let before = workOf(subject.machine);
  for (let timeUs = 0; timeUs < scenario.durationUs; ) {
    const seconds = Math.min(SECOND_US, scenario.durationUs - timeUs) / 1e6;
    // Before the second: whoever places best knows what is about to be accessed.
    oracle?.look(subject.machine, seconds);
    timeUs += seconds * 1e6;
    subject.runUntil(timeUs);
    const now = workOf(subject.machine);
    const ran = now.ran - before.ran;
    throughputs.push(ran === 0 ? 1 : (now.work - before.work) / ran);
    before = now;
  }
  const run = resultOf(subject, kind, throughputs);
  return oracle === null ? [run] : [run, oracle.result()];
}

function subjectOf(written: Scenario, kind: RunKind, knobs: TierKnobs): Subject {
  const demotion = kind !== 'none' && kind !== 'published';
  const kernel = { ...written.kernel, demotion, hintFaults: kind === 'hint-fault' };
  const scenario = { ...written, kernel };
  if (kind.startsWith('published')) return watched(scenario, publishedSchemes(scenario));
  if (kind === 'thermocline') return watched(scenario, ourContexts(scenario, knobs));
  return alone(scenario);
}

function ourContexts(scenario: Scenario, knobs: TierKnobs): Params[] {
  const facts = simulatedTierFacts(new SimulatedMachine(scenario, new VirtualClock()));
  return tierPlan(knobs, facts).contexts.map(({ params }) => params);
}

function watched(scenario: Scenario, contexts: readonly Params[]): Subject {
  const simulation = new JointSimulation({ scenario, contexts, seed: scenario.seed });
  return {
    machine: simulation.machine,
    runUntil: (timeUs) => simulation.runUntil(timeUs),
    watchUs: () => simulation.nrSamples * SAMPLE_US,
  };
}

function alone(scenario: Scenario): Subject {
  const clock = new VirtualClock();
  const machine = new SimulatedMachine(scenario, clock);
  return {
    machine,
    runUntil: (timeUs) => {
      clock.advance(timeUs - clock.nowUs());
      machine.advanceTo(timeUs);
    },
    watchUs: () => 0,
  };
}

/** Processes that only hold memory have no speed that could suffer. */
function works({ spec }: SimProcess): boolean {
  return spec.accesses.length + spec.phases.flatMap(({ accesses }) => accesses).length > 0;
}

function workOf(machine: SimulatedMachine): { readonly work: number; readonly ran: number } {
  const processes = machine.processes.filter(works);
  return {
    work: processes.reduce((sum, { workSeconds }) => sum + workSeconds, 0),
    ran: processes.reduce((sum, { ranSeconds }) => sum + ranSeconds, 0),
  };
}

function resultOf(
  { machine, watchUs }: Subject,
  policy: RunKind,
  throughputs: readonly number[],
): PolicyRun {
  const { migrations, nodes, nodesByTier } = machine.memory;
  const { work, ran } = workOf(machine);
  const fastTier = nodesByTier[0]!.tier;
  const all = nodes.reduce((sum, { accesses }) => sum + accesses, 0);
  const fast = nodes.reduce((sum, node) => sum + (node.tier === fastTier ? node.accesses : 0), 0);
  const moved = migrations.promotedPages + migrations.demotedPages;
  const cpuUs = machine.kernelTiering.workUs + machine.workClock.nowUs() + watchUs();
  return {
    policy,
    throughput: ran === 0 ? 1 : work / ran,
    throughputs,
    fastHitShare: all === 0 ? 1 : fast / all,
    migratedBytes: moved * PAGE_SIZE,
    pingPongShare: moved === 0 ? 0 : migrations.pingPongPages / moved,
    busiestSecondBytes: migrations.busiestSecondPages * PAGE_SIZE,
    cpuShare: cpuUs / Math.max(1, machine.nowUs),
  };
}

/** Adds up what the best placement of each second would have come to. */
class OracleWatch {
  readonly #throughputs: number[] = [];
  #work = 0;
  #ran = 0;
  #fast = 0;
  #seconds = 0;

  look(machine: SimulatedMachine, seconds: number): void {
    const { speeds, fastShare } = bestPlacement(machine);
    const working = [...speeds].filter(([process]) => works(process));
    const work = working.reduce((sum, [, speed]) => sum + speed, 0);
    this.#throughputs.push(working.length === 0 ? 1 : work / working.length);
    this.#work += work * seconds;
    this.#ran += working.length * seconds;
    this.#fast += fastShare * seconds;
    this.#seconds += seconds;
  }

  result(): PolicyRun {
    return {
      policy: 'oracle',
      throughput: this.#ran === 0 ? 1 : this.#work / this.#ran,
      throughputs: this.#throughputs,
      fastHitShare: this.#seconds === 0 ? 1 : this.#fast / this.#seconds,
      migratedBytes: 0,
      pingPongShare: 0,
      busiestSecondBytes: 0,
      cpuShare: 0,
    };
  }
}
