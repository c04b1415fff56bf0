/** Spreads independent jobs over worker threads, one for each processor. */
import { availableParallelism } from 'node:os';
import { parentPort, Worker } from 'node:worker_threads';

interface Answer<R> {
  readonly result?: R;
  readonly error?: string;
}

/**
 * Has each job done by one of the workers and returns the results in the order of the jobs.
 * @param entry the worker's program, which calls `serveJobs`
 * @param progress called with the number of jobs done, after each
 * @throws Error with a job's message when one fails; the others are given up
 */
export async function runJobs<J, R>(
  entry: URL,
  jobs: readonly J[],
  progress: (done: number) => void,
): Promise<R[]> {
  const results = new Array<R>(jobs.length);
  let next = 0;
  let done = 0;
  const workers: Worker[] = [];
  const serve = () =>
    new Promise<void>((resolve, reject) => {
      const worker = new Worker(entry);
      workers.push(worker);
      let current = -1;
      const give = () => {
        current = next++;
        if (current < jobs.length) worker.postMessage(jobs[current]);
        else resolve();
      };
      worker.on('error', reject);
      worker.on('message', ({ result, error }: Answer<R>) => {
        if (error !== undefined) {
          reject(new Error(error));
          return;
        }
        results[current] = result as R;
        progress(++done);
        give();
      });
      give();
    });
  try {
    await Promise.all(Array.from({ length: Math.min(availableParallelism(), jobs.length) }, serve));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  return results;
}

/** The worker's side: does each job that comes. */
export function serveJobs<J, R>(work: (job: J) => R): void {
  parentPort!.on('message', (job: J) => {
    try {
      parentPort!.postMessage({ result: work(job) });
    } catch (error) {
      parentPort!.postMessage({ error: (error as Error).message });
    }
  });
}
