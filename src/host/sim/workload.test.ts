import { describe, expect, test } from 'vitest';
import { HUGE_PAGES } from './page.ts';
import type { AccessSpec } from './scenario.ts';
import { compileRates, rateAt, rateSum } from './workload.ts';

const PAGES = 40_000;
const whole = { vma: 'data', from: 0, to: 1 };
const moment = { fromUs: 0, toUs: 100_000 };

const compile = (accesses: AccessSpec[], at = moment) => compileRates(PAGES, accesses, at, 5);

function sumOfPages(rates: ReturnType<typeof compile>, start: number, end: number): number {
  let sum = 0;
  for (let page = start; page < end; page++) sum += rateAt(rates, page);
  return sum;
}

describe.each<[string, AccessSpec]>([
  ['uniform', { ...whole, pattern: 'uniform', ratePerSecond: 3 }],
  ['hotset', { ...whole, pattern: 'hotset', ratePerSecond: 3, hotShare: 0.1, hotAccessShare: 0.9 }],
  ['sorted', { ...whole, pattern: 'zipf', ratePerSecond: 3, theta: 0.99, layout: 'sorted' }],
  ['blocked', { ...whole, pattern: 'zipf', ratePerSecond: 3, theta: 0.99, layout: 'blocked' }],
  ['scrambled', { ...whole, pattern: 'zipf', ratePerSecond: 3, theta: 0.99, layout: 'scrambled' }],
  ['latest', { ...whole, pattern: 'latest', ratePerSecond: 3, theta: 0.99, bytesPerSecond: 1e8 }],
])('%s', (name, access) => {
  test('has the mean rate that was asked for', () => {
    // The last block of 2 MiB is a short one, so that blocks come near only.
    const digits = name === 'blocked' ? 1 : 6;
    expect(sumOfPages(compile([access]), 0, PAGES) / PAGES).toBeCloseTo(3, digits);
  });

  test('sums up any range', () => {
    if (name === 'scrambled') return expect(rateSum(compile([access]), 50, 150)).toBe(300);
    const rates = compile([access]);
    for (const [start, end] of [
      [0, PAGES],
      [17, 3000],
      [3999, 4001],
    ] as const) {
      const sum = sumOfPages(rates, start, end);
      expect(Math.abs(rateSum(rates, start, end) - sum)).toBeLessThan(sum * 1e-9);
    }
  });
});

test('a hot set gets its share', () => {
  const access: AccessSpec = {
    ...whole,
    pattern: 'hotset',
    ratePerSecond: 1,
    hotShare: 0.1,
    hotAccessShare: 0.9,
  };
  const rates = compile([{ ...access, from: 0.5 }]);
  expect(rates.pieces.map(({ start, end }) => [start, end])).toEqual([
    [0, 20_000],
    [20_000, 22_000],
    [22_000, 40_000],
  ]);
  expect(rateAt(rates, 20_000)).toBeCloseTo(9, 12);
  expect(rateAt(rates, 22_000)).toBeCloseTo(1 / 9, 12);
});

test('accesses add up where they overlap', () => {
  const rates = compile([
    { ...whole, pattern: 'uniform', ratePerSecond: 1, to: 0.5 },
    { ...whole, pattern: 'uniform', ratePerSecond: 10, from: 0.25 },
  ]);
  expect([0, 10_000, 20_000].map((page) => rateAt(rates, page))).toEqual([1, 11, 10]);
});

test('blocks of 2 MiB share one popularity', () => {
  const rates = compile([
    { ...whole, pattern: 'zipf', ratePerSecond: 1, theta: 0.99, layout: 'blocked' },
  ]);
  expect(rateAt(rates, HUGE_PAGES)).toBe(rateAt(rates, 2 * HUGE_PAGES - 1));
  expect(rateAt(rates, HUGE_PAGES)).not.toBe(rateAt(rates, 0));
});

test('a scan visits each page once in a pass, and begins again', () => {
  // 1,000 pages in each slice of 100 ms, from page 39,500 over the end.
  const access: AccessSpec = { ...whole, pattern: 'scan', bytesPerSecond: 10_000 * 4096 };
  const rates = compile([access], { fromUs: 3_950_000, toUs: 4_050_000 });
  expect(rates.pieces.map(({ start, end, rate }) => [start, end, rate])).toEqual([
    [0, 500, 10],
    [500, 39_500, 0],
    [39_500, 40_000, 10],
  ]);
});

test('the latest pages are the most popular', () => {
  const access: AccessSpec = {
    ...whole,
    pattern: 'latest',
    ratePerSecond: 1,
    theta: 0.99,
    bytesPerSecond: 10_000 * 4096,
  };
  const rates = compile([access], { fromUs: 900_000, toUs: 1_000_000 });
  expect(rateAt(rates, 9_999)).toBeGreaterThan(rateAt(rates, 9_000));
  expect(rateAt(rates, 9_000)).toBeGreaterThan(rateAt(rates, 10_000));
});
