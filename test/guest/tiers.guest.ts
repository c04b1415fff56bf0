/** The topology with a slow memory node, and schemes that move pages between the two. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { hasFeature } from '../../src/kernel/features.ts';
import { NO_QUOTA } from '../../src/params/defaults.ts';
import type { Filter } from '../../src/params/types.ts';
import { cold, hot, MIB, physical, rangeOf, scheme } from './guest-params.ts';
import type { GuestSuite } from './harness.ts';
import { bytesByNode, Cgroup, until } from './memory-figures.ts';
import { kernelFeatures, RunningDamon } from './our-slots.ts';
import { startWorkload, type Workload } from './workload.ts';

const nodes = '/sys/devices/system/node';
const tiers = '/sys/devices/virtual/memory_tiering';

/** Bytes on the slow node. */
function slowBytes({ pid, start }: Workload): number {
  return bytesByNode(pid, start)[1] ?? 0;
}

/** Where a workload's memory comes from at first; it may go anywhere later. */
async function startOn(nid: 0 | 1, group: Cgroup, mebibytes: number): Promise<Workload> {
  group.write('cpuset.mems', `${nid}`);
  const workload = await startWorkload(mebibytes, { group });
  group.write('cpuset.mems', '0-1');
  return workload;
}

const suite: GuestSuite = {
  onRequest: ['6.12'],
  kernels: ['newest', '6.12'],
  topology: 'tiers',
  tests: {
    'has two memory nodes, of which the second has no processor'() {
      assert.equal(textOf(`${nodes}/online`), '0-1');
      assert.equal(textOf(`${nodes}/node0/cpulist`), '0-1');
      assert.equal(textOf(`${nodes}/node1/cpulist`), '');
      assert.equal(textOf(`${nodes}/node0/distance`), '10 40');
    },

    'the kernel puts the nodes into two tiers by their speed'(t) {
      const found = readdirSync(tiers).filter((name) => /^memory_tier\d+$/.test(name));
      const byNode = new Map(found.map((name) => [textOf(`${tiers}/${name}/nodelist`), name]));
      t.note([...byNode].map(([node, name]) => `node ${node} in ${name}`).join(', '));
      assert.deepEqual([...byNode.keys()].sort(), ['0', '1']);
    },

    async 'migrate_cold and migrate_hot of a process: each part finds its node'(t) {
      if (!hasFeature(await kernelFeatures(), 'dests')) t.skip('of physical memory only');
      await using group = new Cgroup('demoted');
      await using workload = await startOn(0, group, 16);
      const cold12 = 0.75 * 16 * MIB;
      const demote = scheme('migrate_cold', { pattern: cold, targetNid: 1 });
      await using damon = await RunningDamon.start(rangeOf(workload, [demote]));
      await until(() => slowBytes(workload) >= 0.8 * cold12, '80 % of what is cold on node 1');
      const demoted = slowBytes(workload);
      assert.ok(demoted <= cold12 + 2 * MIB, 'what is hot stays');
      const { appliedBytes } = await damon.stats();
      assert.ok(appliedBytes >= BigInt(demoted) - BigInt(MIB), 'the scheme says so');
      const promote = { action: 'migrate_hot', pattern: cold, targetNid: 0 } as const;
      await damon.commitScheme(promote);
      await until(() => slowBytes(workload) <= MIB, 'all back on node 0');
      t.note(`${demoted / MIB} MiB demoted of ${cold12 / MIB}, ${slowBytes(workload) / MIB} left`);
    },

    async 'migrate_hot of physical memory brings what is hot to the fast node'(t) {
      await using group = new Cgroup('promoted');
      await using workload = await startOn(1, group, 16);
      const hotBytes = workload.hotEnd - workload.start;
      const filters: Filter[] = [
        { type: 'memcg', memcgPath: group.path, matching: false, allow: false },
      ];
      const promote = scheme('migrate_hot', { pattern: hot, targetNid: 0, filters });
      assert.ok(slowBytes(workload) >= 15 * MIB, 'it starts on node 1');
      await using _ = await RunningDamon.start(physical([promote]));
      const fast = () => bytesByNode(workload.pid, workload.start)[0] ?? 0;
      await until(
        () => fast() >= 0.8 * hotBytes,
        () => `80 % of it, ${fast() / MIB} MiB`,
      );
      t.note(`${fast() / MIB} MiB promoted, ${hotBytes / MIB} are hot`);
      assert.ok(fast() <= 2 * hotBytes, 'what is cold stays');
    },

    async 'destinations share pages out by weight'(t) {
      if (!hasFeature(await kernelFeatures(), 'dests')) t.skip('no such files');
      await using group = new Cgroup('shared');
      await using workload = await startOn(0, group, 16);
      const destinations = [
        { nid: 0, weight: 3 },
        { nid: 1, weight: 1 },
      ];
      const share = scheme('migrate_cold', { destinations });
      await using _ = await RunningDamon.start(rangeOf(workload, [share]));
      await until(() => slowBytes(workload) >= 3.6 * MIB, 'a quarter on node 1');
      t.note(`${slowBytes(workload) / MIB} of 16 MiB on node 1`);
      assert.ok(slowBytes(workload) <= 4.4 * MIB);
    },

    async 'node_eligible_mem_bp: the quota ends where the aim is met'(t) {
      const features = await kernelFeatures();
      if (!hasFeature(features, 'goal metric node_eligible_mem_bp')) t.skip('no such metric');
      await using group = new Cgroup('eligible');
      // Some of what is in use is on node 1, but by far not all.
      await using _ = await startOn(1, group, 16);
      const sizeBytes = 4 * MIB;
      const aimed = (targetValue: number) => ({
        ...NO_QUOTA,
        ...{ sizeBytes, resetIntervalMs: 200, goalTuner: 'temporal' as const },
        goals: [{ metric: 'node_eligible_mem_bp' as const, targetValue, currentValue: 0, nid: 1 }],
      });
      await using damon = await RunningDamon.start(physical([scheme('stat', { quota: aimed(1) })]));
      await until(async () => (await damon.effectiveBytes()) === 0n, 'a quota of nothing');
      await damon.commitScheme({ quota: aimed(9_900) });
      await until(async () => (await damon.effectiveBytes()) === BigInt(sizeBytes), 'all of it');
    },
  },
};
export default suite;

function textOf(file: string): string {
  return readFileSync(file, 'utf8').trim();
}
