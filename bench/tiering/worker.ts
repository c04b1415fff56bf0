/** Runs patterns and calibrations in a thread of its own, one after the other. */
import { parentPort } from 'node:worker_threads';
import type { Scenario } from '../../src/host/sim/index.ts';
import { type PolicyRun, type RunKind, runPattern } from './run-pattern.ts';

/** One run to do. */
export interface Task {
  readonly index: number;
  readonly scenario: Scenario;
  readonly kind: RunKind;
}

/** What came of it. */
export interface TaskResult {
  readonly index: number;
  readonly runs: readonly PolicyRun[];
}

parentPort?.on('message', ({ index, scenario, kind }: Task) => {
  const result: TaskResult = { index, runs: runPattern(scenario, kind) };
  parentPort?.postMessage(result);
});
