/** The workloads of the suite, as work for threads. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseScenario, type Scenario } from '../../src/host/sim/index.ts';
import { scenarioFiles } from '../scenario-files.ts';
import { runJobs } from '../workers.ts';

/** What a worker is told. */
export interface Job {
  readonly name: string;
  readonly file: string;
}

const folder = path.join(import.meta.dirname, 'workloads');

/**
 * The rows of all workloads of the suite, or of the user's own.
 * @param entry the threads' program, which answers a job with its rows
 * @param file a scenario or a folder of them; null: the suite
 */
export async function rowsOf<R>(
  entry: URL,
  file: string | null,
  progress: (line: string) => void,
): Promise<R[]> {
  return (await runJobs<Job, R[]>(entry, jobsFor(file), () => {}, progress)).flat();
}

function jobsFor(file: string | null): Job[] {
  return scenarioFiles(file ?? folder).map((found) => ({
    name: path.basename(found).replace(/\.ya?ml$/, ''),
    file: found,
  }));
}

/** Reads the scenario of a job, and a masim file that it names. */
export function readWorkload({ file }: Job): Scenario {
  return parseScenario(readFileSync(file, 'utf8'), file, (masim) =>
    readFileSync(path.resolve(path.dirname(file), masim), 'utf8'),
  );
}
