import { ActingSession } from '../../control/acting-session.ts';
import { type StandIn, standInForStat } from '../../control/stand-in-for-stat.ts';
import type { Roots } from '../../host/host.ts';
import type { Subject } from './subject.ts';

/** Journal and guard for what acts, and for what runs in the kernel; null for all else. */
export async function openSession(
  { acts, steps, operations }: Pick<Subject, 'acts' | 'steps' | 'operations'>,
  description: string,
  roots: Roots,
): Promise<ActingSession | null> {
  // A trace instance, too, must not outlive its run.
  const usesKernel = operations.set === 'kernel' || operations.set === 'foreign';
  if (!acts && !usesKernel) return null;
  // Loaded before the guard counts: on a busy machine it could take longer than a heartbeat may.
  if (usesKernel) await import('../../monitor/kernel-monitor.ts');
  const session = await ActingSession.open({ roots, description, usesKernel, watchesOnly: !acts });
  for (const text of steps) session.record({ text, undo: null });
  return session;
}

/** What stands in for DAMON_STAT while this run has it handed over, as `standInForStat` says. */
export function standInFor(
  { operations }: Pick<Subject, 'operations'>,
  session: ActingSession | null,
): () => Promise<StandIn> {
  return standInForStat(operations, session, (why) => void process.stderr.write(`${why}\n`));
}
