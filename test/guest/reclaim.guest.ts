/** `reclaim run` for real: what was not touched for five seconds leaves, and what is hot stays. */
import assert from 'node:assert/strict';
import { thermocline } from './call-command.ts';
import { everyFile } from './every-file.ts';
import { switchDamonStatOff } from './hand-made-kdamond.ts';
import type { GuestSuite } from './harness.ts';
import { statusBytes, swapOn, swappedBytes } from './memory-figures.ts';
import { startWorkload } from './workload.ts';

const MIB = 2 ** 20;
/**
 * Of each minute, most may be lost: emulated, everything waits for everything. The rate counts what
 * is unmapped, too: between its mappings, the process has hundreds of mebibytes of nothing.
 */
const knobs = ['--cold-age', '5s', '--pressure', '50%', '--bytes-per-second', '128M'];

interface Step {
  readonly netBytes: number;
  readonly grossBytes: number;
}

/** @returns what the last step told */
async function reclaim(...words: readonly string[]): Promise<Step> {
  const stdout = await thermocline('reclaim', 'run', ...knobs, '--json', ...words);
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Step;
}

const swapped = (pid: number, range: { readonly start: number; readonly end: number }) =>
  swappedBytes(pid, range) / MIB;

const suite: GuestSuite = {
  kernels: ['newest'],
  topology: 'plain',
  tests: {
    async "by the kernel's DAMON, what is cold leaves and what is hot stays"(t) {
      swapOn();
      switchDamonStatOff();
      const files = everyFile();
      await using workload = await startWorkload(20, { hotPercent: 20 });
      const { pid, start, hotEnd, end } = workload;
      const figures = () => {
        const [rss, swap] = ['VmRSS', 'VmSwap'].map((field) => statusBytes(pid, field) / MIB);
        return { rss: rss!, swap: swap! };
      };
      const before = figures();
      const { netBytes, grossBytes } = await reclaim(
        ...['--kernel', '--pid', `${pid}`, '--ceiling', '50', '--for', '40s'],
      );
      const after = figures();
      const [hot, cold] = [
        swapped(pid, { start, end: hotEnd }),
        swapped(pid, { start: hotEnd, end }),
      ];
      t.note(`MiB: ${JSON.stringify({ before, after })}`);
      t.note(`net ${(netBytes / MIB).toFixed(1)}, gross ${(grossBytes / MIB).toFixed(1)} MiB`);
      t.note(`swapped: ${hot} of 4 MiB hot, ${cold} of 16 MiB cold`);
      assert.ok(cold >= 14);
      assert.ok(hot <= 0.5);
      assert.ok(netBytes < grossBytes, 'what zram holds is not saved');
      assert.deepEqual(everyFile(), files);
    },

    async 'by smaps, mappings that nobody touches leave, and those in use are left alone'(t) {
      swapOn();
      const files = everyFile();
      await using apart = await startWorkload(4, { hotPercent: 100, coldMebibytes: 12 });
      await using mixed = await startWorkload(8, { hotPercent: 25 });
      const pids = [apart, mixed].flatMap(({ pid }) => ['--pid', `${pid}`]);
      await reclaim(...pids, '--ceiling', '100', '--for', '25s');
      const cold = swapped(apart.pid, apart.cold);
      const [hot, both] = [apart, mixed].map((one) => swapped(one.pid, one));
      t.note(`MiB swapped: ${cold} of 12 cold, ${hot} of 4 hot, ${both} of 8 that are hot in part`);
      assert.ok(cold >= 11);
      assert.equal(hot, 0);
      assert.equal(both, 0, 'where in a mapping accesses are is unknown');
      assert.deepEqual(everyFile(), files);
    },
  },
};
export default suite;
