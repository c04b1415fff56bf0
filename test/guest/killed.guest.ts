/** A run that acts is killed at five points of its life; its guard leaves the kernel as booted. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { handover, thermocline } from './call-command.ts';
import { everyFile } from './every-file.ts';
import { damonStatState, kdamondsFolder } from './hand-made-kdamond.ts';
import type { GuestSuite, TestBody } from './harness.ts';
import { until } from './memory-figures.ts';
import { startWorkload } from './workload.ts';

const execute = promisify(execFile);
const slot = `${kdamondsFolder}/0`;
const scheme = `${slot}/contexts/0/schemes/0`;
/** The first and the last file that the change below writes. */
const firstChanged = `${scheme}/quotas/bytes`;
const lastChanged = `${scheme}/watermarks/low`;
const change = ['quota.sizeBytes=2MiB', 'watermarks.lowPermil=3'];
const changeBack = ['quota.sizeBytes=1MiB', 'watermarks.lowPermil=0'];
/** How soon nothing of ours may run any more. */
const limitMs = 15_000;
/** Starting waits for processors that the emulator shares with others. */
const startLimitMs = 60_000;

/** What a file of DAMON says; empty where there is none. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}

/** Of DAMON_STAT, which is another one after a handover. */
const statThread = '/sys/module/damon_stat/parameters/kdamond_pid';

function filesBut(left: string): Record<string, string> {
  const { [left]: _, ...others } = everyFile();
  return others;
}

let warmUp: Promise<unknown> | null = null;

const isOn = () => read(`${slot}/state`) === 'on';
/** Not the same: while a command is under way, the kernel says neither. */
const isOff = () => read(`${slot}/state`) === 'off';
const acts = () =>
  isOn() &&
  read(`${scheme}/action`) === 'cold' &&
  read(`${scheme}/access_pattern/nr_accesses/min`) === '0';

/** The letter after the name in `/proc/PID/stat`. */
const isStopped = (pid: number) => /\) T /.test(read(`/proc/${pid}/stat`));

/** As busy as can be, from when there are slots: what is waited for may be over in a moment. */
async function spin(condition: () => boolean): Promise<void> {
  await until(() => read(`${kdamondsFolder}/nr_kdamonds`) === '8', 'slots');
  for (let turn = 1; !condition(); turn++) {
    assert.ok(turn < 3_000_000, 'it never came to that');
    if (turn % 500 === 0) await sleep(0);
  }
}

interface Point {
  /** Leads to the point; the run has been started, and no more than that. */
  readonly reach: (run: { readonly pid: number }) => Promise<void>;
  /** Whether the run, which is halted by now, is at it. */
  readonly holds: () => boolean;
}

const points: Readonly<Record<string, Point>> = {
  'while it is staged': {
    reach: () => spin(() => read(`${slot}/contexts/0/targets/nr_targets`) === '1'),
    holds: () => !isOn() && read(`${slot}/contexts/nr_contexts`) === '1',
  },
  'as soon as it is started': {
    reach: () => spin(isOn),
    holds: isOn,
  },
  'while it acts': {
    reach: async () => {
      await until(acts, 'a scheme that acts', startLimitMs);
      await sleep(300);
    },
    holds: acts,
  },
  'in the middle of a commit': {
    reach: async ({ pid }) => {
      await until(acts, 'a scheme that acts', startLimitMs);
      // A commit may be over before it is noticed that it has begun; then there is another one.
      for (let attempt = 0; attempt < 10; attempt++) {
        const answer = tune(change);
        // It never comes where the run stays halted.
        answer.catch(() => {});
        await spin(() => {
          if (read(firstChanged) !== String(2 * 2 ** 20)) return false;
          process.kill(pid, 'SIGSTOP');
          return true;
        });
        // The signal may still be on its way, and the commit go on meanwhile.
        await until(() => isStopped(pid), 'a run that stands still');
        if (read(lastChanged) === '0') return;
        process.kill(pid, 'SIGCONT');
        await answer;
        await tune(changeBack);
      }
    },
    holds: () => isOn() && read(lastChanged) === '0',
  },
  'in the middle of its stop': {
    reach: async ({ pid }) => {
      await until(acts, 'a scheme that acts', startLimitMs);
      process.kill(pid, 'SIGTERM');
      await spin(isOff);
    },
    holds: () => isOff() && read(`${kdamondsFolder}/nr_kdamonds`) === '8',
  },
};

const tune = (settings: readonly string[]) =>
  thermocline('tune', ...settings.flatMap((text) => ['--set', `schemes[0].${text}`]));

function killedAt({ reach, holds }: Point): TestBody {
  return async (t) => {
    await using workload = await startWorkload(4, { hotPercent: 0 });
    const file = '/tmp/killed.yaml';
    writeFileSync(
      file,
      `targets: [{ pid: ${workload.pid} }]\nschemes: [{ action: cold, quota: { sizeBytes: 1MiB } }]\n`,
    );
    const filesBefore = filesBut(statThread);
    const stat = damonStatState();
    const words = ['start', '--act', '--ceiling', '50', ...handover(), file];
    // What is compiled then is there for the next: one that is killed leaves nothing behind.
    warmUp ??= execute('thermocline', [...words, '--dry-run']);
    await warmUp;
    const run = spawn('thermocline', words, { stdio: 'ignore' });
    const exit = once(run, 'exit');
    // One that does not get there must not be in the way of the next.
    await reach({ pid: run.pid! }).catch((error) => {
      run.kill('SIGKILL');
      throw error;
    });
    run.kill('SIGSTOP');
    const isThere = holds();
    const killed = performance.now();
    run.kill('SIGKILL');
    await exit;
    await until(() => !isOn(), 'the end of the kdamond', limitMs);
    const endedS = (performance.now() - killed) / 1000;
    const isRestored = () =>
      read(`${kdamondsFolder}/nr_kdamonds`) === '0' && damonStatState() === stat;
    await until(isRestored, 'the end of its slots', limitMs);
    const restoredS = (performance.now() - killed) / 1000;
    assert.deepEqual(filesBut(statThread), filesBefore);
    t.note(
      `nothing of ours runs after ${endedS.toFixed(1)} s, as booted after ${restoredS.toFixed(1)} s`,
    );
    assert.ok(restoredS <= limitMs / 1000);
    assert.ok(isThere, 'it was killed at another point');
  };
}

const suite: GuestSuite = {
  onRequest: ['6.12'],
  kernels: ['newest', '6.12'],
  topology: 'plain',
  tests: Object.fromEntries(
    Object.entries(points).map(([name, point]) => [`killed ${name}`, killedAt(point)]),
  ),
};
export default suite;
