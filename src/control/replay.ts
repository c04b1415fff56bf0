/** Takes back what a journal says, in reverse order. Doing it twice does no harm. */
import { dirname } from 'node:path';
import { ThermoclineError } from '../base/errors.ts';
import type { Roots } from '../host/host.ts';
import { currentBootId } from '../host/linux/process-identity.ts';
import type { Journal } from './journal.ts';
import type { Finisher } from './journal-format.ts';
import { applyUndo } from './undo.ts';

/** What replaying has come to. */
export interface ReplayReport {
  /** Sentences: what was written, and what no longer needed it. */
  readonly done: readonly string[];
  /** Sentences: what could not be put back. The journal then stays unfinished. */
  readonly failed: readonly string[];
}

/**
 * Puts back every pending step of a journal, and closes the journal when nothing has failed. Steps
 * from before a reboot are not replayed: the reboot has undone them.
 * @param by who is to be named as the one who closed it
 */
export async function replay(journal: Journal, roots: Roots, by: Finisher): Promise<ReplayReport> {
  const done: string[] = [];
  const failed: string[] = [];
  if (journal.isFinished) return { done, failed };
  const { owner } = journal.head!;
  const rebooted = owner.bootId !== currentBootId();
  const scene = { roots, stateDir: dirname(journal.file), owner };
  for (const step of rebooted ? [] : journal.pending) {
    if (!step.undo) continue;
    try {
      done.push(await applyUndo(step.undo, scene));
      journal.markUndone(step);
    } catch (error) {
      if (!(error instanceof ThermoclineError)) throw error;
      failed.push(error.message);
    }
  }
  if (rebooted && journal.pending.some((step) => step.undo)) {
    done.push('Its steps are from before a reboot, which has undone them.');
  }
  if (failed.length === 0) journal.finish(by);
  return { done, failed };
}
