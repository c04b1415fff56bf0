import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatBytes, formatDuration, formatShare, parseBytes, parseDuration } from './units.ts';

const MIB = 2 ** 20;

describe('sizes', () => {
  test.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1 KiB'],
    [1536, '1.5 KiB'],
    [MIB - 1, '1 MiB'],
    [1.2 * 2 ** 30, '1.2 GiB'],
    [2 ** 53 - 4096, '8 PiB'],
    [-4096, '-4 KiB'],
  ])('%d B reads %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  test.each([
    ['4096', 4096],
    ['64K', 65_536],
    ['64 KiB', 65_536],
    ['1.5GiB', 1.5 * 2 ** 30],
    ['2mb', 2 * MIB],
    ['1 T', 2 ** 40],
  ])('%s is %d B', (text, bytes) => {
    expect(parseBytes(text, '--size')).toBe(bytes);
  });

  test.each(['', 'many', '-1', '1.3', '5 parsecs', '0x10', '9E'])('"%s" is refused', (text) => {
    expect(() => parseBytes(text, '--size')).toThrow(`--size is "${text}", which is not a size`);
  });

  test('what is shown is within a twentieth of what is', () => {
    const property = fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (bytes) => {
      const [value, unit] = formatBytes(bytes).split(' ');
      const power = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'].indexOf(unit!);
      expect(Math.abs(Number(value) * 1024 ** power - bytes) / bytes).toBeLessThanOrEqual(0.05);
    });
    fc.assert(property);
  });
});

describe('durations', () => {
  test.each([
    [5, '5 us'],
    [250_000, '250 ms'],
    [3_400_000, '3.4 s'],
    [90_000_000, '90 s'],
    [9_000_000_000, '2.5 h'],
    [5 * 86_400_000_000, '5 d'],
  ])('%d us reads %s', (durationUs, text) => {
    expect(formatDuration(durationUs)).toBe(text);
  });

  test.each([
    ['5ms', 5_000],
    ['1.5 s', 1_500_000],
    ['2m', 120_000_000],
    ['100 us', 100],
  ])('%s is %d us', (text, durationUs) => {
    expect(parseDuration(text, '--every')).toBe(durationUs);
  });

  test.each(['5', '5 S', '', 'soon', '-1s'])('"%s" is refused', (text) => {
    expect(() => parseDuration(text, '--every')).toThrow('write a number and a unit');
  });
});

test.each([
  [0, '0 %'],
  [0.00001, '<0.01 %'],
  [0.0012, '0.12 %'],
  [0.1234, '12.3 %'],
  [1, '100 %'],
])('a share of %d reads %s', (share, text) => {
  expect(formatShare(share)).toBe(text);
});
