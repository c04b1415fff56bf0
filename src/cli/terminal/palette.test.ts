import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { heatColour, heatShade } from './palette.ts';

function luminance([red, green, blue]: readonly [number, number, number]): number {
  const linear = (value: number) => (value / 255) ** 2.2;
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

describe('the palette', () => {
  test('begins deep and ends warm, also for heat out of range', () => {
    expect(heatColour(0)).toEqual([10, 24, 66]);
    expect(heatColour(1)).toEqual([255, 236, 160]);
    expect(heatColour(-1)).toEqual(heatColour(0));
    expect(heatColour(7)).toEqual(heatColour(1));
  });

  test('is never darker where it is hotter', () => {
    const heat = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(heat, heat, (a, b) => {
        const [colder, hotter] = a < b ? [a, b] : [b, a];
        expect(luminance(heatColour(hotter))).toBeGreaterThanOrEqual(luminance(heatColour(colder)));
      }),
    );
  });

  test('has a character for each step where there are no colours', () => {
    expect([0, 0.02, 0.1, 0.3, 0.6, 1].map(heatShade).join('')).toBe('.:=+#@');
  });
});
