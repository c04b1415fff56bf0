/** What is watched and recorded with the kernel's DAMON, as users call it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readSource } from '../../src/cli/whatif/source.ts';
import { hasFeature } from '../../src/kernel/features.ts';
import type { TargetPattern } from '../../src/ops/replay/recorded-pattern.ts';
import { handover, thermocline } from './call-command.ts';
import { damonStatState, kdamondsFolder } from './hand-made-kdamond.ts';
import type { GuestSuite } from './harness.ts';
import { Cgroup } from './memory-figures.ts';
import { kernelFeatures } from './our-slots.ts';
import { seenHot, watchLines } from './watch-lines.ts';
import { startWorkload } from './workload.ts';

const mebibyte = 2 ** 20;

/** The kernel is as it was booted: no slot, and DAMON_STAT as before. */
function assertAsBooted(stat: boolean | null): void {
  assert.equal(readFileSync(`${kdamondsFolder}/nr_kdamonds`, 'utf8').trim(), '0');
  assert.equal(damonStatState(), stat);
}

/** Of a range, in the last look of a recording. */
function touchedBytes(target: TargetPattern, range: { start: number; end: number }): number {
  const window = target.nrWindows - 1;
  const samples =
    (target.endUs[window]! - target.startUs[window]!) / target.sampleIntervalUs[window]!;
  let bytes = 0;
  for (let row = target.firstRow[window]!; row < target.firstRow[window + 1]!; row++) {
    const size = Math.min(target.end[row]!, range.end) - Math.max(target.start[row]!, range.start);
    const active = target.activeShare[row]!;
    const share = active === 1 ? 1 - (1 - target.accessShare[row]!) ** samples : active;
    bytes += Math.max(0, size) * share;
  }
  return bytes;
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
        ...['--json', '--ceiling', '50', '--every', '500ms', '--for', '7s'],
      );
      const { truth, inside, outside, text } = seenHot(watchLines(stdout), workload);
      t.note(text);
      assert.ok(Math.abs(inside - truth) <= truth / 10);
      assert.ok(outside <= truth / 10);
      assertAsBooted(stat);
    },

    async '--cgroup watches each of its processes'(t) {
      const stat = damonStatState();
      await using group = new Cgroup('watched');
      await using first = await startWorkload(16, { group });
      await using second = await startWorkload(32, { group });
      const stdout = await thermocline(
        ...['watch', '--kernel', '--cgroup', group.path, ...handover()],
        ...['--json', '--ceiling', '50', '--every', '500ms', '--for', '7s'],
      );
      const lines = watchLines(stdout);
      assert.deepEqual(new Set(lines.at(-1)!.targetPids), new Set([first.pid, second.pid]));
      for (const workload of [first, second]) {
        const { truth, inside, text } = seenHot(lines, workload);
        t.note(text);
        assert.ok(Math.abs(inside - truth) <= truth / 10);
      }
      assertAsBooted(stat);
    },

    async 'processes that a command starts are watched, too'(t) {
      const stat = damonStatState();
      const stdout = await thermocline(
        ...['watch', '--kernel', ...handover(), '--json', '--ceiling', '50', '--for', '8s', '--'],
        ...['sh', '-c', 'sleep 2; workload 4 25 small & wait'],
      );
      const { targetPids } = watchLines(stdout).at(-1)!;
      t.note(`targets at last: ${targetPids.length}`);
      assert.ok(targetPids.length >= 2);
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
        const { regions } = watchLines(stdout).at(-1)!;
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

    async 'record --pages young tells a replay how much was touched'(t) {
      if (!hasFeature(await kernelFeatures(), 'sz_ops_filter_passed')) {
        return t.skip('no bytes that passed filters');
      }
      using workload = await startWorkload(16);
      await thermocline(
        ...['record', '--kernel', '--pid', `${workload.pid}`, '--pages', 'young', ...handover()],
        ...['--ceiling', '50', '--for', '8s', '-o', '/tmp/looks.tcr'],
      );
      const { access, pattern } = await readSource('/tmp/looks.tcr', { swap: 'zram' });
      const touched = touchedBytes(pattern.targets[0]!, workload) / mebibyte;
      t.note(`${touched.toFixed(1)} of 16 MiB touched in a second, 4 are hot`);
      assert.ok(access.knowsTouched);
      assert.ok(touched >= 3 && touched <= 6);
    },
  },
};
export default suite;
