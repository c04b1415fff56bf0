/** What is watched and recorded with the kernel's DAMON, as users call it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { handover, thermocline } from './call-command.ts';
import { damonStatState, kdamondsFolder } from './hand-made-kdamond.ts';
import type { GuestSuite } from './harness.ts';
import { Cgroup } from './memory-figures.ts';
import { startWorkload, type Workload } from './workload.ts';

const mebibyte = 2 ** 20;

interface Line {
  readonly targetPids: readonly (number | null)[];
  readonly maxNrAccesses: number;
  readonly regions: readonly {
    readonly start: number;
    readonly end: number;
    readonly nrAccesses: number;
    readonly targetIndex: number;
  }[];
}

const lastLine = (stdout: string) => JSON.parse(stdout.trim().split('\n').at(-1)!) as Line;

/**
 * Bytes seen as hot in the last line of `watch --json`: in the hot quarter, and elsewhere.
 *
 * @param targetIndex of the workload, where several processes are watched
 */
function hotBytes(
  stdout: string,
  { start, hotEnd, end }: Workload,
  targetIndex = 0,
): [number, number] {
  const line = lastLine(stdout);
  const within = (from: number, to: number) =>
    line.regions
      .filter((region) => region.targetIndex === targetIndex)
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

    async '--cgroup watches each of its processes'(t) {
      const stat = damonStatState();
      await using group = new Cgroup('watched');
      await using first = await startWorkload(16, { group });
      await using second = await startWorkload(32, { group });
      const stdout = await thermocline(
        ...['watch', '--kernel', '--cgroup', group.path, ...handover()],
        ...['--json', '--ceiling', '50', '--every', '2s', '--for', '5s'],
      );
      const { targetPids } = lastLine(stdout);
      assert.deepEqual(new Set(targetPids), new Set([first.pid, second.pid]));
      for (const workload of [first, second]) {
        const [hot] = hotBytes(stdout, workload, targetPids.indexOf(workload.pid));
        const truth = workload.hotEnd - workload.start;
        t.note(`${hot / mebibyte} of ${truth / mebibyte} MiB`);
        assert.ok(Math.abs(hot - truth) <= truth / 4);
      }
      assertAsBooted(stat);
    },

    async 'processes that a command starts are watched, too'(t) {
      const stat = damonStatState();
      const stdout = await thermocline(
        ...['watch', '--kernel', ...handover(), '--json', '--ceiling', '50', '--for', '8s', '--'],
        ...['sh', '-c', 'sleep 2; workload 4 25 small & wait'],
      );
      t.note(`targets at last: ${lastLine(stdout).targetPids.length}`);
      assert.ok(lastLine(stdout).targetPids.length >= 2);
      assertAsBooted(stat);
    },

    async '--node and --zone watch physical memory of those'(t) {
      const stat = damonStatState();
      const nodeEnd = 2 ** 30;
      for (const [place, from, to] of [
        [['--node', '0'], 0, nodeEnd],
        [['--zone', 'DMA32'], 16 * mebibyte, nodeEnd],
      ] as const) {
        const stdout = await thermocline(
          ...['watch', '--kernel', ...place, ...handover()],
          ...['--json', '--ceiling', '50', '--for', '2s'],
        );
        const { regions } = lastLine(stdout);
        const bytes = regions.reduce((sum, { start, end }) => sum + end - start, 0);
        t.note(`${place.join(' ')}: ${bytes / mebibyte} MiB`);
        assert.ok(bytes > nodeEnd / 2);
        assert.ok(regions.every(({ start, end }) => start >= from && end <= to));
        assertAsBooted(stat);
      }
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
