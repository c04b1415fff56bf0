import { expect, test } from 'vitest';
import { clockText } from './place-text.ts';

test('moments within one second are told apart, by either clock', () => {
  const noonUs = Date.UTC(2026, 10, 27, 12) * 1000;
  const texts = (wallOffsetUs: number | null) =>
    [1e6, 1.2e6, 1.4e6].map((timeUs) => clockText(timeUs, wallOffsetUs));
  expect(texts(null)).toEqual(['0:01', '0:01.2', '0:01.4']);
  const local = new Date(noonUs / 1000 + 1000).toLocaleTimeString('en-GB');
  expect(texts(noonUs)).toEqual([local, `${local}.2`, `${local}.4`]);
});
