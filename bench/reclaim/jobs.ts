/** The workloads of the suite, as work for threads. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseScenario, type Scenario } from '../../src/host/sim/index.ts';
import { scenarioFiles, scenarioName } from '../scenario-files.ts';
import { runJobs } from '../workers.ts';

/** What a worker is told. */
export interface Job {
  readonly name: string;
  readonly file: string;
}

const folder = path.join(import.meta.dirname, 'workloads');

/**
 * The rows of all workloads of the suite, or of some. Each workload's are told as soon as it has
 * been played, so that they are not lost with a long run that is interrupted.
 * @param entry the threads' program, which answers a job with its rows
 * @param choice a workload of the suite, a scenario file or a folder of them; null: the suite
 * @param toCells a row as the table has it
 */
export async function rowsOf<R>(
  entry: URL,
  choice: string | null,
  progress: (line: string) => void,
  toCells: (row: R) => readonly string[],
): Promise<R[]> {
  const tell = (_done: number, _job: Job, rows: readonly R[]) => {
    for (const row of rows) progress(toCells(row).join('  '));
  };
  return (await runJobs<Job, R[]>(entry, jobsFor(choice), tell, progress)).flat();
}

function jobsFor(choice: string | null): Job[] {
  return scenarioFiles(choice, folder).map((file) => ({ name: scenarioName(file), file }));
}

/** Reads the scenario of a job, and a masim file that it names. */
export function readWorkload({ file }: Job): Scenario {
  return parseScenario(readFileSync(file, 'utf8'), file, (masim) =>
    readFileSync(path.resolve(path.dirname(file), masim), 'utf8'),
  );
}
