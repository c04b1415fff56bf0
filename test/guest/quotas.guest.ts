/** Each kind of quota is seen to hold a scheme back, and to let it choose. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasFeature } from '../../src/kernel/features.ts';
import { NO_QUOTA } from '../../src/params/defaults.ts';
import type { Quota } from '../../src/params/types.ts';
import { cold, MIB, processes, rangeOf, scheme } from './guest-params.ts';
import type { GuestSuite } from './harness.ts';
import { statusBytes, swapOn, until } from './memory-figures.ts';
import { kernelFeatures, RunningDamon } from './our-slots.ts';
import { startWorkload } from './workload.ts';

const quota = (changes: Partial<Quota>): Quota => ({ ...NO_QUOTA, ...changes });

const suite: GuestSuite = {
  onRequest: ['6.12'],
  kernels: ['newest', '6.12'],
  topology: 'plain',
  tests: {
    async 'bytes in each reset interval'(t) {
      await using workload = await startWorkload(16, { hotPercent: 0 });
      const limited = scheme('stat', { quota: quota({ sizeBytes: MIB, resetIntervalMs: 1000 }) });
      await using damon = await RunningDamon.start(rangeOf(workload, [limited, scheme('stat')]));
      await until(async () => (await damon.stats()).nrQuotaExceeds >= 1n, 'a full window');
      const [before, free] = [await damon.stats(0), await damon.stats(1)];
      await sleep(3000);
      const after = await damon.stats(0);
      const unlimited = (await damon.stats(1)).triedBytes - free.triedBytes;
      const tried = Number(after.triedBytes - before.triedBytes) / MIB;
      const windows = Number(after.nrQuotaExceeds - before.nrQuotaExceeds);
      t.note(
        `${tried} MiB in ${windows} full windows of 1 MiB; ${Number(unlimited) / MIB} without`,
      );
      assert.equal(await damon.effectiveBytes(0), BigInt(MIB));
      assert.ok(windows >= 2);
      assert.ok(tried <= windows + 1, 'no more than that, and the window that runs');
      assert.ok(Number(unlimited) / MIB > 4 * tried, 'no limit, no mercy');
    },

    async 'time: the kernel turns it into bytes by its own speed'(t) {
      swapOn();
      await using workload = await startWorkload(12, { hotPercent: 0 });
      const slow = quota({ timeMs: 1, resetIntervalMs: 200 });
      await using damon = await RunningDamon.start(
        rangeOf(workload, [scheme('pageout', { pattern: cold, quota: slow })]),
      );
      await until(async () => (await damon.effectiveBytes()) > 0n, 'an estimate');
      const first = await damon.effectiveBytes();
      await until(async () => (await damon.effectiveBytes()) !== first, 'another estimate');
      const later = await damon.effectiveBytes();
      const { appliedBytes, nrQuotaExceeds } = await damon.stats();
      t.note(`${Number(first) / MIB} MiB in 1 ms at first, then ${Number(later) / 1024} KiB`);
      t.note(`${Number(appliedBytes) / MIB} MiB paged out, exceeded ${nrQuotaExceeds} times`);
      // Until it has measured anything, it takes 4 GiB a second for its speed.
      assert.ok(first <= BigInt(4 * MIB), `${first}`);
      assert.ok(
        later > 0n && later < BigInt(MIB),
        'paging out is slower than a page a microsecond',
      );
    },

    async 'weights let it take the coldest first'(t) {
      swapOn();
      await using workload = await startWorkload(8, { hotPercent: 50 });
      const small = quota({
        sizeBytes: MIB,
        resetIntervalMs: 500,
        weights: { sizePermil: 0, nrAccessesPermil: 1000, agePermil: 0 },
      });
      await using damon = await RunningDamon.start(
        rangeOf(workload, [scheme('pageout', { quota: small })]),
      );
      await until(() => statusBytes(workload.pid, 'VmSwap') >= 2 * MIB, '2 MiB in swap');
      const taken = { hot: 0, cold: 0 };
      for (let pass = 0; pass < 12; pass++) {
        const { nrRegions, start, end } = await damon.tried();
        for (let row = 0; row < nrRegions; row++) {
          const hotBytes = Math.max(0, Math.min(end[row]!, workload.hotEnd) - start[row]!);
          taken.hot += hotBytes;
          taken.cold += end[row]! - start[row]! - hotBytes;
        }
      }
      t.note(`${taken.cold / MIB} MiB of the cold half, ${taken.hot / MIB} MiB of the hot half`);
      assert.ok(taken.cold >= MIB, 'some of the passes are seen');
      assert.ok(taken.hot <= taken.cold / 4, 'cold first');
    },

    async 'failures can be charged less'(t) {
      if (!hasFeature(await kernelFeatures(), 'fail_charge')) t.skip('no such files');
      swapOn();
      await using workload = await startWorkload(8, { hotPercent: 0 });
      // All of a process: most of its three regions is not mapped, and paging that out fails.
      const strict = quota({ sizeBytes: 2 * MIB, resetIntervalMs: 500 });
      const lenient = quota({ ...strict, failChargeNumerator: 1, failChargeDenominator: 4096 });
      await using damon = await RunningDamon.start(
        processes([workload.pid], [scheme('pageout', { pattern: cold, quota: strict })]),
      );
      await sleep(3000);
      const before = await damon.stats();
      await damon.commitScheme({ quota: lenient });
      await sleep(3000);
      const after = await damon.stats();
      const tried = [before.triedBytes, after.triedBytes - before.triedBytes].map(Number);
      t.note(`tried ${tried[0]! / MIB} MiB in 3 s, and ${tried[1]! / MIB} MiB charged at 1/4096`);
      // How much it tries without a limit depends on how many passes the machine gets done.
      assert.ok(tried[1]! > 4 * tried[0]!, 'failures hardly count');
    },
  },
};
export default suite;
