/** Running on in the background: the same command again, in a session of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Tells the process in the background that it has somebody to tell, and no terminal. */
const VARIABLE = 'THERMOCLINE_DETACHED';

/**
 * Starts this very command without `--detach`, and returns as soon as that runs: its words are
 * printed, and its exit status is ours should it end before.
 */
export async function startDetached(): Promise<number> {
  const words = process.argv.slice(1).filter((word) => word !== '--detach');
  const child = spawn(process.execPath, [...process.execArgv, ...words], {
    detached: true,
    env: { ...process.env, [VARIABLE]: '1' },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  child.stdout!.pipe(process.stdout, { end: false });
  child.stderr!.pipe(process.stderr, { end: false });
  const status = await Promise.race([
    once(child, 'message').then(() => null),
    once(child, 'exit').then(([code]) => Number(code ?? 1)),
  ]);
  if (status !== null) return status;
  child.disconnect();
  child.stdout!.destroy();
  child.stderr!.destroy();
  child.unref();
  return 0;
}

/** In the background: says that it runs, and from then on that nobody reads its output. */
export function tellStarter(): void {
  if (process.env[VARIABLE] === undefined || process.send === undefined) return;
  process.stdout.write('', () => {
    process.send!('runs');
    for (const stream of [process.stdout, process.stderr]) {
      stream.removeAllListeners('error');
      stream.on('error', () => {});
    }
  });
}
