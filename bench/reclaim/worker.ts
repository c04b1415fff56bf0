/** Runs one workload in a thread of its own. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { parseScenario } from '../../src/host/sim/index.ts';
import { runWorkload } from './run-workload.ts';

/** What a worker is told. */
export interface Job {
  readonly name: string;
  readonly file: string;
}

const { name, file } = workerData as Job;
const scenario = parseScenario(readFileSync(file, 'utf8'), file, (masim) =>
  readFileSync(path.resolve(path.dirname(file), masim), 'utf8'),
);
const rows = await runWorkload(name, scenario, (policy) => parentPort!.postMessage({ policy }));
parentPort!.postMessage({ rows });
