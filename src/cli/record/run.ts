import { setImmediate as breathe, setTimeout as delay } from 'node:timers/promises';
import { formatBytes } from '../../base/units.ts';
import type { VirtualMonitor } from '../../monitor/virtual-monitor.ts';
import type { Snapshot } from '../../params/snapshot.ts';
import { formatClock } from '../watch/frame.ts';
import { type Ending, type Endings, whatEnds } from '../watch/run.ts';
import type { RecordOutput } from './record-output.ts';
import type { Recorder } from './recorder.ts';

/** A frame is closed after so much time, so that no more is lost when this process is killed. */
const FLUSH_NS = 1_000_000_000n;
const PROGRESS_MS = 1000;

/** Simulated time: it passes as fast as it can, up to a limit. */
export interface VirtualTime {
  readonly monitor: VirtualMonitor;
  readonly durationUs: number;
}

/** A run that is ready to begin. */
export interface RecordRun extends Endings {
  readonly subject: string;
  readonly recorder: Recorder;
  readonly output: RecordOutput;
  /** Null where time passes by itself. */
  readonly virtual: VirtualTime | null;
  /** Where progress and the last words go. */
  readonly terminal: { readonly isTTY: boolean; write(text: string): unknown };
}

/** Records until something ends it; returns the exit status. */
export async function runRecord(run: RecordRun): Promise<number> {
  const { monitor, recorder, output } = run;
  const over = new AbortController();
  const recording = recordSnapshots(run, over.signal);
  void showProgress(run, over.signal);
  let ending: Ending;
  try {
    ending = await Promise.race([whatEnds(run, over.signal), endOfTime(run, recording)]);
  } finally {
    over.abort();
  }
  await monitor.stop();
  await recording;
  await output.add(recorder.event(ending.reason));
  await output.end();
  run.terminal.write(`${closingLine(run, ending.reason)}\n`);
  if (ending.error !== undefined) throw ending.error;
  return ending.exitStatus;
}

async function recordSnapshots(run: RecordRun, over: AbortSignal): Promise<void> {
  const { monitor, recorder, output, virtual } = run;
  const snapshots = virtual === null ? monitor.snapshots() : virtualSnapshots(virtual, over);
  let flushedNs: bigint | null = null;
  for await (const snapshot of snapshots) {
    if (output.rotateIfFull(recorder.timeNs)) recorder.repeatMappings();
    for (const item of await recorder.take(snapshot)) await output.add(item);
    if (flushedNs !== null && recorder.timeNs - flushedNs < FLUSH_NS) continue;
    flushedNs = recorder.timeNs;
    await output.flush();
  }
}

/** Time stands still while a snapshot is being recorded, so none is missed. */
async function* virtualSnapshots(
  { monitor, durationUs }: VirtualTime,
  over: AbortSignal,
): AsyncGenerator<Snapshot, void, void> {
  const { simulation } = monitor;
  const snapshots = monitor.snapshots()[Symbol.asyncIterator]();
  while (true) {
    let hasCome = false;
    const next = snapshots.next().finally(() => {
      hasCome = true;
    });
    await breathe();
    while (!hasCome) {
      if (over.aborted || simulation.nowUs >= durationUs) return;
      const { sampleIntervalUs } = simulation.driver.kdamond.params.attrs;
      monitor.advance(Math.min(sampleIntervalUs, durationUs - simulation.nowUs));
      await breathe();
    }
    const { done, value } = await next;
    if (done) return;
    yield value;
  }
}

/** Settles when simulated time is up, and rejects when recording fails. */
async function endOfTime({ virtual }: RecordRun, recording: Promise<void>): Promise<Ending> {
  await recording;
  // In real time recording ends with the monitor, of which others tell.
  if (virtual === null) await new Promise<never>(() => {});
  return { reason: 'The simulated time is up.', exitStatus: 0 };
}

async function showProgress(run: RecordRun, over: AbortSignal): Promise<void> {
  if (!run.terminal.isTTY) return;
  over.addEventListener('abort', () => run.terminal.write('\r\x1b[2K'), { once: true });
  while (!over.aborted) {
    run.terminal.write(`\r\x1b[2Krecording ${run.subject}: ${amountText(run)}`);
    await delay(PROGRESS_MS, undefined, { signal: over }).catch(() => {});
  }
}

/** `0:12, 120 snapshots, 34.5 KiB` */
function amountText({ recorder, output }: RecordRun): string {
  const { nrSnapshots, writtenBytes } = output;
  const snapshots = nrSnapshots === 1 ? '1 snapshot' : `${nrSnapshots} snapshots`;
  return `${formatClock(recorder.durationUs)}, ${snapshots}, ${formatBytes(writtenBytes)}`;
}

function closingLine(run: RecordRun, reason: string): string {
  const { path, nrRotations, nrSnapshots } = run.output;
  if (nrSnapshots === 0) {
    return `${reason} Nothing was recorded: no aggregation interval was over by then.`;
  }
  const files = nrRotations === 0 ? path : `${nrRotations + 1} files, the last of them ${path}`;
  return `${reason} Recorded ${amountText(run)} in ${files}.`;
}
