/** A grid of parameter sets, replayed on worker threads. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { ThermoclineError } from '../../base/errors.ts';
import type { Outcome } from '../../ops/replay/outcome.ts';
import type { RecordedPattern, TargetPattern } from '../../ops/replay/recorded-pattern.ts';
import type { Params } from '../../params/types.ts';
import { SweepOrder } from './sweep-order.ts';
import type { SweepAnswer, SweepData, SweepTask } from './sweep-worker.ts';

const WORKER = new URL(
  import.meta.url.endsWith('.ts') ? './sweep-worker.ts' : './sweep-worker.js',
  import.meta.url,
);

/** What is replayed, and who is told. */
export interface SweepRun {
  readonly pattern: RecordedPattern;
  readonly sets: readonly Params[];
  readonly refaultUs: number;
  readonly absentBytes: number;
  readonly netShare: number;
  readonly seed: number;
  readonly signal: AbortSignal;
  /** Share of the sets that is done. */
  readonly progress: (share: number) => void;
}

/**
 * Replays all parameter sets, one thread a processor.
 * @returns outcomes in the order of the sets; null when it was interrupted
 */
export async function runSweep(run: SweepRun): Promise<Outcome[] | null> {
  const { sets, signal, progress, refaultUs, absentBytes, netShare, seed } = run;
  const data: SweepData = {
    pattern: sharedPattern(run.pattern),
    refaultUs,
    absentBytes,
    netShare,
    seed,
  };
  const outcomes: Outcome[] = [];
  const order = new SweepOrder(sets);
  let done = 0;
  const workers: Worker[] = [];
  const work = (worker: Worker) =>
    new Promise<void>((resolve, reject) => {
      const next = () => {
        const index = order.next();
        if (index === null) return resolve();
        worker.postMessage({ index, params: sets[index]! } satisfies SweepTask);
      };
      worker.on('message', (answer: SweepAnswer) => {
        if ('error' in answer) return reject(new ThermoclineError('TC_INVALID', answer.error));
        const { index, outcome, quotaFelt } = answer;
        const settled = [index, ...(quotaFelt ? [] : order.alike(index))];
        for (const one of settled) outcomes[one] = outcome;
        done += settled.length;
        progress(done / sets.length);
        next();
      });
      worker.on('error', reject);
      signal.addEventListener('abort', () => resolve(), { once: true });
      next();
    });
  try {
    const count = Math.min(availableParallelism(), sets.length);
    for (let n = 0; n < count; n++) workers.push(new Worker(WORKER, { workerData: data }));
    await Promise.all(workers.map(work));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  return signal.aborted ? null : outcomes;
}

/** The same pattern in memory that all threads see. */
function sharedPattern(pattern: RecordedPattern): RecordedPattern {
  const targets = pattern.targets.map(
    (target): TargetPattern => ({
      ...target,
      startUs: shared(target.startUs),
      endUs: shared(target.endUs),
      sampleIntervalUs: shared(target.sampleIntervalUs),
      firstRow: new Uint32Array(new SharedArrayBuffer(target.firstRow.byteLength)),
      start: shared(target.start),
      end: shared(target.end),
      accessShare: shared(target.accessShare),
      activeShare: shared(target.activeShare),
    }),
  );
  for (const [index, { firstRow }] of targets.entries()) {
    firstRow.set(pattern.targets[index]!.firstRow);
  }
  return { ...pattern, targets };
}

function shared(column: Float64Array): Float64Array {
  const copy = new Float64Array(new SharedArrayBuffer(column.byteLength));
  copy.set(column);
  return copy;
}
