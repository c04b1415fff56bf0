import { expect, test } from 'vitest';
import { DEFAULT_ATTRS, DEFAULT_SCHEME, NO_QUOTA } from '../params/defaults.ts';
import type { Params, Scheme } from '../params/types.ts';
import { FakeDamonSysfs, type Release } from '../testing/fake-damon-sysfs.ts';
import { scriptedOperations } from '../testing/scripted-operations.ts';
import { applyWrites } from './apply-writes.ts';
import { probeOwnSlot } from './features.ts';
import {
  readEffectiveQuotaBytes,
  readSchemeStats,
  readTriedRegions,
  type SnapshotFacts,
} from './read-results.ts';
import { stage } from './staging.ts';
import { ADMIN_FOLDER, slotPath } from './sysfs-files.ts';

const MIB = 2 ** 20;

const stat: Scheme = { ...DEFAULT_SCHEME, action: 'stat' };

const base: Params = {
  operations: 'vaddr',
  addrUnit: 1,
  minRegionSize: 4096,
  attrs: DEFAULT_ATTRS,
  targets: [{ pid: 42, regions: [], obsolete: false }],
  probes: [],
  schemes: [stat],
  paused: false,
};

const facts: SnapshotFacts = {
  timeUs: 7,
  wallTimeUs: null,
  tick: 420,
  sampleIntervalUs: 5_000,
  aggregationIntervalUs: 100_000,
  targetPids: [null],
  windowSamples: 20,
  addrUnit: 1,
};

/** A kdamond that has run for two seconds: the first 16 MiB of each target's 64 are hot. */
async function running(params: Params, release: Release = '7.3') {
  const files = new FakeDamonSysfs({
    release,
    world: {
      operationsFor: ({ operations, targets }) => ({
        ...scriptedOperations({
          ranges: targets[0]?.regions.length ? targets[0].regions : [{ start: 0, end: 64 * MIB }],
          accessed: (address) => address < 16 * MIB,
        }),
        id: operations,
        probe(_context, { regions }) {
          for (let row = 0; row < regions.nr; row++) {
            regions.probeHits[regions.probeIndex(row, 1)]! += 1;
          }
        },
      }),
    },
  });
  await files.write(`${ADMIN_FOLDER}/kdamonds/nr_kdamonds`, '1');
  const features = await probeOwnSlot(files, 0);
  await applyWrites(files, stage(params, features, 0));
  files.runFor(2_000_000);
  return files;
}

const command = (files: FakeDamonSysfs, text: string) => files.write(slotPath(0, 'state'), text);

test('a snapshot has the regions of the last walk, in their order', async () => {
  const files = await running(base);
  await command(files, 'update_schemes_tried_regions');
  const writes = files.writes.length;
  const snapshot = readTriedRegions(files, 0, [{ schemeIndex: 0, targetIndex: 0 }], facts);
  expect(files.writes.length).toBe(writes);
  const { nrRegions, start, end, nrAccesses } = snapshot;
  expect(nrRegions).toBeGreaterThan(3);
  expect(start[0]).toBe(0);
  expect(end[nrRegions - 1]).toBe(64 * MIB);
  for (let row = 1; row < nrRegions; row++) expect(start[row]).toBe(end[row - 1]);
  let hotBytes = 0;
  for (let row = 0; row < nrRegions; row++) {
    if (nrAccesses[row]! > 10) hotBytes += end[row]! - start[row]!;
  }
  expect(Math.abs(hotBytes / MIB - 16)).toBeLessThan(2);
  expect(Math.max(...nrAccesses)).toBe(20);
  expect(Math.max(...snapshot.age)).toBeGreaterThan(10);
  expect(snapshot).toMatchObject({ timeUs: 7, tick: 420, maxNrAccesses: 20, windowSamples: 20 });
  expect([...snapshot.filterPassedBytes!]).toEqual(Array(nrRegions).fill(0));
  expect(snapshot.probeHits).toBeNull();
});

test('targets are told apart by a scheme for each', async () => {
  const forTarget = (targetIndex: number): Scheme => ({
    ...stat,
    filters: [{ type: 'target', matching: true, allow: true, targetIndex }],
  });
  const files = await running({
    ...base,
    targets: [base.targets[0]!, { pid: 43, regions: [], obsolete: false }],
    schemes: [forTarget(0), forTarget(1)],
  });
  await command(files, 'update_schemes_tried_regions');
  const schemes = [0, 1].map((index) => ({ schemeIndex: index, targetIndex: index }));
  const { targetIndex, start, end } = readTriedRegions(files, 0, schemes, facts);
  expect(new Set(targetIndex)).toEqual(new Set([0, 1]));
  const second = targetIndex.indexOf(1);
  expect([start[0], end[second - 1], start[second], end.at(-1)]).toEqual([
    0,
    64 * MIB,
    0,
    64 * MIB,
  ]);
});

test('core units become bytes, and hits of probes have a column each', async () => {
  const files = await running({
    ...base,
    operations: 'paddr',
    addrUnit: 4096,
    minRegionSize: 1,
    targets: [{ regions: [{ start: 256, end: 1024 }], obsolete: false }],
    probes: [
      { weight: 0, filters: [] },
      { weight: 0, filters: [{ type: 'anon', matching: true, allow: true }] },
    ],
  });
  await command(files, 'update_schemes_tried_regions');
  await command(files, 'update_schemes_stats');
  const snapshot = readTriedRegions(files, 0, [{ schemeIndex: 0, targetIndex: 0 }], {
    ...facts,
    addrUnit: 4096,
  });
  expect([snapshot.start[0], snapshot.end.at(-1)]).toEqual([MIB, 4 * MIB]);
  expect([...snapshot.probeHits!.subarray(0, 4)]).toEqual([0, 20, 0, 0]);
  const stats = readSchemeStats(files, 0, 0, 4096);
  expect(stats.triedBytes % BigInt(3 * MIB)).toBe(0n);
});

test('statistics and the effective quota are read exactly', async () => {
  const quota = { ...NO_QUOTA, sizeBytes: MIB };
  const files = await running({ ...base, schemes: [{ ...stat, action: 'pageout', quota }] });
  expect(readSchemeStats(files, 0, 0, 1).nrTried).toBe(0n);
  await command(files, 'update_schemes_stats');
  await command(files, 'update_schemes_effective_quotas');
  // Two windows of a second, a mebibyte in each.
  const stats = readSchemeStats(files, 0, 0, 1);
  expect(stats).toMatchObject({ triedBytes: 2n * BigInt(MIB), appliedBytes: 2n * BigInt(MIB) });
  expect(stats.nrApplied).toBe(stats.nrTried);
  expect(stats.nrQuotaExceeds).toBe(1n);
  expect(readEffectiveQuotaBytes(files, 0, 0, 1)).toBe(BigInt(MIB));
});

test('before any walk, and on old kernels, what is not told is absent', async () => {
  const files = await running(base, '6.1');
  const snapshot = readTriedRegions(files, 0, [{ schemeIndex: 0, targetIndex: 0 }], facts);
  expect(snapshot).toMatchObject({ nrRegions: 0, filterPassedBytes: null, probeHits: null });
  expect(readEffectiveQuotaBytes(files, 0, 0, 1)).toBeNull();
  await command(files, 'update_schemes_stats');
  const stats = readSchemeStats(files, 0, 0, 1);
  expect(stats.nrTried).toBeGreaterThan(0n);
  expect(stats.nrSnapshots).toBe(0n);
});
