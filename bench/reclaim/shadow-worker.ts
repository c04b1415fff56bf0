/** A thread that plays one workload in shadow, and then for real. */
import { serveJobs } from '../workers.ts';
import { type Job, readWorkload } from './jobs.ts';
import { type ShadowRow, shadowRow } from './shadow-truth.ts';

serveJobs<Job, ShadowRow[]>(async (job, progress) => {
  const scenario = readWorkload(job);
  const tell = (mode: string) => progress(`shadow: ${job.name}, ${mode}`);
  return [await shadowRow(job.name, scenario, scenario.durationUs, tell)];
});
