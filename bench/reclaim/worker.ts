/** Runs workloads in a thread of its own, one after the other. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseScenario } from '../../src/host/sim/index.ts';
import { serveJobs } from '../workers.ts';
import type { Row } from './row.ts';
import { runWorkload } from './run-workload.ts';

/** What a worker is told. */
export interface Job {
  readonly name: string;
  readonly file: string;
}

serveJobs(({ name, file }: Job, progress): Promise<Row[]> => {
  const scenario = parseScenario(readFileSync(file, 'utf8'), file, (masim) =>
    readFileSync(path.resolve(path.dirname(file), masim), 'utf8'),
  );
  return runWorkload(name, scenario, (policy) => progress(`reclaim: ${name} under ${policy}`));
});
