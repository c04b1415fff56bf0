import { describe, expect, test } from 'vitest';
import { closest, show, unknownField } from './closest.ts';

describe('the closest known word', () => {
  const known = ['sampleIntervalUs', 'aggregationIntervalUs', 'minNrRegions', 'maxNrRegions'];

  test.each([
    ['sampleIntervalus', 'sampleIntervalUs'],
    ['sample_interval_us', 'sampleIntervalUs'],
    ['agregationIntervalUs', 'aggregationIntervalUs'],
    ['minRegions', 'minNrRegions'],
  ])('for %s is %s', (written, meant) => {
    expect(closest(written, known)).toBe(meant);
  });

  test('is none when nothing is near', () => {
    expect(closest('colour', known)).toBeUndefined();
    expect(closest('', known)).toBeUndefined();
    expect(closest('x'.repeat(100_000), known)).toBeUndefined();
  });
});

test('an unknown field is told with a way out', () => {
  expect(unknownField('mxa', ['min', 'max'])).toBe('has no field "mxa"; it has min, max.');
  expect(unknownField('maxx', ['min', 'max'])).toBe('has no field "maxx"; did you mean "max"?');
});

test('values are shown short', () => {
  expect(show({ a: 1 })).toBe('a mapping');
  expect(show([])).toBe('an empty list');
  expect(show([1])).toBe('a list');
  expect(show('5 parsecs')).toBe('"5 parsecs"');
  expect(show('x'.repeat(1000)).length).toBeLessThan(80);
});
