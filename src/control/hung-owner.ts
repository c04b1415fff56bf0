/** Ends a run that hangs, where nobody could take its steps back beside it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../host/linux/process-identity.ts';
import type { Journal } from './journal.ts';

const LOOK_MS = 10;
/** One that the kernel does not let go of by then does nothing more of its own either. */
const NR_LOOKS = 500;

/**
 * QEMU serves one client of a socket at a time, and a run that hangs stays the one. If it went on
 * later, it would also punch what it had compared while the guest was stopped, which by then runs
 * again: so it is ended first. A run without guests is left alone; it finds that its guard is gone.
 */
export async function endIfInTheWay(journal: Journal): Promise<void> {
  const steersGuest = journal.pending.some(
    ({ undo }) => undo !== null && ('qmpSocket' in undo || 'pausedGuest' in undo),
  );
  const owner = journal.head?.owner;
  if (owner === undefined || !steersGuest || !isAlive(owner)) return;
  process.kill(owner.pid, 'SIGKILL');
  for (let look = 0; look < NR_LOOKS && isAlive(owner); look++) await sleep(LOOK_MS);
}
