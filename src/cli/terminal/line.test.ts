import { describe, expect, test } from 'vitest';
import { fitLine, renderLine, safeText, shorten, shortenFront } from './line.ts';

const warm = [226, 142, 62] as const;

describe('a line', () => {
  test('is padded with blanks to the width', () => {
    expect(renderLine(fitLine([{ text: 'abc' }], 5), 'none')).toBe('abc  ');
  });

  test('is cut at the width, across spans, by characters and not by bytes', () => {
    const line = [{ text: 'a▀é' }, { text: 'xyz', bold: true }];
    expect(renderLine(fitLine(line, 4), 'none')).toBe('a▀éx');
  });

  test('has no control sequence without colours, whatever its style', () => {
    expect(renderLine([{ text: 'hot', foreground: warm, bold: true }], 'none')).toBe('hot');
  });

  test('writes 24-bit colours, and the nearest of the cube where there are 256', () => {
    const line = [{ text: 'x', foreground: warm, background: [0, 0, 0] as const }];
    expect(renderLine(line, 'truecolour')).toBe('\x1b[0;38;2;226;142;62;48;2;0;0;0mx\x1b[0m');
    expect(renderLine(line, '256')).toBe('\x1b[0;38;5;173;48;5;16mx\x1b[0m');
  });

  test('writes a style once for neighbours that share it, and ends plain', () => {
    const line = [{ text: 'a', dim: true }, { text: 'b', dim: true }, { text: 'c' }];
    expect(renderLine(line, '256')).toBe('\x1b[0;2mab\x1b[0mc');
  });
});

describe('text from elsewhere', () => {
  test("can't steer the terminal", () => {
    expect(safeText('/tmp/\x1b[2Jevil\n\u009b1m\u202e中é')).toBe('/tmp/?[2Jevil??1m??é');
  });

  test('is shortened with an ellipsis at the end that says less', () => {
    expect(shorten('postgres: writer', 9)).toBe('postgres…');
    expect(shortenFront('/usr/lib/libc.so.6', 10)).toBe('…libc.so.6');
    expect(shorten('short', 5)).toBe('short');
    expect(shorten('none', 0)).toBe('');
  });
});
