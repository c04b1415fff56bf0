/** What the DAMON of a guest does for the agent in it: what nobody accesses leaves, when asked. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDamonLever } from '../../src/cli/agent/damon-lever.ts';
import { callCommand, handover } from './call-command.ts';
import { everyFile } from './every-file.ts';
import { HandMadeKdamond, kdamondsFolder, switchDamonStatOff } from './hand-made-kdamond.ts';
import type { GuestSuite } from './harness.ts';
import { Cgroup, swapOn, swappedBytes, until } from './memory-figures.ts';
import { startWorkload } from './workload.ts';

const mebibyte = 2 ** 20;
/** More than a region of DAMON's: of less, each pass would see the beginnings of regions only. */
const orderMebibytes = 12;
const roots = { proc: '/proc', sys: '/sys', cgroup: '/sys/fs/cgroup' };

/** Files come and go, and are busy, while slots do. */
function answers(ask: () => boolean): boolean {
  try {
    return ask();
  } catch {
    return false;
  }
}

const suite: GuestSuite = {
  kernels: ['newest'],
  // It has the agent's port.
  topology: 'virtio-mem',
  onRequest: true,
  tests: {
    async "beside somebody else's kdamond an agent with --damon is refused, and changes nothing"() {
      switchDamonStatOff();
      {
        using theirs = new HandMadeKdamond({ operations: 'paddr', start: 0, end: 64 * mebibyte });
        theirs.command('on');
        const files = everyFile();
        const { status, stderr } = await callCommand('agent', '--damon');
        assert.notEqual(status, 0);
        assert.match(stderr, /kdamond|DAMON/);
        assert.deepEqual(everyFile(), files);
      }
    },

    async 'killed, its guard leaves all of DAMON as before'(t) {
      switchDamonStatOff();
      const files = everyFile();
      const child = spawn('thermocline', ['agent', '--damon', ...handover()], { stdio: 'ignore' });
      const state = `${kdamondsFolder}/0/state`;
      const isOn = () => existsSync(state) && /^on$/m.test(readFileSync(state, 'utf8'));
      await until(() => answers(isOn), 'a kdamond', 60_000);
      await sleep(2000);
      child.kill('SIGKILL');
      const killed = performance.now();
      const isBack = () => JSON.stringify(everyFile()) === JSON.stringify(files);
      await until(() => answers(isBack), 'all files as before', 15_000);
      t.note(`as before ${((performance.now() - killed) / 1000).toFixed(1)} s after the kill`);
    },

    async 'nothing leaves unasked; asked, what is cold does, no more of it, and nothing hot'(t) {
      swapOn();
      switchDamonStatOff();
      const files = everyFile();
      await using group = new Cgroup('agent');
      await using workload = await startWorkload(40, { hotPercent: 10, group });
      const { pid, start, hotEnd, end } = workload;
      const swapped = (range: { start: number; end: number }) =>
        swappedBytes(pid, range) / mebibyte;
      const hot = () => swapped({ start, end: hotEnd });
      const cold = () => swapped({ start: hotEnd, end });
      {
        const options = { cgroup: group.path, coldAge: '5s', handOverStat: false };
        await using lever = await openDamonLever({ roots, ...options, cpuCeiling: 0.5 });
        await sleep(8000);
        assert.equal(cold(), 0, 'it left, and nobody had asked');
        const orders: number[] = [];
        const overMs = performance.now() + 45_000;
        while (cold() < orderMebibytes && performance.now() < overMs) {
          orders.push((await lever.reclaim(orderMebibytes * mebibyte)) / mebibyte);
        }
        const seen =
          `${cold()} of 36 MiB cold, ${hot()} of 4 hot by orders of ${orderMebibytes} MiB: ` +
          orders.map((took) => took.toFixed(1)).join(', ');
        t.note(seen);
        assert.ok(cold() >= orderMebibytes, seen);
        assert.ok(hot() <= 0.5, seen);
        // The limit of one second more may be used before an order ends.
        assert.ok(Math.max(...orders) <= 2 * orderMebibytes, seen);
        const then = cold();
        await sleep(4000);
        assert.ok(cold() <= then + 1, `${cold() - then} MiB more left, and nobody had asked`);
      }
      assert.deepEqual(everyFile(), files);
    },
  },
};
export default suite;
