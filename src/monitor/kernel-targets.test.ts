import { expect, test } from 'vitest';
import type { Snapshot } from '../params/snapshot.ts';
import { nextTargets, targetsByOrder } from './kernel-targets.ts';

const targets = (...pids: number[]) => pids.map((pid) => ({ pid, regions: [], obsolete: false }));

test('those that are gone are removed under the number of one that lives', () => {
  expect(nextTargets(targets(1, 2, 3), [1, 3, 4], true)).toEqual({
    staged: [
      { pid: 1, regions: [], obsolete: false },
      { pid: 1, regions: [], obsolete: true },
      { pid: 3, regions: [], obsolete: false },
      { pid: 4, regions: [], obsolete: false },
    ],
    after: targets(1, 3, 4),
  });
});

test('a kernel that can not remove one gets the rest', () => {
  const rest = targets(1, 3, 4);
  expect(nextTargets(targets(1, 2, 3), [1, 3, 4], false)).toEqual({ staged: rest, after: rest });
});

test('nothing changes while the processes are the same, or none is left', () => {
  expect(nextTargets(targets(1, 2), [1, 2], true)).toBeNull();
  expect(nextTargets(targets(1, 2), [], true)).toBeNull();
});

test('the next target begins where addresses go back', () => {
  const snapshot = {
    nrRegions: 5,
    start: Float64Array.of(10, 20, 5, 30, 1),
    end: Float64Array.of(20, 25, 30, 40, 2),
  } as unknown as Snapshot;
  expect([...targetsByOrder(snapshot)]).toEqual([0, 0, 1, 1, 2]);
});
