import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bytesInUse } from '../../test/service/bytes-in-use.ts';
import { CutPoints } from '../../test/service/cut-points.ts';
import { VirtualService } from '../../test/service/virtual-service.ts';
import { nodeCodec } from '../cli/record-files.ts';
import { serviceRecordings } from '../cli/serve/recordings.ts';
import type { MonitorSpec } from '../client/api-types.ts';
import { resolveRoots } from '../host/linux/roots.ts';
import { readTcr } from '../record/tcr-reader.ts';

const MIB = 2 ** 20;

const simulation = (name: string): MonitorSpec => ({
  name,
  watch: { kind: 'simulation', scenario: 'demo' },
});

/**
 * As many regions as DAMON keeps at most. Windows are longer than usual, so that an hour is short;
 * with THERMOCLINE_FULL_HOUR=1 they are 100 ms, and it takes minutes.
 */
const WINDOW_US = process.env['THERMOCLINE_FULL_HOUR'] === '1' ? 100_000 : 1_000_000;
const THOUSAND_REGIONS = {
  attrs: {
    sampleIntervalUs: WINDOW_US / 20,
    aggregationIntervalUs: WINDOW_US,
    minNrRegions: 1000,
  },
};

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'thermocline-service-'));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Ends of all snapshots of a file, in milliseconds; throws for one that can't be read. */
async function recordedMs(file: string): Promise<number[]> {
  const bytes = readFileSync(file);
  // Cut within the first write: nothing had been recorded yet.
  if (bytes.length < 16) return [];
  const ends: number[] = [];
  const source = (async function* () {
    yield bytes;
  })();
  for await (const batch of readTcr(source, nodeCodec)) {
    for (const item of batch) {
      if (item.kind === 'snapshot') ends.push(Number(item.snapshot.endNs / 1_000_000n));
      if (item.kind === 'warning') expect(item.text).toMatch(/without its closing mark/);
    }
  }
  return ends;
}

test('an hour with a thousand regions and three readers takes no more memory than ten minutes', async () => {
  await using virtual = new VirtualService();
  const client = virtual.client();
  await client.create({ ...simulation('app'), params: THOUSAND_REGIONS });
  const monitor = virtual.service.monitor('app');
  const nrRead = [0, 0, 0];
  const readers = nrRead.map(async (_, reader) => {
    for await (const { snapshot } of client.stream('app')) {
      expect(snapshot.nrRegions).toBeGreaterThan(900);
      nrRead[reader]! += 1;
    }
  });
  await virtual.advance('app', 0);
  await virtual.advance('app', 600e6, WINDOW_US);
  const early = monitor.historyBytes;
  const heldEarly = await bytesInUse();
  await virtual.advance('app', 3000e6, WINDOW_US);
  expect(early).toBeGreaterThan(8 * MIB);
  expect(monitor.historyBytes).toBeLessThanOrEqual(34 * MIB);
  expect(monitor.historyBytes / early).toBeCloseTo(1, 0);
  // And the process holds no more than its history has grown by.
  const grownBytes = (await bytesInUse()) - heldEarly;
  expect(grownBytes).toBeLessThan(monitor.historyBytes - early + 8 * MIB);
  // Every window of the hour is told by one picture, and one picture only.
  const pictures = monitor.pictures({ fromUs: 0, toUs: Number.MAX_SAFE_INTEGER, limit: 1e6 });
  for (const [index, { snapshot, spanUs }] of pictures.slice(1).entries()) {
    expect(snapshot.timeUs - spanUs).toBe(pictures[index]!.snapshot.timeUs);
  }
  expect(pictures.at(-1)!.snapshot.timeUs).toBe(3600e6);
  await client.remove('app');
  await Promise.all(readers);
  // At the aggregation rate: readers that keep up miss none.
  const nrWindows = 3600e6 / WINDOW_US;
  expect(nrRead).toEqual([nrWindows, nrWindows, nrWindows]);
}, 900_000);

test('recordings take what they may, the oldest go, and all can be read', async () => {
  await inFolder(async (folder) => {
    const recordings = serviceRecordings(folder, resolveRoots({}), 64 * 1024)!;
    await using virtual = new VirtualService(folder, undefined, recordings);
    const attrs = { minNrRegions: 200 };
    await virtual.service.create({ ...simulation('app'), params: { attrs } }, 'api');
    await virtual.advance('app', 120e6);
    await virtual.service.remove('app');
    // A monitor that was removed leaves them under a name that no later one can have.
    const [kept, ...others] = readdirSync(join(folder, 'recordings'));
    expect(kept).toMatch(/^\d{4}-\d\d-\d\dT\d+Z~app$/);
    expect(others).toEqual([]);
    const files = readdirSync(join(folder, 'recordings', kept!))
      .sort()
      .map((name) => join(folder, 'recordings', kept!, name));
    expect(files.length).toBeGreaterThan(4);
    const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
    expect(bytes).toBeLessThan(80 * 1024);
    const ends = (await Promise.all(files.map(recordedMs))).flat();
    expect(ends.at(-1)).toBe(120_000);
    for (const [index, end] of ends.slice(1).entries()) expect(end).toBe(ends[index]! + 100);
    for (const file of files) expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});

test('cut anywhere while committing and recording: no monitor is lost or doubled, all is readable', async () => {
  const all = await cutRun(Number.POSITIVE_INFINITY);
  expect(all).toBeGreaterThan(200);
  // All of them take minutes (test/nightly/service.ts); a third finds what is wrong in time.
  const step = process.env['THERMOCLINE_ALL_CUTS'] === '1' ? 1 : 3;
  for (let cutAt = 1 + (all % step); cutAt <= all; cutAt += step) await cutRun(cutAt);
}, 300_000);

/** What a client was told of each monitor: its `maxNrRegions`, and whether it is paused. */
type Told = Map<string, string>;

/** @returns how many points were passed */
async function cutRun(cutAt: number): Promise<number> {
  let passed = 0;
  await inFolder(async (folder) => {
    const told: Told[] = [new Map()];
    const virtual = new VirtualService(
      folder,
      undefined,
      serviceRecordings(folder, resolveRoots({}), MIB)!,
    );
    {
      await using cuts = await CutPoints.inject(cutAt);
      for (const [name, after, work] of changes(virtual)) {
        const next = new Map(told.at(-1));
        if (after === null) next.delete(name);
        else next.set(name, after);
        // Before the answer comes, either state is right.
        told.push(next);
        await work().catch(() => {});
        if (cuts.isCut) break;
        told.shift();
        for (const monitor of virtual.service.monitors())
          await virtual.advance(monitor.name, 100_000);
        if (cuts.isCut) break;
      }
      passed = cuts.passed;
      // The process is gone: its monitors end, and nothing of that is written.
      if (cuts.isCut) await virtual.service.close().catch(() => {});
    }
    await using again = new VirtualService(folder);
    await again.service.resumeStored(again.store.load());
    const found = again.service.monitors().map((one) => [one.name, stateOf(one)] as const);
    expect(told.map((one) => [...one].sort())).toContainEqual(found);
    await virtual.service.close().catch(() => {});
    for (const name of readdirSync(folder, { recursive: true })) {
      if (String(name).endsWith('.tcr')) await recordedMs(join(folder, String(name)));
    }
  });
  return passed;
}

function stateOf({
  params,
  paused,
}: {
  params: { attrs: { maxNrRegions: number } };
  paused: boolean;
}) {
  return `${params.attrs.maxNrRegions}${paused ? ' paused' : ''}`;
}

/** Changes one after the other: whose, what that monitor is then, and how. */
function* changes({
  service,
}: VirtualService): Generator<[name: string, after: string | null, work: () => Promise<unknown>]> {
  const commit = (name: string, maxNrRegions: number) => () =>
    service.change(name, { attrs: { maxNrRegions } });
  yield ['a', '1000', () => service.create(simulation('a'), 'api')];
  yield ['b', '1000', () => service.create(simulation('b'), 'api')];
  for (let round = 1; round <= 8; round++) {
    yield ['a', `${100 + round}`, commit('a', 100 + round)];
    yield ['b', `${round === 1 ? 1000 : 199 + round} paused`, () => service.pause('b')];
    yield ['b', `${200 + round} paused`, commit('b', 200 + round)];
    yield ['b', `${200 + round}`, () => service.resume('b')];
  }
  yield ['c', '1000', () => service.create(simulation('c'), 'api')];
  yield ['a', null, () => service.remove('a')];
  yield ['a', '1000', () => service.create(simulation('a'), 'api')];
}

test('acts on no cgroup of kubelet or systemd that the configuration has not named', async () => {
  await using virtual = new VirtualService();
  const watch = { kind: 'cgroup', path: '/kubepods.slice/pod1' } as const;
  await expect(virtual.service.create({ name: 'pod', watch, act: 'act' }, 'api')).rejects.toThrow(
    '/kubepods.slice/pod1 is a cgroup of kubelet or systemd',
  );
  await virtual.service.create({ name: 'pod', watch }, 'api');
  expect(virtual.service.monitors()).toHaveLength(1);
});
