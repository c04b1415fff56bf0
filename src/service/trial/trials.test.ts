import { expect, test } from 'vitest';
import { VirtualService } from '../../../test/service/virtual-service.ts';
import type { MonitorSpec } from '../../client/api-types.ts';

const MIB = 2 ** 20;
const spec: MonitorSpec = { name: 'app', watch: { kind: 'simulation', scenario: 'demo' } };
const pattern = { nrAccesses: { max: 0 }, age: { min: 20 } };
const reclaim = { schemes: [{ action: 'pageout', pattern }] };

/** 16 MiB are always hot, and 48 MiB never. */
const SWAPPING = `
nodes: [{ sizeBytes: 256 MiB }]
swap: { sizeBytes: 256 MiB }
processes:
  - name: app
    vmas: [{ name: hot, sizeBytes: 16 MiB }, { name: cold, sizeBytes: 48 MiB }]
    accesses: [{ vma: hot, pattern: uniform, ratePerSecond: 1000 }]
`;

/** Turns between two halves of 32 MiB every four seconds. */
const TURNS = `
nodes: [{ sizeBytes: 256 MiB }]
swap: { sizeBytes: 256 MiB }
processes:
  - name: app
    vmas: [{ name: a, sizeBytes: 32 MiB }, { name: b, sizeBytes: 32 MiB }]
    phases:
      - { durationMs: 4 s, accesses: [{ vma: a, pattern: uniform, ratePerSecond: 1000 }] }
      - { durationMs: 4 s, accesses: [{ vma: b, pattern: uniform, ratePerSecond: 1000 }] }
`;

function swappedBytes({ monitors }: VirtualService, name: string): number {
  return monitors.get(name)!.simulation.machine.memory.swapUsedPages * 4096;
}

test('a what-if on the history says what acting then does', async () => {
  await using virtual = new VirtualService(undefined, SWAPPING);
  const client = virtual.client();
  await client.create(spec);
  await virtual.advance('app', 10_000_000);
  const before = await client.monitor('app');
  const said = await client.whatIf('app', { params: reclaim });
  expect(await client.monitor('app')).toEqual(before);
  await client.create({ ...spec, name: 'acting', params: reclaim });
  await virtual.advance('acting', 10_000_000);
  const out = swappedBytes(virtual, 'acting');
  expect(said.durationUs).toBe(10_000_000);
  expect(said.endSavedBytes / out).toBeCloseTo(1, 1);
  expect(said.endSavedBytes / (48 * MIB)).toBeCloseTo(1, 1);
  expect(said.refaultedBytes).toBe(0);
  expect(said.overTime.at(-1)!.savedBytes).toBe(said.endSavedBytes);
  expect(said.limits.join(' ')).toMatch(/no footprint/);
});

test('a what-if takes a part of the history, and what swap itself takes', async () => {
  await using virtual = new VirtualService(undefined, TURNS);
  const client = virtual.client();
  await client.create(spec);
  await virtual.advance('app', 24_000_000);
  const disk = await client.whatIf('app', { params: reclaim, from: 8_000_000 });
  expect(disk.durationUs / 16e6).toBeCloseTo(1, 1);
  expect(disk.refaultedBytes).toBeGreaterThan(32 * MIB);
  const zram = await client.whatIf('app', { params: reclaim, from: 8_000_000, swap: 'zram' });
  expect(zram.stallUs / disk.stallUs).toBeLessThan(0.5);
  expect(zram.netSavedBytes / zram.savedBytes).toBeCloseTo(2 / 3, 2);
  await expect(client.whatIf('app', { params: reclaim, from: 1e15 })).rejects.toThrow(
    'There is nothing in this part of the history yet',
  );
  await expect(client.whatIf('app', { params: { schemes: 'all' } })).rejects.toThrow(/^params/);
});

test('a shadow counts what would leave and come back, and touches nothing', async () => {
  await using virtual = new VirtualService(undefined, TURNS);
  const client = virtual.client();
  const before = await client.create(spec);
  await virtual.advance('app', 1_000_000);
  const begun = await client.beginShadow('app', reclaim);
  expect(begun.now.leftBytes).toBe(0);
  await virtual.advance('app', 24_000_000);
  const { now, history, differences, durationUs } = await client.shadow('app');
  expect(durationUs / 23e6).toBeCloseTo(1, 0);
  expect(now.leftBytes).toBeGreaterThan(2 * 32 * MIB);
  expect(now.cameBackBytes).toBeGreaterThan(32 * MIB);
  expect(now.grossBytes).toBe(now.leftBytes - now.cameBackBytes);
  expect(history.at(-1)).toEqual(now);
  expect(differences[0]).toMatch(/^Nothing leaves/);
  expect(swappedBytes(virtual, 'app')).toBe(0);
  expect(await client.monitor('app')).toEqual(before);
  await client.endShadow('app');
  await expect(client.shadow('app')).rejects.toThrow('app has no shadow; begin one first.');
});

test('a shadow needs a scheme that takes memory, on a monitor that takes none itself', async () => {
  await using virtual = new VirtualService();
  const client = virtual.client();
  await client.create(spec);
  await expect(client.beginShadow('app', { schemes: [{ action: 'stat' }] })).rejects.toThrow(
    'A shadow is of a scheme that pages out',
  );
  await client.change('app', reclaim);
  await expect(client.beginShadow('app', reclaim)).rejects.toThrow('app pages out itself');
});
