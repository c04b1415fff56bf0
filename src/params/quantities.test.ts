import { describe, expect, test } from 'vitest';
import { addressOf, bytesOf, durationOf, percentOf, shareOf, withoutNoise } from './quantities.ts';

describe('a text with a unit', () => {
  test('becomes the number of the unit of its field', () => {
    expect(bytesOf('64M')).toBe(64 * 1024 ** 2);
    expect(bytesOf('1.5 GiB')).toBe(1.5 * 1024 ** 3);
    expect(durationOf('5ms', 1)).toBe(5_000);
    expect(durationOf('1.5 s', 1_000)).toBe(1_500);
    expect(shareOf('4 %', 10_000)).toBe(400);
    expect(shareOf('33.3%', 1_000)).toBe(333);
    expect(percentOf('3 %', 20)).toBe(0.6);
    expect(addressOf('0x7f0000000000')).toBe(0x7f0000000000);
  });

  test('is refused where it is no whole number of that unit', () => {
    expect(durationOf('500us', 1_000)).toBeUndefined();
    expect(shareOf('0.01 %', 1_000)).toBeUndefined();
    expect(bytesOf('1.3 KiB')).toBeUndefined();
    expect(addressOf('0xffffffffffffffff')).toBeUndefined();
  });

  test('is refused without a unit, or with one of another kind', () => {
    expect(durationOf('5', 1)).toBeUndefined();
    expect(durationOf('5 parsecs', 1)).toBeUndefined();
    expect(bytesOf('5ms')).toBeUndefined();
    expect(shareOf('5', 1_000)).toBeUndefined();
    expect(addressOf('4K')).toBeUndefined();
  });

  test('is refused when it is beyond what a double holds exactly', () => {
    expect(bytesOf('8E')).toBeUndefined();
    expect(durationOf('999999999d', 1)).toBeUndefined();
    expect(shareOf(`${'9'.repeat(400)}%`, 1_000)).toBeUndefined();
  });
});

test('only the noise of doubles is taken away', () => {
  expect(withoutNoise(1100.0000000000002)).toBe(1100);
  expect(withoutNoise(2_500_000_000.5)).toBe(2_500_000_000.5);
});
