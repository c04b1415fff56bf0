import { describe, expect, test } from 'vitest';
import { DEFAULT_ATTRS, DEFAULT_SCHEME, NO_QUOTA } from './defaults.ts';
import { describeFilter, describeScheme, exactBytes, exactDuration } from './format.ts';
import { parseParams } from './parse.ts';
import { resolveParams } from './resolve.ts';
import type { Filter } from './types.ts';

function describeWritten(scheme: object, attrs: unknown = {}): string {
  const params = resolveParams(parseParams({ attrs, schemes: [scheme] }, 'test'), 0);
  return describeScheme(params.schemes[0]!, params.attrs);
}

test('a scheme is one sentence', () => {
  expect(
    describeWritten({
      action: 'pageout',
      pattern: { sizeBytes: { min: '4K' }, nrAccesses: { max: 0 }, age: { min: '2m' } },
      applyIntervalUs: '1s',
      quota: { sizeBytes: '128M', timeMs: 10 },
      watermarks: {
        metric: 'free_mem_rate',
        highPermil: '50 %',
        midPermil: '40 %',
        lowPermil: '20 %',
      },
      filters: [{ type: 'anon', allow: false }],
      maxNrSnapshots: 3,
    }),
  ).toBe(
    'page out regions of at least 4 KiB not accessed for at least 2 m; every 1 s; ' +
      'at most 128 MiB and 10 ms of work each 1 s; from less than 40 % of free memory on, ' +
      'until it is above 50 % or below 20 %; filters: reject anon; for 3 snapshots',
  );
});

test('a scheme that leaves all open says no more than what it does', () => {
  expect(describeScheme({ ...DEFAULT_SCHEME, action: 'stat' }, DEFAULT_ATTRS)).toBe(
    'count regions',
  );
});

test('ages are counts where the intervals are tuned', () => {
  const scheme = { action: 'stat', pattern: { nrAccesses: { min: 1 }, age: { min: 3, max: 9 } } };
  expect(describeWritten(scheme, 'auto')).toBe(
    'count regions accessed in at least 1 of 20 samples for 3 aggregation intervals to ' +
      '9 aggregation intervals',
  );
});

test('goals and destinations are named', () => {
  const goals = [
    { metric: 'node_mem_free_bp', nid: 0, targetValue: 50 },
    { metric: 'node_memcg_used_bp', nid: 1, memcgPath: '/a', targetValue: 9_970 },
  ];
  const destinations = [
    { nid: 1, weight: 3 },
    { nid: 2, weight: 1 },
  ];
  expect(describeWritten({ action: 'migrate_cold', destinations, quota: { goals } })).toBe(
    'migrate regions to node 1 (weight 3), node 2 (weight 1); coldest first; ' +
      'as much as it takes until node_mem_free_bp of node 0 is 0.5 % or ' +
      'node_memcg_used_bp of /a on node 1 is 99.7 %',
  );
});

test('a quota without an end of its window is one for all time', () => {
  const quota = { ...NO_QUOTA, sizeBytes: 4096, resetIntervalMs: 'max' as const };
  expect(describeScheme({ ...DEFAULT_SCHEME, action: 'cold', quota }, DEFAULT_ATTRS)).toBe(
    'mark as cold regions; at most 4 KiB in all',
  );
});

describe('filters in words', () => {
  test.each<[Filter, string]>([
    [{ type: 'young', matching: false, allow: false }, 'reject not young'],
    [{ type: 'memcg', matching: true, allow: true, memcgPath: '/a' }, 'allow memcg /a'],
    [
      { type: 'addr', matching: true, allow: true, range: { start: 0, end: 4096 } },
      'allow addr 0-4096',
    ],
    [{ type: 'target', matching: true, allow: true, targetIndex: 1 }, 'allow target 1'],
    [
      {
        type: 'hugepage_size',
        matching: true,
        allow: true,
        sizeBytes: { min: 2_097_152, max: 'max' },
      },
      'allow hugepage_size at least 2 MiB',
    ],
  ])('%j', (filter, words) => {
    expect(describeFilter(filter)).toBe(words);
  });
});

test('quantities are never rounded', () => {
  expect(exactBytes(128 * 1024 ** 2)).toBe('128 MiB');
  expect(exactBytes(128 * 1024 ** 2 + 1)).toBe('134217729 bytes');
  expect(exactDuration(1_500_000)).toBe('1.5 s');
  expect(exactDuration(1_500_001)).toBe('1500001 us');
  expect(exactDuration(909_000_000)).toBe('909 s');
  expect(exactDuration(61_234_000)).toBe('61234 ms');
});
