import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { VirtualService } from '../../../test/service/virtual-service.ts';
import { resolveRoots } from '../../host/linux/roots.ts';
import { serviceRecordings } from './recordings.ts';

test('pictures come back from disk as they were in memory, or every so many of them', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'thermocline-past-'));
  try {
    const recordings = serviceRecordings(folder, resolveRoots({}), 128 * 1024)!;
    await using virtual = new VirtualService(folder, undefined, recordings);
    const watch = { kind: 'simulation', scenario: 'demo' } as const;
    const params = { attrs: { minNrRegions: 100 } };
    await virtual.service.create({ name: 'app', watch, params }, 'api');
    await virtual.advance('app', 40e6);
    const part = { fromUs: 10e6, toUs: 20e6, limit: 1000 };
    const memory = virtual.service.monitor('app').pictures(part);
    const disk = await recordings.read('app', part);
    expect(disk).toHaveLength(101);
    for (const [index, { snapshot, spanUs }] of disk.entries()) {
      const { tick: _tick, ...was } = memory[index]!.snapshot;
      expect(snapshot).toMatchObject(was);
      expect(spanUs).toBe(100_000);
    }
    // All of them while they are fewer than twice the limit, however unevenly they came.
    expect(await recordings.read('app', { fromUs: 0, toUs: 39e6, limit: 300 })).toHaveLength(390);
    const few = await recordings.read('app', { ...part, limit: 5 });
    // Of 101, every 16th, and each speaks for those that were left out before it.
    expect(few.map(({ snapshot }) => snapshot.timeUs / 1e6)).toEqual([
      11.5, 13.1, 14.7, 16.3, 17.9, 19.5,
    ]);
    expect(few.map(({ spanUs }) => spanUs / 1e6)).toEqual([1.6, 1.6, 1.6, 1.6, 1.6, 1.6]);
    expect(await recordings.read('app', { ...part, fromUs: 50e6, toUs: 60e6 })).toEqual([]);
    expect(await recordings.read('nobody', part)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
