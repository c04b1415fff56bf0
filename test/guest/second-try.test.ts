import { expect, test } from 'vitest';
import type { TestResult } from './harness.ts';
import { afterSecondTry, failuresOf, troubleLine } from './second-try.ts';

const result = (name: string, outcome: TestResult['outcome'], message?: string): TestResult => ({
  ...{ name, outcome, seconds: 1, notes: [] },
  ...(message === undefined ? {} : { message }),
});

test('what passes at a second try counts, and how it failed before is kept', () => {
  const first = [
    result('starts', 'passed'),
    result('late', 'failed', 'it takes longer than 90 s'),
    result('broken', 'failed', 'no'),
    result('lost', 'failed', 'as above'),
    result('gone', 'failed', 'as above'),
  ];
  const second = [
    result('late', 'passed'),
    result('broken', 'failed', 'no'),
    result('lost', 'skipped', 'not here'),
  ];
  const { results, recovered } = afterSecondTry(first, second);
  expect(results.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual([
    'starts passed',
    'late passed',
    'broken failed',
    'lost failed',
    'gone failed',
  ]);
  expect(recovered).toEqual([first[1]]);
  expect(failuresOf(results)).toHaveLength(3);
});

test('a failure is told in one line that is not too long', () => {
  const long = result('late', 'failed', `${'x'.repeat(400)}\n    at a line of code`);
  const line = troubleLine('goals on newest plain', long);
  expect(line).toMatch(/^goals on newest plain: late: x{160}$/);
});
