import { expect, test } from 'vitest';
import { DEFAULT_LIMITS, LoopGuards } from './loop-guards.ts';
import type { LoopTotals } from './loop-host.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

function totals(differences: Partial<LoopTotals> = {}): LoopTotals {
  return {
    timeUs: 0,
    memoryPressure: { someUs: 0, fullUs: 0 },
    ioPressure: { someUs: 0, fullUs: 0 },
    ...{ residentBytes: GIB, swappedBytes: 0, refaultedBytes: 0, poolBytes: 0 },
    ...{ swapIsCompressed: true, swapIsOnDisk: false, swapTotalBytes: GIB, swapUsedBytes: 0 },
    ...{ diskWriteBytes: 0, stalledAllocations: 0 },
    ...differences,
  };
}

const second = (differences: Partial<LoopTotals> = {}) =>
  totals({ timeUs: 1_000_000, ...differences });

const judge = (now: LoopTotals, rivals: readonly string[] = []) =>
  new LoopGuards(DEFAULT_LIMITS).judge(totals(), now, rivals);

test('nothing speaks against a quiet machine', () => {
  expect(judge(second())).toEqual({ state: 'go', sentence: '' });
});

test('a run ends when swap is used up to its share, whatever else is', () => {
  const { state, sentence } = judge(second({ swapUsedBytes: 0.8 * GIB }), ['damo runs.']);
  expect(state).toBe('stop');
  expect(sentence).toMatch(/819\.2 MiB of 1 GiB of swap are used; what is above 80 %/);
});

test.each([
  ['others', second(), ['damo runs.'], /^damo runs\.$/],
  ['pressure', second({ ioPressure: { someUs: 60_000, fullUs: 0 } }), [], /6 %, above 5 %/],
  ['the rate', second({ diskWriteBytes: 2 * MIB }), [], /writes 2 MiB a second to disks/],
])('a run is held because of %s', (_, now, rivals, expected) => {
  const { state, sentence } = judge(now, rivals);
  expect(state).toBe('hold');
  expect(sentence).toMatch(expected);
});

test('a day has its own limit for disks, and the next day begins anew', () => {
  const guards = new LoopGuards({ ...DEFAULT_LIMITS, diskBytesPerSecond: Infinity });
  const hour = 3_600_000_000;
  const at = (hours: number, diskWriteBytes: number) =>
    totals({ timeUs: hours * hour, diskWriteBytes });
  expect(guards.judge(at(0, 0), at(1, 7 * GIB), []).state).toBe('go');
  expect(guards.judge(at(1, 7 * GIB), at(2, 9 * GIB), []).sentence).toMatch(
    /9 GiB to disks within/,
  );
  expect(guards.judge(at(24, 9 * GIB), at(25, 10 * GIB), []).state).toBe('go');
});

test('what may be taken until the next look passes no limit', () => {
  const guards = new LoopGuards(DEFAULT_LIMITS);
  expect(guards.roomBytes(totals({ swapTotalBytes: 0 }))).toBe(Number.POSITIVE_INFINITY);
  expect(guards.roomBytes(totals({ swapUsedBytes: 0.75 * GIB }))).toBeCloseTo(0.05 * GIB);
  expect(guards.roomBytes(totals({ swapUsedBytes: GIB }))).toBe(0);
  expect(guards.roomBytes(totals({ swapIsOnDisk: true }))).toBe(MIB);
});
