/** Runs patterns and calibrations in a thread of its own, one after the other. */
import { serveJobs } from '../workers.ts';
import type { Job } from './jobs.ts';
import { type PolicyRun, runPattern } from './run-pattern.ts';

serveJobs(({ scenario, kind, knobs }: Job): readonly PolicyRun[] =>
  runPattern(scenario, kind, knobs),
);
