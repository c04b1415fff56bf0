/** The acting runs that a state folder knows of. */
import { ThermoclineError } from '../base/errors.ts';
import type { Roots } from '../host/host.ts';
import { isAlive } from '../host/linux/process-identity.ts';
import { Journal, listJournals } from './journal.ts';
import { type ReplayReport, replay } from './replay.ts';

type RunState =
  /** Its process lives and its journal is open. */
  | 'acting'
  /** The same of a run that only watches, through the kernel. */
  | 'watching'
  /** Its process has gone and its journal is open: `thermocline restore` closes it. */
  | 'abandoned'
  /** Everything was taken back. */
  | 'finished'
  /** Its journal can't be read. */
  | 'damaged';

/** One run, as its journal tells. */
export interface ActingRun {
  readonly journalFile: string;
  readonly state: RunState;
  /** Null where the journal doesn't tell. */
  readonly pid: number | null;
  /** What it is for, or why its journal can't be read. */
  readonly description: string;
}

/** Reads every journal of a state folder; changes nothing. */
export function listRuns(stateDir: string): ActingRun[] {
  return listJournals(stateDir).map(describeRun);
}

function describeRun(journalFile: string): ActingRun {
  try {
    using journal = Journal.open(journalFile);
    const { head, isFinished } = journal;
    const livingState = head?.watchesOnly ? 'watching' : 'acting';
    const openState = head && isAlive(head.owner) ? livingState : 'abandoned';
    const state = isFinished ? 'finished' : openState;
    return {
      journalFile,
      state,
      pid: head?.owner.pid ?? null,
      description: head?.description ?? '',
    };
  } catch (error) {
    if (!(error instanceof ThermoclineError)) throw error;
    return { journalFile, state: 'damaged', pid: null, description: error.message };
  }
}

/**
 * Replays the journal of each run whose process has gone; leaves alone what still acts.
 * @param of only runs with this description
 */
export async function restoreAbandoned(
  stateDir: string,
  roots: Roots,
  of?: string,
): Promise<ReplayReport> {
  const done: string[] = [];
  const failed: string[] = [];
  const runs = listRuns(stateDir).filter(
    ({ description }) => of === undefined || description === of,
  );
  for (const { journalFile, state, pid, description } of runs) {
    if (state === 'damaged') failed.push(description);
    if (state === 'acting') {
      done.push(
        `Process ${pid} still acts (${description}), so its steps are left alone; ` +
          '"thermocline off" stops it.',
      );
    }
    if (state === 'watching') {
      done.push(`Process ${pid} still watches (${description}), so it is left alone.`);
    }
    if (state !== 'abandoned') continue;
    using journal = Journal.open(journalFile);
    const report = await replay(journal, roots, 'restore');
    done.push(...report.done);
    if (report.failed.length === 0)
      done.push(`What process ${pid} left open is closed: ${description}.`);
    failed.push(...report.failed);
  }
  return { done, failed };
}
