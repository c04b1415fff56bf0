import { describe, expect, test } from 'vitest';
import { binaryRecord } from '../../test/records/binary-record.ts';
import {
  allItems,
  allSnapshots,
  allWarnings,
  bytesOf,
  testCodec,
} from '../../test/records/reading.ts';
import { readRecording } from './open.ts';

const read = (bytes: Uint8Array, pieceBytes?: number) =>
  readRecording(bytesOf(bytes, pieceBytes), testCodec);

const POINTER = 18446623438842320000n;

describe.each([0, 1, 2])('version %i', (version) => {
  const id = version === 1 ? 4711n : POINTER;
  const frames = [1, 2, 3].map((number) => ({
    ...{ seconds: 100n, nanoseconds: BigInt(number) * 100_000_000n },
    targets: [
      { id, regions: [[4096, 8192, number] as const, [8192, 2 ** 40, 0] as const] },
      { id: 5n, regions: number === 2 ? [] : [[0, 4096, 7] as const] },
    ],
  }));
  const bytes = binaryRecord(version, frames);

  test('is read, with starts from the ends before', async () => {
    for (const pieceBytes of [1, 7, 100_000]) {
      const items = await allItems(read(bytes, pieceBytes));
      expect(items.filter((item) => (item as { kind: string }).kind === 'series')).toMatchObject([
        { index: 0, series: { targetId: String(id) } },
        { index: 1, series: { targetId: '5' } },
      ]);
      const snapshots = await allSnapshots(read(bytes, pieceBytes));
      expect(snapshots.map(({ seriesIndex }) => seriesIndex)).toEqual([0, 1, 0, 1, 0, 1]);
      expect(snapshots[0]).toMatchObject({
        ...{ startNs: 100_000_000_000n, endNs: 100_100_000_000n, nrRegions: 2 },
        ...{ start: [4096, 8192], end: [8192, 2 ** 40], nrAccesses: [1, 0], age: [-1, -1] },
      });
      expect(snapshots[3]).toMatchObject({ startNs: 100_100_000_000n, nrRegions: 0 });
    }
  });

  test('that is cut off leaves what is before', async () => {
    const cut = bytes.subarray(0, bytes.length - 1);
    expect(await allSnapshots(read(cut))).toHaveLength(5);
    expect(await allWarnings(read(cut))).toEqual([
      `The binary record ends after ${cut.length} bytes, in the middle of a snapshot. ` +
        'The 5 snapshots before are good.',
    ]);
  });

  test('that lies about its regions is refused before they are made room for', async () => {
    const lying = binaryRecord(version, [
      { seconds: 1n, nanoseconds: 0n, targets: [{ id: 1n, regions: [], nrRegions: 2 ** 32 - 1 }] },
    ]);
    await expect(allItems(read(lying))).rejects.toMatchObject({
      code: 'TC_INVALID',
      message: expect.stringContaining("a snapshot of 4294967295 regions can't be"),
    });
  });
});

test('a snapshot that marks the end of a single one is dropped', async () => {
  const target = (...region: [number, number, number]) => [{ id: 1n, regions: [region] }];
  const bytes = binaryRecord(2, [
    { seconds: 5n, nanoseconds: 0n, targets: target(0, 4096, 3) },
    { seconds: 6n, nanoseconds: 0n, targets: target(0, 0, 2 ** 32 - 1) },
  ]);
  expect(await allSnapshots(read(bytes))).toMatchObject([
    { startNs: 4_000_000_000n, endNs: 5_000_000_000n, nrAccesses: [3] },
  ]);
});

test('versions that never were are refused', async () => {
  await expect(allItems(read(binaryRecord(3, [])))).rejects.toThrow('is of version 3');
});
