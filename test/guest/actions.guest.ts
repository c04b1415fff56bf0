/** Each action of a scheme is seen to act, by what the kernel says of the memory elsewhere. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { hasFeature } from '../../src/kernel/features.ts';
import type { Filter } from '../../src/params/types.ts';
import { cold, MIB, physical, rangeOf, scheme } from './guest-params.ts';
import type { GuestSuite } from './harness.ts';
import {
  Cgroup,
  meminfoBytes,
  smapsOf,
  statusBytes,
  swapOn,
  twoLists,
  until,
} from './memory-figures.ts';
import { kernelFeatures, RunningDamon } from './our-slots.ts';
import { startWorkload } from './workload.ts';

/** Small pages unless somebody wants others. */
function hugePagesOnRequest(): void {
  writeFileSync('/sys/kernel/mm/transparent_hugepage/enabled', 'madvise');
}

const suite: GuestSuite = {
  onRequest: ['6.12'],
  kernels: ['newest', '6.12'],
  topology: 'plain',
  tests: {
    async 'stat counts and does nothing'(t) {
      swapOn();
      await using workload = await startWorkload(8, { hotPercent: 0 });
      await using damon = await RunningDamon.start(rangeOf(workload, [scheme('stat')]));
      await until(async () => (await damon.stats()).nrTried >= 10n, 'ten regions');
      const { nrTried, triedBytes, nrApplied, appliedBytes } = await damon.stats();
      t.note(`tried ${nrTried} regions, ${Number(triedBytes) / MIB} MiB`);
      assert.equal(nrApplied, 0n);
      assert.equal(appliedBytes, 0n);
      assert.equal(statusBytes(workload.pid, 'VmSwap'), 0);
    },

    async 'pageout takes what is cold to swap and leaves what is hot, and willneed reads it'(t) {
      swapOn();
      await using workload = await startWorkload(8);
      const hotBytes = workload.hotEnd - workload.start;
      const rssBefore = statusBytes(workload.pid, 'VmRSS');
      await using damon = await RunningDamon.start(
        rangeOf(workload, [scheme('pageout', { pattern: cold })]),
      );
      const swapped = () => statusBytes(workload.pid, 'VmSwap');
      await until(
        () => swapped() >= 5 * MIB,
        () => `5 MiB in swap, only ${swapped()} bytes`,
      );
      const { appliedBytes } = await damon.stats();
      const rss = statusBytes(workload.pid, 'VmRSS');
      t.note(`${swapped() / MIB} MiB in swap, ${Number(appliedBytes) / MIB} MiB applied`);
      t.note(`resident ${rssBefore / MIB} → ${rss / MIB} MiB`);
      assert.ok(swapped() <= 8 * MIB - hotBytes / 2, 'what is hot stays');
      assert.ok(rssBefore - rss >= 4 * MIB, 'less is resident');
      assert.ok(appliedBytes >= BigInt(4 * MIB), 'the scheme says so');

      const cached = meminfoBytes('SwapCached');
      await damon.commitScheme({ action: 'willneed', pattern: scheme('willneed').pattern });
      await until(() => meminfoBytes('SwapCached') - cached >= 4 * MIB, '4 MiB read from swap');
      t.note(`${(meminfoBytes('SwapCached') - cached) / MIB} MiB read from swap`);
    },

    async 'cold takes memory from the active list'(t) {
      twoLists();
      await using group = new Cgroup('cold');
      await using workload = await startWorkload(8, { hotPercent: 0, group });
      await activate(group);
      const before = lists(group);
      await using damon = await RunningDamon.start(
        rangeOf(workload, [scheme('cold', { pattern: cold })]),
      );
      await until(
        () => group.stat('inactive_anon') >= 7 * MIB,
        () => `7 MiB inactive: ${lists(group)}`,
      );
      const { appliedBytes } = await damon.stats();
      t.note(`MiB active/inactive: ${before}, then ${lists(group)}`);
      assert.ok(appliedBytes >= BigInt(7 * MIB), 'the scheme says so');
    },

    async 'hugepage and nohugepage mark mappings'(t) {
      hugePagesOnRequest();
      await using workload = await startWorkload(8, { hotPercent: 0, memory: 'default' });
      const flags = () => smapsOf(workload.pid, workload).flags;
      assert.ok(!flags().includes('hg') && !flags().includes('nh'));
      await using damon = await RunningDamon.start(rangeOf(workload, [scheme('hugepage')]));
      await until(() => flags().includes('hg'), 'a mapping that wants huge pages');
      await damon.commitScheme({ action: 'nohugepage' });
      await until(() => flags().includes('nh'), 'a mapping that wants none');
      assert.ok(!flags().includes('hg'), 'all of it');
      const { appliedBytes } = await damon.stats();
      t.note(`${Number(appliedBytes) / MIB} MiB applied`);
    },

    async 'collapse makes huge pages at once'(t) {
      if (!hasFeature(await kernelFeatures(), 'action collapse')) t.skip('no such action');
      hugePagesOnRequest();
      await using workload = await startWorkload(8, { hotPercent: 0, memory: 'default' });
      const huge = () => smapsOf(workload.pid, workload).bytes('AnonHugePages');
      assert.equal(huge(), 0);
      // Of more regions, none could hold a huge page.
      const attrs = { minNrRegions: 3, maxNrRegions: 3 };
      await using _ = await RunningDamon.start(rangeOf(workload, [scheme('collapse')], attrs));
      await until(
        () => huge() >= 4 * MIB,
        () => `4 MiB of huge pages, but ${huge() / MIB} MiB`,
      );
      t.note(`${huge() / MIB} of 8 MiB in huge pages`);
    },

    async 'lru_prio and lru_deprio move pages between the lists'(t) {
      twoLists();
      await using group = new Cgroup('lists');
      await using _ = await startWorkload(8, { hotPercent: 0, group });
      const seen = [lists(group)];
      await activate(group);
      seen.push(lists(group));
      await using damon = await RunningDamon.start(
        physical([scheme('lru_deprio', { filters: onlyOf(group) })]),
      );
      await until(
        () => group.stat('inactive_anon') >= 7 * MIB,
        () => `7 MiB inactive: ${lists(group)}`,
      );
      const { appliedBytes } = await damon.stats();
      t.note(`MiB active/inactive: ${seen.join(', then ')}, then ${lists(group)}`);
      assert.ok(appliedBytes >= BigInt(7 * MIB), 'the scheme says so');
    },
  },
};
export default suite;

/** Puts what is charged to a cgroup on the active list. */
async function activate(group: Cgroup): Promise<void> {
  await using _ = await RunningDamon.start(
    physical([scheme('lru_prio', { filters: onlyOf(group) })]),
  );
  await until(
    () => group.stat('active_anon') >= 7 * MIB,
    () => `7 MiB active: ${lists(group)}`,
  );
}

function onlyOf(group: Cgroup): Filter[] {
  return [{ type: 'memcg', matching: false, allow: false, memcgPath: group.path }];
}

function lists(group: Cgroup): string {
  return `${group.stat('active_anon') / MIB}/${group.stat('inactive_anon') / MIB}`;
}
