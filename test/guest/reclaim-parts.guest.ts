/**
 * `reclaim run` on a part: a cgroup, for which the kernel's DAMON has a filter, or nodes and
 * mappings, which become addresses. `reclaim-zone` is about zones.
 */
import assert from 'node:assert/strict';
import { hasFeature } from '../../src/kernel/features.ts';
import { MIB } from './guest-params.ts';
import type { GuestSuite } from './harness.ts';
import { bytesByNode, Cgroup, swappedBytes } from './memory-figures.ts';
import { kernelFeatures } from './our-slots.ts';
import { assertTakesOnly, partMebibytes, swappedOf } from './reclaim-part.ts';
import { startWorkload } from './workload.ts';

const suite: GuestSuite = {
  onRequest: true,
  kernels: ['newest', '6.12'],
  topology: 'tiers',
  tests: {
    async 'of a process, one mapping leaves and the other stays'(t) {
      const shape = { hotPercent: 0, coldMebibytes: partMebibytes };
      await using workload = await startWorkload(partMebibytes, shape);
      const { pid, cold } = workload;
      const range = [cold.start, cold.end].map((address) => address.toString(16)).join('-');
      const swapped = [() => swappedBytes(pid, cold), swappedOf(workload)] as const;
      await assertTakesOnly(t, ['--pid', `${pid}`, '--vma', range], swapped);
    },

    async 'of two nodes, one leaves'(t) {
      await using near = await startWorkload(partMebibytes, { hotPercent: 0, node: 0 });
      await using far = await startWorkload(partMebibytes, { hotPercent: 0, node: 1 });
      assert.equal(bytesByNode(near.pid, near.start)[0], partMebibytes * MIB);
      assert.equal(bytesByNode(far.pid, far.start)[1], partMebibytes * MIB);
      await assertTakesOnly(t, ['--node', '1'], [swappedOf(far), swappedOf(near)]);
    },

    async 'of two cgroups, one leaves'(t) {
      await using group = new Cgroup('left');
      await using inside = await startWorkload(partMebibytes, { hotPercent: 0, group });
      await using outside = await startWorkload(partMebibytes, { hotPercent: 0 });
      const swapped = [swappedOf(inside), swappedOf(outside)] as const;
      // Where memory of others counts in full against the rate, little leaves in the time.
      const chargesLess = hasFeature(await kernelFeatures(), 'fail_charge');
      const least = chargesLess ? [] : [0];
      await assertTakesOnly(t, ['--cgroup', group.path], swapped, ...least);
    },
  },
};
export default suite;
