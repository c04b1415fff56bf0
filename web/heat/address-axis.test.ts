import { describe, expect, test } from 'vitest';
import { PAGE, snapshotOf } from '../testing/snapshot-of.ts';
import { AddressAxis, AxisBuilder } from './address-axis.ts';

const axis = new AddressAxis([
  { targetIndex: 0, start: 100, end: 200 },
  { targetIndex: 0, start: 1000, end: 1050 },
  { targetIndex: 1, start: 100, end: 110 },
]);

describe('an address axis', () => {
  test('has no gaps, and targets one after the other', () => {
    expect(axis.totalBytes).toBe(160);
    expect(axis.placeAt(99.5)).toEqual({ targetIndex: 0, address: 199 });
    expect(axis.placeAt(100)).toEqual({ targetIndex: 0, address: 1000 });
    expect(axis.placeAt(155)).toEqual({ targetIndex: 1, address: 105 });
  });

  test('gives the nearest end for what is outside', () => {
    expect(axis.placeAt(-5)).toEqual({ targetIndex: 0, address: 100 });
    expect(axis.placeAt(999)).toEqual({ targetIndex: 1, address: 109 });
    expect(new AddressAxis([]).placeAt(0)).toBeNull();
  });

  test('says where addresses lie, in parts where they go across gaps', () => {
    expect(axis.offsetsOf(0, 150, 1010)).toEqual([
      { start: 50, end: 100 },
      { start: 100, end: 110 },
    ]);
    expect(axis.offsetsOf(1, 0, 50)).toEqual([]);
  });
});

describe('the builder of axes', () => {
  test('joins what snapshots cover, and keeps the axis while nothing is new', () => {
    const builder = new AxisBuilder();
    builder.add(
      snapshotOf(1, [{ pages: [0, 2] }, { pages: [2, 4] }, { pages: [0, 1], target: 1 }]),
    );
    const first = builder.build(new AddressAxis([]));
    expect(first.segments.map(({ targetIndex, start, end }) => [targetIndex, start, end])).toEqual([
      [0, 0, 4 * PAGE],
      [1, 0, PAGE],
    ]);
    builder.add(snapshotOf(2, [{ pages: [1, 3] }]));
    expect(builder.build(first)).toBe(first);
    builder.add(snapshotOf(3, [{ pages: [6, 8] }]));
    expect(builder.build(first).totalBytes).toBe(7 * PAGE);
  });
});
