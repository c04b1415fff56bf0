import type { Scenario } from '../../src/host/sim/index.ts';
import type { TierKnobs } from '../../src/policies/tier.ts';
import { runJobs } from '../workers.ts';
import type { PolicyRun, RunKind } from './run-pattern.ts';

/** A run to do and its name for the progress. */
export interface Job {
  readonly name: string;
  readonly scenario: Scenario;
  readonly kind: RunKind;
  /** @defaultValue the presets */
  readonly knobs?: TierKnobs;
}

/** Does all jobs in worker threads; results are in the order of the jobs. */
export function runTieringJobs(
  jobs: readonly Job[],
  progress: (line: string) => void,
): Promise<(readonly PolicyRun[])[]> {
  return runJobs<Job, readonly PolicyRun[]>(
    new URL('./worker.ts', import.meta.url),
    jobs,
    (done, job) => progress(`tiering: ${job.name} (${done} of ${jobs.length})`),
  );
}
