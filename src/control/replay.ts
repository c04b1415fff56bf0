/** Takes back what a journal says, in reverse order. Doing it twice does no harm. */
import { ThermoclineError } from '../base/errors.ts';
import type { Journal } from './journal.ts';
import type { Finisher } from './journal-format.ts';
import { currentBootId } from './process-identity.ts';
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
export function replay(journal: Journal, cgroupRoot: string, by: Finisher): ReplayReport {
  const done: string[] = [];
  const failed: string[] = [];
  if (journal.isFinished) return { done, failed };
  const rebooted = journal.head!.owner.bootId !== currentBootId();
  for (const step of rebooted ? [] : journal.pending) {
    if (!step.undo) continue;
    const { file, content } = step.undo;
    try {
      const outcome = applyUndo(step.undo, cgroupRoot);
      done.push(outcome === 'gone' ? `${file} is gone.` : `${file} is "${content.trim()}" again.`);
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
