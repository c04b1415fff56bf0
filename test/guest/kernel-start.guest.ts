/** Parameter files in the kernel: `start`, `status`, `tune` and `stop`, as users call them. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { handover, thermocline } from './call-command.ts';
import { damonStatState, kdamondsFolder } from './hand-made-kdamond.ts';
import type { GuestSuite } from './harness.ts';
import { until } from './memory-figures.ts';
import { startWorkload } from './workload.ts';

const execute = promisify(execFile);
const mebibyte = 2 ** 20;

function hasWritten(file: string, text: string): boolean {
  try {
    writeFileSync(file, text);
    return true;
  } catch {
    return false;
  }
}

const suite: GuestSuite = {
  onRequest: true,
  kernels: ['newest', '6.12'],
  topology: 'plain',
  tests: {
    async 'start takes a range of a process; status, tune and stop work on it'(t) {
      const stat = damonStatState();
      using workload = await startWorkload(16, { hotPercent: 5 });
      const file = '/tmp/start.json';
      const { pid, start, end } = workload;
      const targets = [{ pid, regions: [{ start, end }] }];
      const schemes = [{ action: 'cold', quota: { sizeBytes: mebibyte } }];
      writeFileSync(file, JSON.stringify({ operations: 'fvaddr', targets, schemes }));
      const words = ['start', '--act', '--detach', '--json', '--ceiling', '50'];
      const { stdout } = await execute('thermocline', [...words, ...handover(), file]);
      const started = JSON.parse(stdout) as { slot: number; pid: number };
      const context = `${kdamondsFolder}/${started.slot}/contexts/0`;
      const read = (name: string) => readFileSync(`${context}/${name}`, 'utf8').trim();
      assert.equal(read('operations'), 'fvaddr');
      // What is watched, as the scheme that only counts finds it: the files of a commit leave the
      // ranges out, which lets the kernel keep its regions.
      // It is busy while the run itself asks.
      await until(
        () => hasWritten(`${context}/../../state`, 'update_schemes_tried_regions'),
        'regions',
      );
      const counts = `schemes/${Number(read('schemes/nr_schemes')) - 1}/tried_regions`;
      const regions = readdirSync(`${context}/${counts}`)
        .filter((name) => /^\d+$/.test(name))
        .map((name) => ['start', 'end'].map((end) => Number(read(`${counts}/${name}/${end}`))));
      assert.equal(Math.min(...regions.flat()), start);
      assert.equal(Math.max(...regions.flat()), end);
      assert.equal(read('schemes/0/quotas/bytes'), String(mebibyte));
      const { slots } = JSON.parse(await thermocline('status', '--json')) as {
        slots: { whose: string; owner: { pid: number } | null; status: object | null }[];
      };
      assert.equal(slots[started.slot]!.owner!.pid, started.pid);
      assert.notEqual(slots[started.slot]!.status, null);
      t.note((await thermocline('tune', '--set', 'schemes[0].quota.sizeBytes=2MiB')).trim());
      assert.equal(read('schemes/0/quotas/bytes'), String(2 * mebibyte));
      assert.equal(read('schemes/0/action'), 'cold', 'only what is named changes');
      t.note((await thermocline('stop')).trim());
      const isAsBooted = () =>
        readFileSync(`${kdamondsFolder}/nr_kdamonds`, 'utf8').trim() === '0' &&
        damonStatState() === stat;
      await until(isAsBooted, 'the end of the slots');
    },
  },
};
export default suite;
