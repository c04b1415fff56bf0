/** The commands that drive the kernel's DAMON, as users call them. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { damonStatState, kdamondsFolder } from './hand-made-kdamond.ts';
import type { GuestSuite } from './harness.ts';
import { startWorkload, type Workload } from './workload.ts';

const execute = promisify(execFile);
const mebibyte = 2 ** 20;

interface Line {
  readonly maxNrAccesses: number;
  readonly regions: readonly {
    readonly start: number;
    readonly end: number;
    readonly nrAccesses: number;
  }[];
}

/** DAMON_STAT, which Debian's newest kernel starts by itself, has to be handed over. */
const handover = () => (damonStatState() ? ['--handover', 'damon_stat'] : []);

async function thermocline(...words: string[]): Promise<string> {
  const { stdout } = await execute('thermocline', words);
  return stdout;
}

/** Bytes seen as hot in the last line of `watch --json`: in the hot quarter, and elsewhere. */
function hotBytes(stdout: string, { start, hotEnd, end }: Workload): [number, number] {
  const line = JSON.parse(stdout.trim().split('\n').at(-1)!) as Line;
  const within = (from: number, to: number) =>
    line.regions
      .filter(({ nrAccesses }) => nrAccesses * 2 >= line.maxNrAccesses)
      .map((region) => Math.min(region.end, to) - Math.max(region.start, from))
      .reduce((sum, bytes) => sum + Math.max(0, bytes), 0);
  return [within(start, hotEnd), within(hotEnd, end)];
}

/** The kernel is as it was booted: no slot, and DAMON_STAT as before. */
function assertAsBooted(stat: boolean | null): void {
  assert.equal(readFileSync(`${kdamondsFolder}/nr_kdamonds`, 'utf8').trim(), '0');
  assert.equal(damonStatState(), stat);
}

const suite: GuestSuite = {
  kernels: ['newest', '6.12'],
  topology: 'plain',
  onRequest: true,
  tests: {
    async 'watch --kernel finds the hot quarter within 10 %, and leaves the kernel as booted'(t) {
      const stat = damonStatState();
      using workload = await startWorkload(64);
      const stdout = await thermocline(
        ...['watch', '--kernel', '--pid', `${workload.pid}`, ...handover()],
        ...['--json', '--ceiling', '50', '--every', '2s', '--for', '5s'],
      );
      const [hot, elsewhere] = hotBytes(stdout, workload);
      const truth = workload.hotEnd - workload.start;
      t.note(`${hot / mebibyte} of ${truth / mebibyte} MiB, ${elsewhere / mebibyte} elsewhere`);
      assert.ok(Math.abs(hot - truth) <= truth / 10);
      assert.ok(elsewhere <= truth / 10);
      assertAsBooted(stat);
    },

    async 'start, status, tune and stop work on one another, and leave the kernel as booted'(t) {
      const stat = damonStatState();
      using workload = await startWorkload(16);
      const file = '/tmp/start.yaml';
      writeFileSync(
        file,
        `targets: [{ pid: ${workload.pid} }]\nschemes: [{ action: cold, quota: { sizeBytes: 1MiB } }]\n`,
      );
      const words = [
        'start',
        '--act',
        '--detach',
        '--json',
        '--ceiling',
        '50',
        ...handover(),
        file,
      ];
      const started = JSON.parse(await thermocline(...words)) as { slot: number; pid: number };
      const bytes = `${kdamondsFolder}/${started.slot}/contexts/0/schemes/0/quotas/bytes`;
      assert.equal(readFileSync(bytes, 'utf8').trim(), String(mebibyte));
      const { slots } = JSON.parse(await thermocline('status', '--json')) as {
        slots: { whose: string; owner: { pid: number } | null; status: object | null }[];
      };
      assert.equal(slots[started.slot]!.owner!.pid, started.pid);
      assert.notEqual(slots[started.slot]!.status, null);
      t.note((await thermocline('tune', '--set', 'schemes[0].quota.sizeBytes=2MiB')).trim());
      assert.equal(readFileSync(bytes, 'utf8').trim(), String(2 * mebibyte));
      t.note((await thermocline('stop')).trim());
      assertAsBooted(stat);
    },

    async 'record --kernel can be read by report'(t) {
      using workload = await startWorkload(16);
      await thermocline(
        ...['record', '--kernel', '--pid', `${workload.pid}`, ...handover()],
        ...['--ceiling', '50', '--for', '4s', '-o', '/tmp/kernel.tcr'],
      );
      const stdout = await thermocline('report', 'info', '/tmp/kernel.tcr', '--json');
      const { source, snapshots } = JSON.parse(stdout) as { source: string; snapshots: number };
      t.note(`${snapshots} snapshots by ${source}`);
      assert.equal(source, 'kernel vaddr');
      assert.ok(snapshots >= 2);
    },
  },
};
export default suite;
