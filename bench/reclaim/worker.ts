/** Runs workloads in a thread of its own, one after the other. */
import { serveJobs } from '../workers.ts';
import { type Job, readWorkload } from './jobs.ts';
import type { Row } from './row.ts';
import { runWorkload } from './run-workload.ts';

serveJobs(
  (job: Job, progress): Promise<Row[]> =>
    runWorkload(job.name, readWorkload(job), (policy) =>
      progress(`reclaim: ${job.name} under ${policy}`),
    ),
);
