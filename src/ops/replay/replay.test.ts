import { expect, test } from 'vitest';
import { handMadePattern } from '../../../test/hand-made-pattern.ts';
import { parseParams } from '../../params/parse.ts';
import { resolveParams } from '../../params/resolve.ts';
import type { Params } from '../../params/types.ts';
import type { RecordedPattern } from './recorded-pattern.ts';
import { Replay } from './replay.ts';

const MIB = 2 ** 20;

function reclaim(age: string, more: object = {}, operations = 'vaddr'): Params {
  const pattern = { nrAccesses: { max: 0 }, age: { min: age } };
  return resolveParams(
    parseParams({ operations, schemes: [{ action: 'pageout', pattern, ...more }] }, 'test'),
    0,
  );
}

function replayed(pattern: RecordedPattern, params: Params, seed = 1) {
  const replay = new Replay({ pattern, params, refaultUs: 10, seed });
  replay.runUntil(pattern.durationUs);
  return replay.result();
}

/** 64 MiB for 20 s: a hot quarter, a cold half, and a quarter that is touched every 5 s. */
const pattern = handMadePattern(
  Array.from({ length: 200 }, (_, window) => [
    [0, 16 * MIB, 20],
    [16 * MIB, 48 * MIB, 0],
    [48 * MIB, 64 * MIB, window % 50 === 49 ? 20 : 0],
  ]),
);

test('cold memory leaves after its time, hot memory never does', () => {
  const result = replayed(pattern, reclaim('10s'));
  expect(result.endSavedBytes / MIB).toBeGreaterThan(30);
  expect(result.endSavedBytes).toBeLessThanOrEqual(32 * MIB);
  // Half of it for half of the time.
  expect(result.savedShare).toBeCloseTo(0.25, 1);
  expect(result.refaultedBytes / MIB).toBeLessThan(2);
});

test('what is touched again comes back, and costs its stall', () => {
  const result = replayed(pattern, reclaim('2s'));
  // Four times, of which the last comes with the end.
  expect(result.refaultedBytes / MIB).toBeGreaterThan(4 * 16 * 0.9);
  expect(result.refaultedBytes / MIB).toBeLessThanOrEqual(4 * 16 * 1.05);
  expect(result.stallUs).toBeCloseTo((result.refaultedBytes / 4096) * 10, 0);
  expect(result.slowdownShare).toBeCloseTo(result.stallUs / 20e6, 9);
});

test('quotas hold in every window of the run', () => {
  const quota = { sizeBytes: '1M', resetIntervalMs: '1s' };
  const result = replayed(pattern, reclaim('2s', { quota }));
  expect(result.pagedOutBytes).toBeLessThanOrEqual(20 * MIB);
  expect(result.pagedOutBytes).toBeGreaterThan(14 * MIB);
  for (const [index, { timeUs, savedBytes }] of result.overTime.entries()) {
    const before = result.overTime.findLast(({ timeUs: then }) => then <= timeUs - 1e6);
    if (before && index > 0) expect(savedBytes - before.savedBytes).toBeLessThanOrEqual(2 * MIB);
  }
});

test('watermarks and aims that a recording knows nothing of do not stop it', () => {
  const watermarks = { metric: 'free_mem_rate', highPermil: 500, midPermil: 400, lowPermil: 200 };
  expect(replayed(pattern, reclaim('2s', { watermarks })).pagedOutBytes).toBeGreaterThan(32 * MIB);
});

test('physical memory is looked at twice before it goes', () => {
  const virtual = replayed(pattern, reclaim('4s'));
  const physical = replayed(pattern, reclaim('4s', {}, 'paddr'));
  expect(physical.savedBytes).toBeLessThan(virtual.savedBytes);
  expect(physical.endSavedBytes / MIB).toBeGreaterThan(30);
});

test('the same seed gives the same result, another one about the same', () => {
  const params = reclaim('3s');
  const result = replayed(pattern, params);
  expect(replayed(pattern, params)).toEqual(result);
  const other = replayed(pattern, params, 2);
  expect(other.savedBytes / result.savedBytes).toBeCloseTo(1, 1);
});

test('memory that was cold before the recording goes at once', () => {
  const old = handMadePattern(Array.from({ length: 5 }, () => [[0, 16 * MIB, 0, 100]]));
  expect(replayed(old, reclaim('8s')).endSavedBytes).toBe(16 * MIB);
  const unknown = handMadePattern(Array.from({ length: 5 }, () => [[0, 16 * MIB, 0]]));
  expect(replayed(unknown, reclaim('8s')).endSavedBytes).toBe(0);
});
