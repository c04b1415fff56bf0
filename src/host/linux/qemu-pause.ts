/** Stops a QEMU guest for a moment, and has it go on whatever happens. */
import type { Clock } from '../../base/clock.ts';
import type { PauseUndo } from '../host.ts';
import { openIfAny, type Qmp } from './qmp.ts';

interface StatusAnswer {
  readonly status: string;
}

/**
 * Stops the guest while `work` runs, which must not wait for anything.
 * @returns for how long it was stopped, in milliseconds; null for a guest that does not run, which
 * is left as it is
 * @throws ThermoclineError TC_SYSTEM where QEMU can't be told to go on; others as `work` does
 */
export async function whileStopped(
  qmp: Qmp,
  clock: Clock,
  work: () => void,
): Promise<number | null> {
  const { status } = await qmp.execute<StatusAnswer>('query-status');
  if (status !== 'running') return null;
  const startUs = clock.nowUs();
  try {
    await qmp.execute('stop');
    work();
  } finally {
    await goOn(qmp);
  }
  return (clock.nowUs() - startUs) / 1000;
}

async function goOn(qmp: Qmp): Promise<void> {
  try {
    await qmp.execute('cont');
  } catch {
    // The line was cut, and QEMU serves another one once this one is closed.
    qmp[Symbol.dispose]();
    await letGuestGoOn({ pausedGuest: qmp.path });
  }
}

/** Has a guest go on that was stopped, and no other. Doing it twice does no harm. */
export async function letGuestGoOn({ pausedGuest }: PauseUndo): Promise<'restored' | 'gone'> {
  using qmp = await openIfAny(pausedGuest);
  if (qmp === null) return 'gone';
  const { status } = await qmp.execute<StatusAnswer>('query-status');
  if (status === 'paused') await qmp.execute('cont');
  return 'restored';
}
