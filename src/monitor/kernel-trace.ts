/** What a kdamond sees, by its trace points: what kernels have that lack `tried_regions`. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ThermoclineError } from '../base/errors.ts';
import type { LeverStep } from '../host/host.ts';
import type { TraceFiles } from '../kernel/trace-files.ts';
import {
  type TraceEvent,
  TraceInstance,
  traceBufferKiB,
  traceInstanceName,
} from '../kernel/trace-instance.ts';
import { type TracedWindow, TraceWindows } from '../kernel/trace-windows.ts';

/** How often it is looked for the end of an aggregation interval. */
const POLL_MS = 10;
/** One that does not end within so many of its lengths, or this long, does not end at all. */
const PATIENCE_WINDOWS = 3;
const LEAST_PATIENCE_US = 3_000_000;

/** Where a machine is traced. */
export interface TraceSource {
  readonly traceFiles: TraceFiles;
  readonly nrCpus: number;
}

/**
 * Begins to trace a kdamond, in an instance that is written down before it is made.
 * @throws ThermoclineError as `TraceInstance.open`
 */
export function openTrace(
  { traceFiles, nrCpus }: TraceSource,
  kdamondPid: number,
  events: readonly TraceEvent[],
  record: (step: LeverStep) => void,
): TraceInstance {
  const name = traceInstanceName(process.pid);
  const text = `trace instance ${name} for kdamond ${kdamondPid}`;
  record({ text, undo: { traceInstance: name } });
  return TraceInstance.open(traceFiles, {
    ...{ name, kdamondPid, events },
    bufferKiB: traceBufferKiB(nrCpus),
  });
}

/** Complete windows of a kdamond of ours. What nobody asks for, the kernel overwrites. */
export class KernelTrace implements Disposable {
  readonly #trace: TraceInstance;
  #windows: TraceWindows;
  #readingUs = 0;

  /** @param nrTargets as for `TraceWindows` */
  constructor(trace: TraceInstance, nrTargets: number) {
    this.#trace = trace;
    this.#windows = new TraceWindows(nrTargets);
  }

  /** CPU time of this process for reading. */
  get readingUs(): number {
    return this.#readingUs;
  }

  /** Other targets are watched by now. */
  set nrTargets(nrTargets: number) {
    this.#windows = new TraceWindows(nrTargets);
  }

  /**
   * Waits for the end of a window; earlier ones are left out.
   * @param windowUs how long a window lasts
   * @throws ThermoclineError TC_BUSY when none ends
   */
  async next(windowUs: number): Promise<TracedWindow> {
    const patienceMs = Math.max(LEAST_PATIENCE_US, windowUs * PATIENCE_WINDOWS) / 1000;
    const endMs = performance.now() + patienceMs;
    this.#newest();
    for (;;) {
      await sleep(POLL_MS);
      const window = this.#newest();
      if (window !== null) return window;
      if (performance.now() >= endMs) throw nothingTraced(patienceMs);
    }
  }

  /** Of the windows that have ended since the last call. */
  #newest(): TracedWindow | null {
    let newest: TracedWindow | null = null;
    const before = process.cpuUsage();
    for (const piece of this.#trace.read()) {
      for (const window of this.#windows.take(piece)) newest = window;
    }
    const { user, system } = process.cpuUsage(before);
    this.#readingUs += user + system;
    return newest;
  }

  [Symbol.dispose](): void {
    this.#trace[Symbol.dispose]();
  }
}

function nothingTraced(patienceMs: number): ThermoclineError {
  return new ThermoclineError(
    'TC_BUSY',
    `No aggregation interval has ended for ${patienceMs / 1000} s: the kdamond has ended, is ` +
      'paused, or all of its schemes wait for their watermarks. Ask again later.',
  );
}
