import type { Scenario, SimulatedMachine } from '../../src/host/sim/index.ts';

/** A machine under a policy. The same policy on the same scenario makes the same run. */
export interface PolicyRun {
  readonly machine: SimulatedMachine;
  /** Lets simulated time pass. */
  advance(durationUs: number): void | Promise<void>;
}

/** What a policy may know before it starts. */
export interface Situation {
  readonly scenario: Scenario;
  /** Most memory that the workload had at once when nothing was reclaimed. */
  readonly peakBytes: number;
}

/** One way to reclaim memory. Each workload is run under each, with the same knobs. */
export interface Policy {
  start(situation: Situation): PolicyRun | Promise<PolicyRun>;
}
