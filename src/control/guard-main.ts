/**
 * The guard process: see guard.ts. It loads as little as it can, so that it is on watch at once and
 * costs next to nothing while it waits.
 *
 *     node guard-main.ts JOURNAL ROOTS HEARTBEAT_LIMIT_MS [kernel]
 *
 * Heartbeats come on standard input.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Roots } from '../host/host.ts';
import { endIfInTheWay } from './hung-owner.ts';
import { Journal } from './journal.ts';
import { replay } from './replay.ts';

const NR_ATTEMPTS = 5;
const PAUSE_MS = 1000;

const [file, roots, heartbeatLimitMs, kernel] = process.argv.slice(2);

// Whoever ends a whole group of processes must not end the one that cleans up after them.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

// Held open from now on: the undo works even if somebody clears the state folder away.
const journal = Journal.open(file!);
let nrBeats = 0;
const silence = setTimeout(() => {
  // Beats that wait in the pipe count, should it be us who have been stopped for a while.
  const nrBeatsBefore = nrBeats;
  setImmediate(() => {
    if (nrBeats === nrBeatsBefore) takeBack('it hangs');
  });
}, Number(heartbeatLimitMs));
process.stdin.on('data', () => {
  nrBeats += 1;
  silence.refresh();
});
process.stdin.on('end', () => takeBack('it has gone'));
process.stdin.on('error', () => takeBack('it has gone'));
process.stdout.write('on watch\n');
// Loaded while all is well: when it is needed, the disk may not answer.
if (kernel) await import('../monitor/kernel-slots.ts');

let isTakingBack = false;

/**
 * Nothing to do where the owner has finished its journal. What can't be put back now, as the kernel
 * is busy with something else, is tried again.
 */
async function takeBack(owner: 'it hangs' | 'it has gone'): Promise<void> {
  if (isTakingBack) return;
  isTakingBack = true;
  if (owner === 'it hangs') {
    journal.reload();
    await endIfInTheWay(journal);
  }
  for (let attempt = 1; ; attempt++) {
    journal.reload();
    const { failed } = await replay(journal, JSON.parse(roots!) as Roots, 'guard');
    if (failed.length === 0) process.exit(0);
    if (attempt === NR_ATTEMPTS) process.exit(1);
    await sleep(PAUSE_MS);
  }
}
