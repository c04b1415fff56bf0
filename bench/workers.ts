/** Spreads independent jobs over worker threads, one for each processor. */
import { availableParallelism } from 'node:os';
import { parentPort, Worker } from 'node:worker_threads';

/** What a worker says: a line of progress, or how its job ended. */
type Message<R> = { readonly line: string } | { readonly result: R } | { readonly error: string };

/**
 * Has each job done by one of the workers and returns the results in the order of the jobs.
 * @param entry the worker's program, which calls `serveJobs`
 * @param finished called after each job with the number of those done, and what it came to
 * @param progress takes lines that jobs say while they run
 * @throws Error with a job's message when one fails; the others are given up
 */
export async function runJobs<J, R>(
  entry: URL,
  jobs: readonly J[],
  finished: (done: number, job: J, result: R) => void,
  progress: (line: string) => void = () => {},
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
      worker.on('exit', () => reject(new Error('A worker ended without a result.')));
      worker.on('message', (message: Message<R>) => {
        if ('line' in message) {
          progress(message.line);
        } else if ('error' in message) {
          reject(new Error(message.error));
        } else {
          results[current] = message.result;
          finished(++done, jobs[current]!, message.result);
          give();
        }
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
export function serveJobs<J, R>(
  work: (job: J, progress: (line: string) => void) => R | Promise<R>,
): void {
  const say = (message: Message<R>) => parentPort!.postMessage(message);
  parentPort!.on('message', async (job: J) => {
    try {
      say({ result: await work(job, (line) => say({ line })) });
    } catch (error) {
      say({ error: (error as Error).message });
    }
  });
}
