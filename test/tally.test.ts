import { expect, test } from 'vitest';
import { readTally, sumOf, tallyLine } from './tally.ts';

test.each([
  [{ passed: 12, failed: 0, skipped: 0 }, '12 passed, 0 failed'],
  [{ passed: 1, failed: 2, skipped: 3 }, '1 passed, 2 failed, 3 skipped'],
])('%j is written, and read back from below other lines', (tally, line) => {
  expect(tallyLine(tally)).toBe(line);
  expect(readTally(`something\n${line}\n`)).toEqual(tally);
});

test('output without such a line at its end has none', () => {
  expect(readTally('')).toBeNull();
  expect(readTally('3 passed, 0 failed\nError: it broke later\n')).toBeNull();
  expect(readTally('at 3 passed, 0 failed')).toBeNull();
});

test('tallies add up', () => {
  const one = { passed: 1, failed: 2, skipped: 4 };
  expect(sumOf([])).toEqual({ passed: 0, failed: 0, skipped: 0 });
  expect(sumOf([one, one, one])).toEqual({ passed: 3, failed: 6, skipped: 12 });
});
