/** Kdamonds of somebody else, watched by trace points in an instance of tracefs that is ours. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { promisify } from 'node:util';
import { everyFile } from './every-file.ts';
import { damonStatState, HandMadeKdamond, switchDamonStatOff } from './hand-made-kdamond.ts';
import type { GuestSuite } from './harness.ts';
import { until } from './memory-figures.ts';
import { seenHot, type WatchLine, watchLines } from './watch-lines.ts';
import { startWorkload } from './workload.ts';

const execute = promisify(execFile);

const instances = () => readdirSync('/sys/kernel/tracing/instances');
const watchWords = (what: string) => ['watch', '--kernel', '--foreign', what, '--json'];

async function watchForeign(what: string, ...words: readonly string[]): Promise<WatchLine[]> {
  const { stdout } = await execute('thermocline', [...watchWords(what), ...words]);
  return watchLines(stdout);
}

const suite: GuestSuite = {
  onRequest: ['6.12'],
  kernels: ['newest', '6.12'],
  topology: 'plain',
  tests: {
    async 'DAMON_STAT is listened to while it runs, and runs on'(t) {
      if (!damonStatState()) t.skip('this kernel boots without it');
      const before = everyFile();
      // On a machine that does nothing, the module has come to look for ten seconds on end.
      const lines = await watchForeign('damon_stat', '--every', '2s', '--for', '24s');
      assert.deepEqual(everyFile(), before);
      assert.deepEqual(instances(), []);
      const { regions, aggregationIntervalUs } = lines.at(-1)!;
      const bytes = regions.reduce((sum, { start, end }) => sum + end - start, 0);
      t.note(
        `${regions.length} regions, ${Math.round(bytes / 2 ** 20)} MiB, aggregated each ${aggregationIntervalUs / 1e6} s`,
      );
      assert.ok(bytes > 2 ** 29, 'most of the memory');
    },

    async 'the hot quarter is found within 10 %, and no file of its owner changes'(t) {
      switchDamonStatOff();
      using workload = await startWorkload(64);
      using foreign = new HandMadeKdamond({ operations: 'vaddr', pid: workload.pid });
      foreign.command('on');
      const before = everyFile();
      const lines = await watchForeign('0', '--every', '500ms', '--for', '7s', '--ceiling', '50');
      assert.deepEqual(everyFile(), before);
      assert.deepEqual(instances(), []);
      const { truth, inside, outside, text } = seenHot(lines, workload);
      t.note(text);
      assert.deepEqual(lines.at(-1)!.warnings, []);
      assert.ok(Math.abs(inside - truth) <= truth / 10);
      assert.ok(outside <= truth / 10);
    },

    async 'kill -9 leaves no instance'(t) {
      switchDamonStatOff();
      using workload = await startWorkload(16);
      using foreign = new HandMadeKdamond({ operations: 'vaddr', pid: workload.pid });
      foreign.command('on');
      const before = everyFile();
      const child = spawn('thermocline', watchWords('0'), { stdio: 'ignore' });
      await until(() => instances().length === 1, 'an instance');
      child.kill('SIGKILL');
      const start = performance.now();
      await until(() => instances().length === 0, 'its end', 15_000);
      t.note(`gone after ${((performance.now() - start) / 1000).toFixed(1)} s`);
      assert.deepEqual(everyFile(), before);
    },
  },
};
export default suite;
