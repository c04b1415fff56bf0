/**
 * The guard process: see guard.ts. It loads as little as it can, so that it is on watch at once and
 * costs next to nothing while it waits.
 *
 *     node guard-main.ts JOURNAL CGROUP_ROOT HEARTBEAT_LIMIT_MS     heartbeats on standard input
 */
import { Journal } from './journal.ts';
import { replay } from './replay.ts';

const [file, cgroupRoot, heartbeatLimitMs] = process.argv.slice(2);

// Whoever ends a whole group of processes must not end the one that cleans up after them.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

// Held open from now on: the undo works even if somebody clears the state folder away.
const journal = Journal.open(file!);
let nrBeats = 0;
const silence = setTimeout(() => {
  // Beats that wait in the pipe count, should it be us who have been stopped for a while.
  const nrBeatsBefore = nrBeats;
  setImmediate(() => {
    if (nrBeats === nrBeatsBefore) takeBack();
  });
}, Number(heartbeatLimitMs));
process.stdin.on('data', () => {
  nrBeats += 1;
  silence.refresh();
});
process.stdin.on('end', takeBack);
process.stdin.on('error', takeBack);
process.stdout.write('on watch\n');

/** Nothing to do where the owner has finished its journal. */
function takeBack(): void {
  journal.reload();
  const { failed } = replay(journal, cgroupRoot!, 'guard');
  process.exit(failed.length === 0 ? 0 : 1);
}
