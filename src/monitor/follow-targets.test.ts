import { describe, expect, test } from 'vitest';
import { followTargets } from './follow-targets.ts';

const target = (pid: number, obsolete = false) => ({ pid, regions: [], obsolete });

describe('following processes', () => {
  test('nothing changes while the same processes are there, in any order', () => {
    expect(followTargets([target(1), target(2)], [2, 1])).toBeNull();
  });

  test('those that are gone are marked at their place, new ones come last', () => {
    const running = [{ pid: 1, regions: [{ start: 0, end: 4096 }], obsolete: false }, target(2)];
    expect(followTargets(running, [1, 3])).toEqual([target(1), target(2, true), target(3)]);
  });

  test('when none is left, monitoring is left to end by itself', () => {
    expect(followTargets([target(1)], [])).toBeNull();
  });
});
