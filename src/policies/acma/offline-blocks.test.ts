import { expect, test } from 'vitest';
import { type BlockFacts, blocksThatCouldGo } from './offline-blocks.ts';

const MIB = 2 ** 20;
const block = (number: number, zone: string, more = {}) => ({
  ...{ block: number, state: 'online', removable: true, nid: 0, zone },
  ...more,
});
const facts = (change: Partial<BlockFacts> = {}): BlockFacts => ({
  blockBytes: 128 * MIB,
  blocks: [block(0, 'Normal'), block(1, 'Movable'), block(2, 'Movable'), block(3, 'Movable')],
  zones: new Map([
    ['0 Normal', { managedBytes: 120 * MIB, freeBytes: 100 * MIB, reserveBytes: 4 * MIB }],
    ['0 Movable', { managedBytes: 384 * MIB, freeBytes: 234 * MIB, reserveBytes: 2 * MIB }],
  ]),
  ...change,
});

test('blocks of zone Movable could go, the highest first, as far as what is in use fits elsewhere', () => {
  const [normal, movable] = blocksThatCouldGo(facts());
  expect(normal).toMatchObject({ zone: 'Normal', nrBlocks: 1, couldGo: [] });
  // 96 + 232 MiB are free beyond the watermarks: room for two blocks of 128 MiB.
  expect(movable).toMatchObject({ zone: 'Movable', couldGo: [3, 2], movedBytes: 150 * MIB });
  expect(movable!.why).toMatch(/has to stay somewhere/);
});

test('what is offline, or not removable, is not counted a second time', () => {
  const blocks = [
    block(1, 'Movable'),
    block(2, 'Movable', { state: 'offline' }),
    block(3, 'Movable', { removable: false }),
  ];
  const [movable] = blocksThatCouldGo(facts({ blocks }));
  expect(movable).toMatchObject({ nrBlocks: 3, nrOffline: 1, couldGo: [1] });
  expect(movable!.movedBytes).toBe(128 * MIB);
});

test('nodes are told apart', () => {
  const blocks = [block(1, 'Movable'), block(9, 'Movable', { nid: 1 })];
  const zones = new Map([
    ['0 Movable', { managedBytes: 128 * MIB, freeBytes: 0, reserveBytes: 0 }],
    ['1 Movable', { managedBytes: 128 * MIB, freeBytes: 128 * MIB, reserveBytes: 0 }],
  ]);
  const found = blocksThatCouldGo({ blockBytes: 128 * MIB, blocks, zones });
  expect(found.map(({ nid, couldGo, movedBytes }) => [nid, couldGo, movedBytes])).toEqual([
    [0, [], 0],
    [1, [9], 0],
  ]);
});
