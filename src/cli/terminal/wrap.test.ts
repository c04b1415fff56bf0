import { expect, test } from 'vitest';
import { wrapText } from './wrap.ts';

test('wraps between words and indents what follows', () => {
  expect(wrapText('- how much was touched, not where', 16, '  ')).toEqual([
    '- how much was',
    '  touched, not',
    '  where',
  ]);
});

test('leaves a word alone that is longer than a line', () => {
  expect(wrapText('see /a/very/long/path now', 8)).toEqual(['see', '/a/very/long/path', 'now']);
});
