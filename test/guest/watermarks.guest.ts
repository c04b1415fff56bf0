/** Watermarks, limits of snapshots, pauses: what switches schemes off and on again. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasFeature } from '../../src/kernel/features.ts';
import type { Watermarks } from '../../src/params/types.ts';
import { MIB, rangeOf, scheme } from './guest-params.ts';
import type { GuestSuite } from './harness.ts';
import { meminfoBytes, until } from './memory-figures.ts';
import { kernelFeatures, RunningDamon } from './our-slots.ts';
import { startWorkload } from './workload.ts';

function freePermil(): number {
  return Math.floor((meminfoBytes('MemFree') / meminfoBytes('MemTotal')) * 1000);
}

/** Whether the scheme tries regions, over a few of its passes. */
async function works(damon: RunningDamon): Promise<boolean> {
  const before = (await damon.stats()).nrTried;
  await sleep(500);
  return (await damon.stats()).nrTried > before;
}

const suite: GuestSuite = {
  kernels: ['newest'],
  topology: 'plain',
  tests: {
    async 'free memory above the high mark deactivates, below the middle one activates'(t) {
      await using workload = await startWorkload(4, { hotPercent: 0 });
      const free = freePermil();
      const watermarks: Watermarks = {
        metric: 'free_mem_rate',
        intervalUs: 100_000,
        highPermil: free - 30,
        midPermil: free - 40,
        lowPermil: 1,
      };
      await using damon = await RunningDamon.start(
        rangeOf(workload, [scheme('stat', { watermarks })]),
      );
      await until(async () => !(await works(damon)), 'it being inactive');
      {
        await using _ = await startWorkload(96, { hotPercent: 0 });
        t.note(`free ${free} ‰, then ${freePermil()} ‰`);
        await until(() => works(damon), 'it working again');
      }
      await until(async () => !(await works(damon)), 'it being inactive once more');
      t.note(`then ${freePermil()} ‰`);
    },

    async 'free memory below the low mark deactivates'() {
      await using workload = await startWorkload(4, { hotPercent: 0 });
      const watermarks: Watermarks = {
        metric: 'free_mem_rate',
        intervalUs: 100_000,
        highPermil: 1000,
        midPermil: 1000,
        lowPermil: 999,
      };
      await using damon = await RunningDamon.start(
        rangeOf(workload, [scheme('stat', { watermarks })]),
      );
      await until(async () => !(await works(damon)), 'it being inactive');
      await damon.commitScheme({ watermarks: { ...watermarks, lowPermil: 0 } });
      await until(() => works(damon), 'it working');
    },

    async 'a scheme ends after so many snapshots'(t) {
      if (!hasFeature(await kernelFeatures(), 'max_nr_snapshots')) t.skip('no such file');
      await using workload = await startWorkload(4, { hotPercent: 0 });
      await using damon = await RunningDamon.start(
        rangeOf(workload, [scheme('stat', { maxNrSnapshots: 3 })]),
      );
      await until(async () => (await damon.stats()).nrSnapshots === 3n, 'three snapshots');
      assert.equal(await works(damon), false);
      await damon.commitScheme({ maxNrSnapshots: 6 });
      await until(async () => (await damon.stats()).nrSnapshots === 6n, 'three more');
      assert.equal(await works(damon), false);
    },

    async 'a pause stops it where it is, and takes commits meanwhile'(t) {
      if (!hasFeature(await kernelFeatures(), 'pause')) t.skip('no such file');
      await using workload = await startWorkload(4, { hotPercent: 0 });
      await using damon = await RunningDamon.start(rangeOf(workload, [scheme('stat')]));
      await until(() => works(damon), 'it working');
      await damon.commit({ paused: true });
      assert.equal(await works(damon), false);
      await damon.commitScheme({ applyIntervalUs: 50_000 });
      assert.equal(await works(damon), false);
      await damon.commit({ paused: false });
      await until(() => works(damon), 'it working again');
    },

    async 'apply intervals set the pace of each scheme'(t) {
      await using workload = await startWorkload(8, { hotPercent: 100 });
      // The first has its passes at aggregations, the second ten times as often.
      const schemes = [scheme('stat'), scheme('stat', { applyIntervalUs: 10_000 })];
      await using damon = await RunningDamon.start(rangeOf(workload, schemes));
      await until(async () => (await damon.stats(0)).nrTried > 100n, 'a hundred regions tried');
      const [slow, quick] = [(await damon.stats(0)).nrTried, (await damon.stats(1)).nrTried];
      t.note(`${quick} against ${slow}`);
      assert.ok(Number(quick) / Number(slow) >= 9);
      assert.ok(workload.end - workload.start === 8 * MIB);
    },
  },
};
export default suite;
