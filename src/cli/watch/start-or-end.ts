import type { Monitor } from '../../monitor/monitor.ts';
import type { ChildCommand } from './child-command.ts';

/** News of the end of a command may come a little later than its memory goes. */
const EARLY_END_MS = 200;

/**
 * Starts the monitor; when that fails because the command has ended already, returns the command's
 * exit status, else null.
 */
export async function startOrEnd(
  monitor: Monitor,
  child: ChildCommand | null,
): Promise<number | null> {
  try {
    await monitor.start();
    return null;
  } catch (error) {
    const exitStatus = await child?.statusWithin(EARLY_END_MS);
    if (exitStatus === undefined || exitStatus === null) throw error;
    process.stderr.write(`The command ended with status ${exitStatus} before it was watched.\n`);
    return exitStatus;
  }
}
