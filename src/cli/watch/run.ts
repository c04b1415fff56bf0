import { setTimeout as delay } from 'node:timers/promises';
import { ThermoclineError } from '../../base/errors.ts';
import type { ActingSession } from '../../control/acting-session.ts';
import type { Monitor, MonitorEnd } from '../../monitor/monitor.ts';
import type { Scheme } from '../../params/types.ts';
import type { Interruption } from '../interruption.ts';
import type { HeatColumn } from '../terminal/heat-map.ts';
import type { ChildCommand } from './child-command.ts';
import type { WatchOutput } from './output.ts';
import { heatColumnOf, type WatchView } from './view.ts';

/** Columns that are kept for the picture: more than any terminal is wide. */
const MAX_HISTORY = 1000;

/** A run that is ready to begin. */
export interface WatchRun {
  readonly subject: string;
  readonly mode: string;
  readonly schemes: readonly Scheme[];
  /** Started already. */
  readonly monitor: Monitor;
  readonly output: WatchOutput;
  readonly interruption: Interruption;
  /** The command that we have started to watch it, if any. */
  readonly child: ChildCommand | null;
  /** Held while schemes act. */
  readonly session: ActingSession | null;
  readonly everyUs: number;
  /** Null: until something else ends it. */
  readonly forUs: number | null;
}

/** How a run ends. */
export interface Ending {
  readonly reason: string;
  readonly exitStatus: number;
  /** Set when it did not end well. */
  readonly error?: Error;
}

/** Shows what the monitor sees until something ends it; returns the exit status. */
export async function runWatch(run: WatchRun): Promise<number> {
  const { output, everyUs } = run;
  const over = new AbortController();
  const ending = whatEnds(run, over.signal);
  const history: HeatColumn[] = [];
  const ownCpu = new OwnCpu();
  const startMs = performance.now();
  let last: WatchView | null = null;
  try {
    for (;;) {
      const tick = pause(everyUs, over.signal).then(() => null);
      if ((await Promise.race([ending, tick])) !== null) break;
      const view = await look(run, history, ownCpu, (performance.now() - startMs) * 1000);
      if (view === null) break;
      last = view;
      output.show(view);
    }
    const { reason, exitStatus, error } = await ending;
    if (!run.interruption.readerIsGone) output.finish(last, reason);
    if (error !== undefined) throw error;
    return exitStatus;
  } finally {
    over.abort();
  }
}

/** Null when the monitor has ended in the meantime. */
async function look(
  run: WatchRun,
  history: HeatColumn[],
  ownCpu: OwnCpu,
  elapsedUs: number,
): Promise<WatchView | null> {
  const { monitor, subject, mode, schemes } = run;
  let answers: [Awaited<ReturnType<Monitor['snapshot']>>, Awaited<ReturnType<Monitor['stats']>>];
  try {
    answers = await Promise.all([monitor.snapshot(), monitor.stats()]);
  } catch (error) {
    // A monitor that has ended refuses; then its end is what there is to say.
    const stillRuns = await Promise.race([
      monitor.ended.then(() => false),
      pause(1e6).then(() => true),
    ]);
    if (stillRuns) throw error;
    return null;
  }
  const [snapshot, stats] = answers;
  history.push(heatColumnOf(snapshot));
  if (history.length > MAX_HISTORY) history.shift();
  return {
    subject,
    mode,
    schemes,
    description: monitor.description,
    elapsedUs,
    snapshot,
    stats,
    ...ownCpu.read(),
    history,
  };
}

/** What this whole program costs, as /proc/self/stat tells it. */
class OwnCpu {
  #lastCpuUs = cpuUs();
  #lastMs = performance.now();

  read(): Pick<WatchView, 'processCpuUs' | 'processCpuShare'> {
    const nowMs = performance.now();
    const processCpuUs = cpuUs();
    const processCpuShare = (processCpuUs - this.#lastCpuUs) / ((nowMs - this.#lastMs) * 1000);
    this.#lastCpuUs = processCpuUs;
    this.#lastMs = nowMs;
    return { processCpuUs, processCpuShare };
  }
}

function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** What may end a run. */
export type Endings = Pick<WatchRun, 'monitor' | 'interruption' | 'child' | 'session' | 'forUs'>;

/** Settles with the first of the things that end a run; never rejects. */
export function whatEnds(run: Endings, over: AbortSignal): Promise<Ending> {
  const { monitor, interruption, child, session, forUs } = run;
  const endings: Promise<Ending>[] = [
    interruption.requested.then(() => ({
      reason: 'Stopped.',
      exitStatus: interruption.exitStatus,
    })),
    monitor.ended.then((end) => endOfMonitor(end, child)),
  ];
  if (child !== null) endings.push(child.ended.then(endOfChild));
  if (session !== null) endings.push(endOfActing(session));
  if (forUs !== null) {
    endings.push(pause(forUs, over).then(() => ({ reason: 'The time is up.', exitStatus: 0 })));
  }
  return Promise.race(endings);
}

function endOfMonitor(end: MonitorEnd, child: ChildCommand | null): Ending | Promise<Ending> {
  if (end.reason === 'failed') {
    const error = new ThermoclineError('TC_SYSTEM', end.message);
    return { reason: 'Monitoring has failed.', exitStatus: 1, error };
  }
  return child === null ? { reason: end.message, exitStatus: 0 } : child.ended.then(endOfChild);
}

function endOfChild(exitStatus: number): Ending {
  return { reason: `The command has ended with status ${exitStatus}.`, exitStatus };
}

async function endOfActing(session: ActingSession): Promise<Ending> {
  const { signal } = session;
  if (!signal.aborted) {
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  }
  return { reason: 'Acting had to end.', exitStatus: 1, error: signal.reason };
}

/** Ends early, and without an error, when `over` is aborted. */
async function pause(durationUs: number, over?: AbortSignal): Promise<void> {
  const options = over === undefined ? { ref: false } : { signal: over };
  await delay(durationUs / 1000, undefined, options).catch(() => {});
}
