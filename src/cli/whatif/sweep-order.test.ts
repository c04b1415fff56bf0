import { expect, test } from 'vitest';
import { outcomeOf } from '../../ops/replay/outcome.ts';
import { patternOf } from '../../ops/replay/recorded-pattern.ts';
import { Replay } from '../../ops/replay/replay.ts';
import { parseParams } from '../../params/parse.ts';
import { resolveParams } from '../../params/resolve.ts';
import type { Params } from '../../params/types.ts';
import { SweepOrder } from './sweep-order.ts';

const MIB = 2 ** 20;

function set(coldAge: string, sizeBytes: number, timeMs = 0): Params {
  const scheme = {
    action: 'pageout',
    pattern: { nrAccesses: { max: 0 }, age: { min: coldAge } },
    quota: { sizeBytes, timeMs },
  };
  return resolveParams(parseParams({ targets: [{ pid: 1 }], schemes: [scheme] }, 'a set'), 0);
}

test('sets that differ in limits alone come from the tightest on, all cold ages side by side', () => {
  const sets = [set('1s', 64), set('1s', 16), set('2s', 64), set('2s', 32)];
  const order = new SweepOrder(sets);
  expect([0, 1, 2, 3, 4].map(() => order.next())).toEqual([1, 3, 0, 2, null]);
});

test('where no limit was felt, looser ones are not tried', () => {
  const sets = [set('1s', 16), set('1s', 32), set('1s', 64), set('2s', 16), set('1s', 0)];
  const order = new SweepOrder(sets);
  expect(order.next()).toBe(0);
  expect(order.next()).toBe(3);
  expect(order.next()).toBe(1);
  // Set 1 is under way: it is not answered by set 0.
  expect(order.alike(0)).toEqual([2, 4]);
  expect(order.next()).toBeNull();
});

test('limits on time keep sets apart', () => {
  const order = new SweepOrder([set('1s', 16, 10), set('1s', 32, 10)]);
  order.next();
  expect(order.alike(0)).toEqual([]);
});

test('a limit that is not felt changes nothing about a replay, and one that is felt does', () => {
  const nrRegions = 40;
  const addresses = Array.from({ length: nrRegions }, (_, row) => row * MIB);
  const pattern = patternOf(
    Array.from({ length: 100 }, (_, window) => ({
      ...{ timeUs: (window + 1) * 100_000, sampleIntervalUs: 5000, aggregationIntervalUs: 100_000 },
      ...{ maxNrAccesses: 20, nrRegions, targetPids: [1] },
      targetIndex: new Uint32Array(nrRegions),
      start: Float64Array.from(addresses),
      end: Float64Array.from(addresses, (start) => start + MIB),
      // One after the other is used for a while.
      nrAccesses: Uint32Array.from(addresses, (_, row) => (row === (window >> 2) % 20 ? 20 : 0)),
      age: Float64Array.from(addresses, () => window),
    })),
  )!;
  const played = (sizeBytes: number) => {
    const replay = new Replay({ pattern, params: set('1s', sizeBytes), refaultUs: 100 });
    replay.runUntil(pattern.durationUs);
    const result = replay.result();
    return { felt: result.quotaFelt, outcome: outcomeOf(result, { absentBytes: 0, netShare: 1 }) };
  };
  const loose = played(64 * MIB);
  expect(loose.felt).toBe(false);
  expect(loose.outcome.refaultedBytes).toBeGreaterThan(0);
  expect(played(1024 * MIB)).toEqual(loose);
  const tight = played(2 * MIB);
  expect(tight.felt).toBe(true);
  expect(tight.outcome).not.toEqual(loose.outcome);
});
