/** Entry of the threads of a sweep: one replay a task. */
import { parentPort, workerData } from 'node:worker_threads';
import { ThermoclineError } from '../../base/errors.ts';
import { type Corrections, type Outcome, outcomeOf } from '../../ops/replay/outcome.ts';
import type { RecordedPattern } from '../../ops/replay/recorded-pattern.ts';
import { Replay } from '../../ops/replay/replay.ts';
import type { Params } from '../../params/types.ts';

/** What all tasks share. */
export interface SweepData extends Corrections {
  /** Its columns are shared between the threads. */
  readonly pattern: RecordedPattern;
  readonly refaultUs: number;
  readonly seed: number;
}

/** One parameter set. */
export interface SweepTask {
  readonly index: number;
  readonly params: Params;
}

/** What came of it, or why it can't be. */
export type SweepAnswer =
  | { readonly index: number; readonly outcome: Outcome; readonly quotaFelt: boolean }
  | { readonly index: number; readonly error: string };

const data = workerData as SweepData;
const { pattern, refaultUs, seed } = data;

parentPort!.on('message', ({ index, params }: SweepTask) => {
  parentPort!.postMessage(answerOf(index, params));
});

function answerOf(index: number, params: Params): SweepAnswer {
  try {
    const replay = new Replay({ pattern, params, refaultUs, seed });
    replay.runUntil(pattern.durationUs);
    const result = replay.result();
    return { index, outcome: outcomeOf(result, data), quotaFelt: result.quotaFelt };
  } catch (error) {
    if (error instanceof ThermoclineError) return { index, error: error.message };
    throw error;
  }
}
