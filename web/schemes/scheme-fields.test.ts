import { describe, expect, test } from 'vitest';
import { DEFAULT_ATTRS, DEFAULT_SCHEME } from '../../src/params/defaults.ts';
import { parseParams } from '../../src/params/parse.ts';
import type { Scheme } from '../../src/params/types.ts';
import { changesOf, fieldsOf } from './scheme-fields.ts';
import { ratesOf } from './scheme-rates.ts';

const scheme: Scheme = {
  ...DEFAULT_SCHEME,
  action: 'pageout',
  pattern: {
    sizeBytes: { min: 4096, max: 'max' },
    nrAccesses: { min: 0, max: 2 },
    age: { min: 50, max: 'max' },
  },
  quota: { ...DEFAULT_SCHEME.quota, sizeBytes: 4097 },
};

describe('the fields of a scheme', () => {
  test('are texts that mean exactly what it has', () => {
    expect(fieldsOf(scheme, DEFAULT_ATTRS)).toMatchObject({
      minSize: '4 KiB',
      maxAccesses: '2',
      minAge: '5 s',
      maxAge: 'max',
      quotaBytes: '4097 bytes',
      quotaWindow: '1 s',
    });
  });

  test('have ages in intervals while these are tuned', () => {
    const intervalsGoal = { ...DEFAULT_ATTRS.intervalsGoal, aggregations: 3 };
    expect(fieldsOf(scheme, { ...DEFAULT_ATTRS, intervalsGoal })['minAge']).toBe('50');
  });

  test('give only what was changed', () => {
    const before = fieldsOf(scheme, DEFAULT_ATTRS);
    expect(changesOf(before, before)).toEqual({});
    expect(
      changesOf(before, { ...before, minAge: ' 8 s ', maxAge: '', quotaBytes: '64M' }),
    ).toEqual({ pattern: { age: { min: '8 s', max: null } }, quota: { sizeBytes: '64M' } });
  });

  test('make a scheme that can be taken', () => {
    const added = { action: 'pageout', ...changesOf({}, fieldsOf(scheme, DEFAULT_ATTRS)) };
    const params = parseParams({ schemes: [added] }, 'test');
    expect(params.schemes[0]).toEqual(scheme);
  });
});

test('rates are over a window at least, and start anew with a monitor', () => {
  const figures = (appliedBytes: number) => ({ appliedBytes }) as never;
  const series = [0, 10, 10, 30, 4].map((bytes, index) => ({
    timeUs: index * 500_000,
    figures: figures(bytes),
  }));
  expect(ratesOf(series, ({ appliedBytes }) => appliedBytes, 1e6)).toEqual([null, null, 10, 20, 0]);
});
