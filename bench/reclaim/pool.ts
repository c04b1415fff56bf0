/** Workloads on as many threads as there are processors; results are in the order of the jobs. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Row } from './row.ts';
import type { Job } from './worker.ts';

/** @param progress prints a line */
export async function runAll(
  jobs: readonly Job[],
  progress: (line: string) => void,
): Promise<Row[]> {
  const results: Row[][] = [];
  let next = 0;
  const work = async () => {
    while (next < jobs.length) {
      const index = next++;
      results[index] = await runJob(jobs[index]!, progress);
    }
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), jobs.length) }, work));
  return results.flat();
}

function runJob(job: Job, progress: (line: string) => void): Promise<Row[]> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: job });
  return new Promise((resolve, reject) => {
    worker.on('message', (message: { policy?: string; rows?: Row[] }) => {
      if (message.policy) progress(`reclaim: ${job.name} under ${message.policy}`);
      if (message.rows) resolve(message.rows);
    });
    worker.on('error', reject);
    worker.on('exit', () => reject(new Error(`The run of ${job.name} ended without a result.`)));
  });
}
