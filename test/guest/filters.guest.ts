/** Each type of filter is seen to tell pages apart, by counts that the kernel gives elsewhere. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { hasFeature } from '../../src/kernel/features.ts';
import type { Filter, Params, Scheme } from '../../src/params/types.ts';
import { MIB, physical, processes, rangeOf, scheme } from './guest-params.ts';
import type { GuestSuite, TestContext } from './harness.ts';
import { Cgroup, meminfoBytes, smapsOf, twoLists, until } from './memory-figures.ts';
import { kernelFeatures, RunningDamon } from './our-slots.ts';
import { startWorkload } from './workload.ts';

/** Bytes that pass the filters in one pass over all there is; null where the kernel can't tell. */
async function passedBytes(make: (schemes: readonly Scheme[]) => Params, filters: Filter[]) {
  await using damon = await RunningDamon.start(make([scheme('stat', { filters })]));
  // The first walks may be before all regions are there.
  await damon.tried();
  const { filterPassedBytes } = await damon.tried();
  return filterPassedBytes?.reduce((sum, bytes) => sum + bytes, 0) ?? null;
}

/** Asserts that `actual` is `expected` within a share of it. */
function near(t: TestContext, what: string, actual: number, expected: number, share: number): void {
  t.note(`${what}: ${(actual / MIB).toFixed(2)} of ${(expected / MIB).toFixed(2)} MiB`);
  assert.ok(Math.abs(actual - expected) <= expected * share, what);
}

const letThrough = (filter: Pick<Filter, 'type'> & object): Filter =>
  ({ matching: true, allow: true, ...filter }) as Filter;

async function requirePassed(t: TestContext, type: Filter['type']): Promise<void> {
  const features = await kernelFeatures();
  if (!hasFeature(features, 'sz_ops_filter_passed')) t.skip('no bytes that passed filters');
  if (!hasFeature(features, `filter type ${type}`)) t.skip('no such filter');
}

const suite: GuestSuite = {
  kernels: ['newest', '6.12'],
  topology: 'plain',
  tests: {
    async 'anon: the pages of /proc/meminfo'(t) {
      await requirePassed(t, 'anon');
      await using _ = await startWorkload(16, { hotPercent: 0 });
      const passed = (await passedBytes(physical, [letThrough({ type: 'anon' })]))!;
      near(t, 'anonymous', passed, meminfoBytes('AnonPages'), 0.1);
    },

    async 'not anon: a mapping of a file passes, one without does not'(t) {
      await requirePassed(t, 'anon');
      const notAnon = [letThrough({ type: 'anon', matching: false } as Filter)];
      await using file = await startWorkload(8, { hotPercent: 0, memory: '/tmp/mapped' });
      await using anonymous = await startWorkload(8, { hotPercent: 0 });
      near(t, 'file', (await passedBytes((all) => rangeOf(file, all), notAnon))!, 8 * MIB, 0.01);
      assert.equal(await passedBytes((all) => rangeOf(anonymous, all), notAnon), 0);
    },

    async 'memcg: what is charged to one cgroup'(t) {
      await requirePassed(t, 'memcg');
      await using group = new Cgroup('filtered');
      await using _ = await startWorkload(8, { hotPercent: 0, group });
      await using _other = await startWorkload(8, { hotPercent: 0 });
      const ours = [letThrough({ type: 'memcg', memcgPath: group.path } as Filter)];
      const passed = (await passedBytes(physical, ours))!;
      near(t, 'charged', passed, group.stat('anon') + group.stat('file'), 0.05);
    },

    async 'young: what was accessed since it was last asked'(t) {
      await requirePassed(t, 'young');
      await using workload = await startWorkload(16);
      const young = [letThrough({ type: 'young' })];
      const passed = (await passedBytes((all) => rangeOf(workload, all), young))!;
      near(t, 'young', passed, workload.hotEnd - workload.start, 0.1);
    },

    async 'hugepage_size: folios of two megabytes'(t) {
      await requirePassed(t, 'hugepage_size');
      writeFileSync('/sys/kernel/mm/transparent_hugepage/enabled', 'madvise');
      await using huge = await startWorkload(8, { hotPercent: 0, memory: 'huge' });
      await using small = await startWorkload(8, { hotPercent: 0 });
      const expected = smapsOf(huge.pid, huge).bytes('AnonHugePages');
      const sizeBytes = { min: 2 * MIB, max: 2 * MIB };
      const ofSize = [letThrough({ type: 'hugepage_size', sizeBytes } as Filter)];
      near(t, 'huge', (await passedBytes((all) => rangeOf(huge, all), ofSize))!, expected, 0.01);
      assert.ok(expected >= 6 * MIB, 'there are some');
      assert.equal(await passedBytes((all) => rangeOf(small, all), ofSize), 0);
    },

    async 'active: the list of /proc/meminfo'(t) {
      await requirePassed(t, 'active');
      twoLists();
      await using _ = await startWorkload(8, { hotPercent: 0 });
      const passed = (await passedBytes(physical, [letThrough({ type: 'active' })]))!;
      near(t, 'active', passed, meminfoBytes('Active'), 0.1);
    },

    async 'unmapped: the cache of a file that no process maps'(t) {
      await requirePassed(t, 'unmapped');
      const unmapped = [letThrough({ type: 'unmapped' })];
      const before = (await passedBytes(physical, unmapped))!;
      writeFileSync('/tmp/cached', Buffer.alloc(16 * MIB, 1));
      const after = (await passedBytes(physical, unmapped))!;
      near(t, 'unmapped', after - before, 16 * MIB, 0.1);
    },

    async 'addr: half of a mapping'(t) {
      if (!hasFeature(await kernelFeatures(), 'filter type addr')) t.skip('no such filter');
      await using workload = await startWorkload(8, { hotPercent: 0 });
      const range = { start: workload.start + 2 * MIB, end: workload.start + 6 * MIB };
      for (const [matching, expected] of [
        [true, 4 * MIB],
        [false, 4 * MIB],
      ] as const) {
        // Keeping out what matches or what doesn't: all kernels with the filter know that.
        const filters: Filter[] = [{ type: 'addr', range, matching, allow: false }];
        await using damon = await RunningDamon.start(
          rangeOf(workload, [scheme('stat', { filters })]),
        );
        // On 6.12, a pass that has to cut a region may leave out what is behind the cut.
        await until(async () => {
          const bytes = await damon.triedBytes();
          assert.ok(bytes <= expected, `${bytes} bytes are more than half of the mapping`);
          return bytes === expected;
        }, 'exactly half of the mapping');
        const { nrRegions, start } = await damon.tried();
        for (let row = 0; row < nrRegions; row++) {
          assert.equal(start[row]! >= range.start && start[row]! < range.end, !matching);
        }
      }
    },

    async 'target: one process of two'(t) {
      if (!hasFeature(await kernelFeatures(), 'filter type target')) t.skip('no such filter');
      await using first = await startWorkload(4, { hotPercent: 0 });
      await using second = await startWorkload(8, { hotPercent: 0 });
      const filters: Filter[] = [{ type: 'target', targetIndex: 1, matching: false, allow: false }];
      const params = processes([first.pid, second.pid], [scheme('stat', { filters })]);
      const ranged = {
        ...params,
        operations: 'fvaddr' as const,
        targets: [first, second].map(({ pid, start, end }) => ({
          ...{ pid, regions: [{ start, end }], obsolete: false },
        })),
      };
      await using damon = await RunningDamon.start(ranged);
      await until(async () => (await damon.triedBytes()) === 8 * MIB, 'all of the second');
      const { nrRegions, start } = await damon.tried();
      for (let row = 0; row < nrRegions; row++) {
        assert.ok(start[row]! >= second.start && start[row]! < second.end);
      }
    },

    async 'kernels that do not count what passes act on nothing else'(t) {
      const features = await kernelFeatures();
      if (hasFeature(features, 'sz_ops_filter_passed')) t.skip('it counts');
      twoLists();
      await using group = new Cgroup('only');
      await using _ = await startWorkload(8, { hotPercent: 0, group });
      await using _other = await startWorkload(8, { hotPercent: 0 });
      const filters: Filter[] = [
        { type: 'memcg', memcgPath: group.path, matching: false, allow: false },
        { type: 'anon', matching: false, allow: false },
      ];
      await using damon = await RunningDamon.start(physical([scheme('lru_prio', { filters })]));
      await until(() => group.stat('active_anon') >= 7 * MIB, '7 MiB active');
      const before = await damon.stats();
      await until(async () => (await damon.stats()).nrTried > before.nrTried, 'another pass');
      const after = await damon.stats();
      const share =
        Number(after.appliedBytes - before.appliedBytes) /
        Number(after.triedBytes - before.triedBytes);
      t.note(`${(100 * share).toFixed(1)} % of what it tried`);
      assert.ok(share > 0 && share < 0.02, 'the other workload is not acted on');
    },
  },
};
export default suite;
