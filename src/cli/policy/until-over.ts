/** What every run does between its start and its end, whatever it is that it runs. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ThermoclineError } from '../../base/errors.ts';
import type { ActingSession } from '../../control/acting-session.ts';
import type { Monitor, MonitorEnd } from '../../monitor/monitor.ts';
import type { Interruption } from '../interruption.ts';

/** How often a run takes a turn, and until when. */
export interface Turns {
  readonly everyUs: number;
  /** Null: until something else ends it. */
  readonly forUs: number | null;
  readonly interruption: Interruption;
}

/**
 * Takes turns until one of them says no, time is over, a monitor has ended, acting was switched off
 * or somebody interrupts; returns the exit status.
 * @param turn returns whether to go on
 */
export async function untilOver(
  { interruption, everyUs, forUs }: Turns,
  monitors: readonly Monitor[],
  session: ActingSession | null,
  turn: () => Promise<boolean>,
): Promise<number> {
  const gone = new AbortController();
  for (const { ended } of monitors) void ended.then((end) => gone.abort(end));
  const over = AbortSignal.any([
    ...[interruption.signal, gone.signal],
    ...(session === null ? [] : [session.signal]),
  ]);
  const startMs = performance.now();
  for (;;) {
    await sleep(everyUs / 1000, undefined, { signal: over }).catch(() => {});
    if (over.aborted) break;
    const goesOn = await turn().catch((error) => {
      // Why it had to end says more than what failed because of that.
      session?.assertActing();
      throw error;
    });
    if (!goesOn) break;
    if (forUs !== null && (performance.now() - startMs) * 1000 >= forUs) break;
  }
  if (interruption.signal.aborted) return interruption.exitStatus;
  session?.signal.throwIfAborted();
  const end = gone.signal.reason as MonitorEnd | undefined;
  if (end?.reason === 'failed') throw new ThermoclineError('TC_SYSTEM', end.message);
  if (end !== undefined) process.stderr.write(`${end.message}\n`);
  return 0;
}

/** @param rivals sentences about others who steer the same memory */
export function refuseBesideRivals([first]: readonly string[]): void {
  if (first === undefined) return;
  throw new ThermoclineError('TC_BUSY', `${first} Stop it first, or only watch with "shadow".`);
}
