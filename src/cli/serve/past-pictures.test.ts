import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { VirtualService } from '../../../test/service/virtual-service.ts';
import { resolveRoots } from '../../host/linux/roots.ts';
import { serviceRecordings } from './recordings.ts';

test('pictures come back from disk as they were in memory, evenly over the range', async () => {
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
    const few = await recordings.read('app', { ...part, limit: 5 });
    expect(few.map(({ snapshot }) => snapshot.timeUs / 1e6)).toEqual([10, 12, 14, 16, 18]);
    // Each speaks for those that were left out before it.
    expect(few.map(({ spanUs }) => spanUs / 1e6)).toEqual([0.1, 2, 2, 2, 2]);
    expect(await recordings.read('app', { ...part, fromUs: 50e6, toUs: 60e6 })).toEqual([]);
    expect(await recordings.read('nobody', part)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
