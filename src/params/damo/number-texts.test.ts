import { describe, expect, test } from 'vitest';
import {
  parseCounted,
  parseFlag,
  parseNumber,
  parseShare,
  parseSize,
  parseTime,
} from './number-texts.ts';

test('numbers have commas anywhere, and nothing else', () => {
  expect(parseNumber('1,234.5')).toBe(1234.5);
  expect(parseNumber('94,827,419,009,024')).toBe(94_827_419_009_024);
  expect(parseNumber(7)).toBe(7);
  for (const none of ['', ',', '0x10', '1 000', 'nan', '1e3', null, true, Number.NaN]) {
    expect(parseNumber(none)).toBeUndefined();
  }
});

describe('sizes', () => {
  test.each([
    ['4K', 4096],
    ['4 KB', 4096],
    ['4KiB', 4096],
    ['12 B', 12],
    ['1,024', 1024],
    ['143.027 MiB', 149_974_679],
    [4096, 4096],
    ['min', 0],
    ['max', 'max'],
    ['18,446,744,073,709,551,615', 'max'],
    ['16E', 'max'],
  ])('%s', (text, size) => {
    expect(parseSize(text)).toBe(size);
  });

  test.each(['4k', '4kb', '4Ki', '5 parsecs', '', 'K', '0x1000'])('%j is none', (text) => {
    expect(parseSize(text)).toBeUndefined();
  });
});

describe('times', () => {
  test('with a unit are converted to the unit of the field', () => {
    expect(parseTime('5ms', 'us')).toBe(5_000);
    expect(parseTime('1 m 2 s', 'ms')).toBe(62_000);
    expect(parseTime('1m 2s', 'ms')).toBe(62_000);
    expect(parseTime('8 m 59 s 809 ms 434 us 100 ns', 'ns')).toBe(539_809_434_100);
    expect(parseTime('80.123 ms', 'us')).toBe(80_123);
    expect(parseTime('100 ns', 'us')).toBe(0.1);
  });

  test('without one are in the unit of the field', () => {
    expect(parseTime('5,000', 'us')).toBe(5_000);
    expect(parseTime(10, 'ms')).toBe(10);
    expect(parseTime('max', 'ms')).toBe('max');
  });

  test('come through exactly in their own unit', () => {
    expect(parseTime('6510643314271509 us', 'us')).toBe(6_510_643_314_271_509);
  });

  test.each(['1m2s', '5 parsecs', 'ms', '', '5 MS', '1 s and'])('%j is none', (text) => {
    expect(parseTime(text, 'us')).toBeUndefined();
  });
});

test('shares are converted, bare numbers are in the parts of the field', () => {
  expect(parseShare('4%', 10_000)).toBe(400);
  expect(parseShare('4 %', 1_000)).toBe(40);
  expect(parseShare('99.7 %', 10_000)).toBe(9_970);
  expect(parseShare('400', 10_000)).toBe(400);
  expect(parseShare(5, 1_000)).toBe(5);
  expect(parseShare('18,446,744,073,709,551,615 %', 100)).toBe('max');
  expect(parseShare('5 permil', 1_000)).toBeUndefined();
});

test('counted things need their word', () => {
  expect(parseCounted('1,000 samples', 'samples')).toBe(1_000);
  expect(parseCounted('max samples', 'samples')).toBe('max');
  expect(parseCounted('5', 'samples')).toBeUndefined();
  expect(parseCounted('5 aggr_intervals', 'samples')).toBeUndefined();
});

test('truth is a JSON value or a word', () => {
  expect([true, 'Y', 'yes', 'True'].map(parseFlag)).toEqual([true, true, true, true]);
  expect([false, 'N', 'no', 'false'].map(parseFlag)).toEqual([false, false, false, false]);
  expect([1, 0, '1', 'on', null].every((value) => parseFlag(value) === undefined)).toBe(true);
});
