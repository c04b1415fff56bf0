/** Compares with rivals in a thread of its own, one workload after the other. */
import { serveJobs } from '../workers.ts';
import { compareAtEqualSlowdown, type EqualRow } from './frontier.ts';
import { type Job, readWorkload } from './jobs.ts';

serveJobs(
  (job: Job, progress): Promise<EqualRow[]> =>
    compareAtEqualSlowdown(job.name, readWorkload(job), (what) =>
      progress(`equal-slowdown: ${job.name} under ${what}`),
    ),
);
