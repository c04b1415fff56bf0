import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readId, readNumber, readSize, readTimeNs, readTimeUs } from './damo-number-bytes.ts';

/** Reads a text that stands between others. */
function of<Value>(read: (bytes: Uint8Array, from: number, to: number) => Value, text: string) {
  return read(new TextEncoder().encode(`12${text}34`), 2, 2 + text.length);
}

test('numbers with commas anywhere', () => {
  const form = fc.tuple(fc.nat(2 ** 53 - 1), fc.boolean());
  fc.assert(
    fc.property(form, ([value, hasCommas]) => {
      const text = hasCommas ? value.toLocaleString('en-US') : String(value);
      expect(of(readNumber, text)).toBe(value);
    }),
  );
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e15, noNaN: true }), (value) => {
      expect(of(readNumber, String(value))).toBe(value);
    }),
  );
});

test.each([
  ['min', 0],
  ['max', 2 ** 64],
  ['18446744073709551615', 2 ** 64],
  ['1,234.5', 1234.5],
  ['1e3', 1000],
  ...['', ',', '-1', '1 2', '0x10', 'ten', '1.2.3', '.', 'NaN', 'Infinity', '9'.repeat(100)].map(
    (text): [string, number] => [text, Number.NaN],
  ),
])('number %j', (text, value) => {
  expect(of(readNumber, text)).toBe(value);
});

test.each([
  ['4096', 4096],
  ['4K', 4096],
  ['0 B', 0],
  ['143.027 MiB', Math.trunc(143.027 * 2 ** 20)],
  ['350.684 MiB', Math.trunc(350.684 * 2 ** 20)],
  ['1 KB', 1024],
  ['1.5 GiB', 1.5 * 2 ** 30],
  ['2T', 2 ** 41],
  ['1P', 2 ** 50],
  ['100 E', 2 ** 64],
  ['max', 2 ** 64],
  ...['4k', '1 KiBi', 'MiB', '1 XB', '-1 K', '1 BB', ' '].map((text): [string, number] => [
    text,
    Number.NaN,
  ]),
])('size %j', (text, bytes) => {
  expect(of(readSize, text)).toBe(bytes);
});

describe('times', () => {
  const ns = (text: string) => of((bytes, from, to) => readTimeNs(bytes, from, to, 1), text);

  test.each([
    ['539809434100', 539_809_434_100n],
    ['1748191726781395200', 1_748_191_726_781_395_200n],
    ['8 m 59 s 809 ms 434 us 100 ns', 539_809_434_100n],
    ['100ms', 100_000_000n],
    ['3.4 s', 3_400_000_000n],
    ['1 d 1 h', 90_000_000_000_000n],
    ['1,000 us', 1_000_000n],
    ...['', 'soon', '1 y', '1 2', '1 s 2', 's 1', '-1 s', '9'.repeat(200)].map(
      (text): [string, null] => [text, null],
    ),
  ])('%j', (text, value) => {
    expect(ns(text)).toBe(value);
  });

  test('bare numbers have the unit of their key', () => {
    expect(of(readTimeUs, '5000')).toBe(5000);
    expect(of(readTimeUs, '5 ms')).toBe(5000);
    expect(of(readTimeUs, '1500 ns')).toBe(1.5);
    expect(of(readTimeUs, 'x')).toBeNaN();
  });
});

test('ids are exact up to a u64', () => {
  expect(of(readId, '18446623438842320000')).toBe('18446623438842320000');
  expect(of(readId, '007')).toBe('7');
  expect(of(readId, '-1')).toBeNull();
  expect(of(readId, '1'.repeat(21))).toBeNull();
});
