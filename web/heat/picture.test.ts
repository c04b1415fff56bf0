import { expect, test } from 'vitest';
import { snapshotOf } from '../testing/snapshot-of.ts';
import { Picture } from './picture.ts';

const at = (timeS: number, wallTimeUs: number | null) => ({
  snapshot: { ...snapshotOf(timeS, [{ pages: [0, 4], accesses: 1 }]), wallTimeUs },
  spanUs: 1e6,
});

test('wall time stays where it is while clocks are read a little apart, and follows one that was set', () => {
  const picture = new Picture();
  expect(picture.wallOffsetUs).toBeNull();
  picture.add([at(1, null)]);
  expect(picture.wallOffsetUs).toBeNull();
  picture.add([at(2, 102e6), at(3, 103.4e6)]);
  expect(picture.wallOffsetUs).toBe(100e6);
  picture.add([at(4, 7204e6), at(5, 7205.2e6)]);
  expect(picture.wallOffsetUs).toBe(7200e6);
});
