/** What passes between an engine monitor and its worker thread. */
import type { MessagePort } from 'node:worker_threads';
import type { Snapshot } from '../params/snapshot.ts';
import type { Params } from '../params/types.ts';
import type { MonitorDescription, MonitorEnd, MonitorStats } from './monitor.ts';
import type { ErrorData } from './monitor-error.ts';
import type { OperationsSpec } from './operations-factory.ts';

/** Everything that a worker needs to begin. */
export interface EngineWorkerData {
  readonly port: MessagePort;
  /** Two 32-bit words, at the places below. */
  readonly control: SharedArrayBuffer;
  readonly operations: OperationsSpec;
  readonly params: Params;
  readonly seed: number;
  readonly cpuCeiling: number;
}

/** Word that counts requests; the worker sleeps on it. */
export const REQUESTS_WORD = 0;
/** Word that is 1 while one more snapshot of the stream may be sent. */
export const SNAPSHOT_WANTED_WORD = 1;
export const NR_CONTROL_WORDS = 2;

export type Command =
  | { readonly name: 'commit'; readonly params: Params }
  | {
      readonly name: 'setGoalValue';
      readonly schemeIndex: number;
      readonly goalIndex: number;
      readonly value: number;
    }
  | { readonly name: 'snapshot' | 'stats' | 'pause' | 'resume' | 'stop' };

/** A command with the number that its answer will carry. */
export interface Request {
  readonly id: number;
  readonly command: Command;
}

/** The start itself is answered like a request of this number. */
export const START_ID = 0;

export type AnswerValue = MonitorDescription | Snapshot | MonitorStats | null;

export type WorkerMessage =
  | { readonly type: 'answer'; readonly id: number; readonly value: AnswerValue }
  | { readonly type: 'refusal'; readonly id: number; readonly error: ErrorData }
  | { readonly type: 'snapshot'; readonly snapshot: Snapshot }
  | { readonly type: 'end'; readonly end: MonitorEnd };
