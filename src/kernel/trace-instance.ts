/**
 * DAMON's trace points through an instance of tracefs that is ours alone: its own buffer, its own
 * switches. What anybody else traces is not touched, and no tool is needed.
 */
import { ThermoclineError } from '../base/errors.ts';
import type { TraceFiles, TracePipe } from './trace-files.ts';

/** Trace points of DAMON that are read. */
export type TraceEvent =
  | 'damon_aggregated'
  | 'damon_region_aggregated'
  | 'damon_monitor_intervals_tune'
  | 'damos_before_apply'
  | 'damos_stat_after_apply_interval';

/** What an instance is for. */
export interface TraceInstanceOptions {
  /** As `traceInstanceName` makes it. */
  readonly name: string;
  /** Only what this kernel thread does is traced. */
  readonly kdamondPid: number;
  /** Those that this kernel lacks are left out, but for the first, which has to be there. */
  readonly events: readonly TraceEvent[];
  /** The buffer has this for each CPU; of what is too much, the oldest is lost. */
  readonly bufferKiB: number;
}

/** A process and a counter; nothing else may be taken for a name of ours. */
const NAME = /^thermocline-\d{1,10}-\d{1,6}$/;

/** Of all CPUs together; a kdamond runs on one at a time, and may move. */
const ALL_BUFFERS_KIB = 32 * 1024;
const LARGEST_BUFFER_KIB = 1024;
const SMALLEST_BUFFER_KIB = 64;

/** The kernel answers a few KiB at a time; what comes in faster is read next time. */
const MAX_READS = 2048;

let nrMade = 0;

/** A name that no other process has. */
export function traceInstanceName(pid: number): string {
  nrMade += 1;
  return `thermocline-${pid}-${nrMade}`;
}

function isTraceInstanceName(name: string): boolean {
  return NAME.test(name);
}

/** A buffer for each of `nrCpus` that holds what some seconds of a thousand regions come to. */
export function traceBufferKiB(nrCpus: number): number {
  const share = Math.floor(ALL_BUFFERS_KIB / Math.max(1, nrCpus));
  return Math.max(SMALLEST_BUFFER_KIB, Math.min(LARGEST_BUFFER_KIB, share));
}

/** Whether this kernel has a trace point; false without tracefs. */
function hasTraceEvent(files: TraceFiles, event: TraceEvent): boolean {
  return files.exists(`events/damon/${event}`);
}

/** An instance while it is read. */
export class TraceInstance implements Disposable {
  readonly #files: TraceFiles;
  readonly #name: string;
  readonly #pipe: TracePipe;

  private constructor(files: TraceFiles, name: string, pipe: TracePipe) {
    this.#files = files;
    this.#name = name;
    this.#pipe = pipe;
  }

  /**
   * Makes the instance and begins to trace; leaves nothing behind when that fails. Whoever keeps a
   * journal writes the name down before.
   * @throws ThermoclineError TC_UNSUPPORTED without tracefs or the trace point, and what the files
   * throw
   */
  static open(files: TraceFiles, options: TraceInstanceOptions): TraceInstance {
    const { name, kdamondPid, events, bufferKiB } = options;
    requireEvent(files, events[0]!);
    const folder = folderOf(name);
    files.makeFolder(folder);
    try {
      files.write(`${folder}/buffer_size_kb`, String(bufferKiB));
      // The clock of the machine, which does not jump and which we can ask, too.
      files.write(`${folder}/trace_clock`, 'mono');
      for (const event of events.filter((one) => hasTraceEvent(files, one))) {
        const point = `${folder}/events/damon/${event}`;
        files.write(`${point}/filter`, `common_pid == ${kdamondPid}`);
        files.write(`${point}/enable`, '1');
      }
      return new TraceInstance(files, name, files.openPipe(`${folder}/trace_pipe`));
    } catch (error) {
      removeTraceInstance(files, name);
      throw error;
    }
  }

  /** Text that has come since, a piece at a time; lines may be cut between two pieces. */
  *read(): Generator<Uint8Array> {
    for (let nr = 0; nr < MAX_READS; nr++) {
      const piece = this.#pipe.read();
      if (piece === null) return;
      yield piece;
    }
  }

  /** Ends tracing and removes the instance. */
  [Symbol.dispose](): void {
    this.#pipe[Symbol.dispose]();
    removeTraceInstance(this.#files, this.#name);
  }
}

/** Removes an instance, and with it all that it traced. One that is gone already is no error. */
export function removeTraceInstance(files: TraceFiles, name: string): void {
  files.removeFolder(folderOf(name));
}

function folderOf(name: string): string {
  if (isTraceInstanceName(name)) return `instances/${name}`;
  throw new ThermoclineError('TC_DENIED', `"${name}" is no trace instance of Thermocline.`);
}

function requireEvent(files: TraceFiles, event: TraceEvent): void {
  if (!files.exists('instances')) {
    throw new ThermoclineError(
      'TC_UNSUPPORTED',
      'The kernel can only be traced through tracefs, which is not mounted, or not for you: as root, ' +
        '"mount -t tracefs tracefs /sys/kernel/tracing" mounts it.',
    );
  }
  if (hasTraceEvent(files, event)) return;
  throw new ThermoclineError(
    'TC_UNSUPPORTED',
    `This kernel has no trace point ${event}: it was built without DAMON, or DAMON is too old.`,
  );
}
