/** Figures as columns and bars of characters. */
import type { ColourDepth, Line } from './line.ts';
import { heatColour } from './palette.ts';

const EIGHTHS = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;
const CHART_HEAT = 0.6;

/**
 * Columns from 0 up to the highest value, oldest left; where there are more values than columns,
 * each is the highest of its share.
 */
export function columnChart(
  values: readonly number[],
  width: number,
  height: number,
  depth: ColourDepth,
): Line[] {
  const columns = highestOfShares(values, Math.min(width, values.length));
  const most = Math.max(...columns, Number.MIN_VALUE);
  const lines: Line[] = [];
  for (let row = height - 1; row >= 0; row--) {
    const text = columns
      .map((value) => {
        const eighths = Math.round((value / most) * height * 8) - row * 8;
        return EIGHTHS[Math.min(Math.max(eighths, 0), 8)]!;
      })
      .join('');
    lines.push([depth === 'none' ? { text } : { text, foreground: heatColour(CHART_HEAT) }]);
  }
  return lines;
}

/** A bar of at most `width` columns for a share from 0 to 1; what is above 0 is seen. */
export function bar(share: number, width: number): string {
  const eighths = Math.round(share * width * 8);
  const seen = share > 0 ? Math.max(eighths, 1) : 0;
  return '█'.repeat(seen >> 3) + EIGHTHS[seen & 7]!.trim();
}

function highestOfShares(values: readonly number[], nrShares: number): number[] {
  return Array.from({ length: nrShares }, (_, share) => {
    const from = Math.floor((share * values.length) / nrShares);
    const to = Math.floor(((share + 1) * values.length) / nrShares);
    let highest = values[from]!;
    for (let index = from + 1; index < to; index++) highest = Math.max(highest, values[index]!);
    return highest;
  });
}
