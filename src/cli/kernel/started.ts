/** What `start` says and waits for, whoever owns what it has started. */
import type { StartOptions } from '../start.ts';
import { type Endings, whatEnds } from '../watch/run.ts';
import { tellStarter } from './detach.ts';

/** What a start tells of what it has started. */
interface Started {
  readonly slot: number;
  readonly kdamondPid: number | null;
  /** The process that owns it. */
  readonly pid: number;
  readonly file: string;
  readonly mode: string;
}

/** Prints what runs. */
export function sayStarted(
  started: Started,
  { json }: Pick<StartOptions, 'json'>,
  notes: readonly string[],
): void {
  const { slot, kdamondPid, pid, file, mode } = started;
  const text = json
    ? JSON.stringify({ ...started, notes })
    : [
        `DAMON runs in slot ${slot} by ${file}, ${mode}: kdamond ${kdamondPid}, owned by process ${pid}.`,
        ...notes.map((note) => `- ${note}`),
      ].join('\n');
  process.stdout.write(`${text}\n`);
  tellStarter();
}

/**
 * Waits until something ends it, and says what.
 * @returns the exit status
 * @throws ThermoclineError where it did not end well
 */
export async function endStarted(
  run: Pick<Endings, 'monitor' | 'interruption' | 'session'>,
  options: Pick<StartOptions, 'for'>,
): Promise<number> {
  const over = new AbortController();
  const forUs = options.for ?? null;
  const ending = await whatEnds({ ...run, child: null, forUs }, over.signal);
  over.abort();
  process.stderr.write(`${ending.reason}\n`);
  if (ending.error !== undefined) throw ending.error;
  // Being ended is what a run without an end is for.
  return options.for === undefined && ending.exitStatus > 128 ? 0 : ending.exitStatus;
}
