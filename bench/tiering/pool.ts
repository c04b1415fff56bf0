import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Scenario } from '../../src/host/sim/index.ts';
import type { PolicyRun, RunKind } from './run-pattern.ts';
import type { Task, TaskResult } from './worker.ts';

const MAX_WORKERS = 4;

/** A run to do and its name for the progress. */
export interface Job {
  readonly name: string;
  readonly scenario: Scenario;
  readonly kind: RunKind;
}

/** Does all jobs in worker threads; results are in the order of the jobs. */
export async function runJobs(
  jobs: readonly Job[],
  progress: (line: string) => void,
): Promise<(readonly PolicyRun[])[]> {
  const results: (readonly PolicyRun[])[] = new Array(jobs.length).fill([]);
  let next = 0;
  let done = 0;
  const work = () =>
    new Promise<void>((resolve, reject) => {
      const worker = new Worker(new URL('./worker.ts', import.meta.url));
      const give = () => {
        const job = jobs[next];
        if (job === undefined) {
          void worker.terminate().then(() => resolve());
          return;
        }
        const task: Task = { index: next, scenario: job.scenario, kind: job.kind };
        next += 1;
        worker.postMessage(task);
      };
      worker.on('message', ({ index, runs }: TaskResult) => {
        results[index] = runs;
        done += 1;
        progress(`tiering: ${jobs[index]!.name} (${done} of ${jobs.length})`);
        give();
      });
      worker.on('error', reject);
      give();
    });
  const workers = Math.min(MAX_WORKERS, availableParallelism(), jobs.length);
  await Promise.all(Array.from({ length: workers }, work));
  return results;
}
