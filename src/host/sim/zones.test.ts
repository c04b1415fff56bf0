import { expect, test } from 'vitest';
import { VirtualClock } from '../../base/clock.ts';
import { SimulatedMachine } from './machine.ts';
import { parseScenario } from './scenario.ts';
import { zonesOf } from './zones.ts';

const GIB = 2 ** 30;

const machine = (nodes: string) =>
  new SimulatedMachine(
    parseScenario(
      `nodes: [${nodes}]\nprocesses: [{ name: a, vmas: [{ name: a, sizeBytes: 4 KiB }] }]`,
      'zones',
    ),
    new VirtualClock(),
  );

test('zones are cut where 32-bit addresses end, and where the movable part begins', () => {
  const { scenario } = machine('{ sizeBytes: 6 GiB, movableBytes: 1 GiB }, { sizeBytes: 2 GiB }');
  expect(zonesOf(scenario.nodes)).toEqual([
    { nid: 0, name: 'DMA32', range: { start: 0, end: 4 * GIB } },
    { nid: 0, name: 'Normal', range: { start: 4 * GIB, end: 5 * GIB } },
    { nid: 0, name: 'Movable', range: { start: 5 * GIB, end: 6 * GIB } },
    { nid: 1, name: 'Normal', range: { start: 6 * GIB, end: 8 * GIB } },
  ]);
});

test('small and wholly movable nodes have one zone each', () => {
  const { zones } = machine(
    '{ sizeBytes: 1 GiB }, { sizeBytes: 1 GiB, movableBytes: 1 GiB }, { sizeBytes: 4 GiB }',
  );
  expect(zones.map(({ nid, name }) => `${nid} ${name}`)).toEqual([
    '0 DMA32',
    '1 Movable',
    '2 DMA32',
    '2 Normal',
  ]);
});

test('what can not be moved does not lie in the movable zone', () => {
  const { blocks } = machine('{ sizeBytes: 64 MiB, unmovableShare: 1, movableBytes: 32 MiB }');
  const block = 512;
  const taken = Array.from({ length: 32 }, (_, at) => blocks.take(at * block, block));
  expect(taken.slice(0, 16)).toEqual(new Array(16).fill('unmovable'));
  expect(taken.slice(17)).toEqual(new Array(15).fill('taken'));
});

test('a zone that is larger than its node is refused', () => {
  expect(() => machine('{ sizeBytes: 1 GiB, movableBytes: 2 GiB }')).toThrow(
    /a node of 1 GiB has 2 GiB in its zone Movable; make that smaller/,
  );
});
