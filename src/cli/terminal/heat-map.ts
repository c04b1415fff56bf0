import type { Band } from './address-layout.ts';
import type { ColourDepth, Line, Span } from './line.ts';
import { heatColour, heatShade } from './palette.ts';

/** One moment of the past: regions in address order, with how hot each was. */
export interface HeatColumn {
  readonly timeUs: number;
  readonly start: Float64Array;
  readonly end: Float64Array;
  /** 0…1 for each region. */
  readonly heat: Float64Array;
}

/** Bands that one row of characters shows: two where half blocks can have two colours. */
export function bandsPerRow(depth: ColourDepth): 1 | 2 {
  return depth === 'none' ? 1 : 2;
}

/**
 * Heat of each band in one column: the average by bytes over what was watched then, NaN where
 * nothing was. Bands must be in address order within the column's regions, as `layOutBands` gives
 * them.
 */
export function bandHeat(column: HeatColumn, bands: readonly Band[]): Float64Array {
  const heat = new Float64Array(bands.length).fill(NaN);
  for (const [index, band] of bands.entries()) {
    let bytes = 0;
    let sum = 0;
    let row = firstEndingAfter(column.end, band.start);
    for (; row < column.start.length && column.start[row]! < band.end; row++) {
      const shared =
        Math.min(column.end[row]!, band.end) - Math.max(column.start[row]!, band.start);
      bytes += shared;
      sum += shared * column.heat[row]!;
    }
    if (bytes > 0) heat[index] = sum / bytes;
  }
  return heat;
}

/** Row of the first region whose end is above `address`. */
function firstEndingAfter(ends: Float64Array, address: number): number {
  let low = 0;
  let high = ends.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ends[middle]! > address) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * The picture: a row for each band (or two), a character for each column, oldest left, newest
 * right. Columns that are not there yet are blank on the left.
 */
export function heatMapLines(
  columns: readonly HeatColumn[],
  bands: readonly Band[],
  width: number,
  depth: ColourDepth,
): Line[] {
  const shown = columns.slice(-width).map((column) => bandHeat(column, bands));
  const step = bandsPerRow(depth);
  const lines: Line[] = [];
  for (let band = 0; band < bands.length; band += step) {
    const spans: Span[] = [{ text: ' '.repeat(width - shown.length) }];
    for (const heat of shown) spans.push(cell(heat[band]!, heat[band + 1] ?? NaN, step));
    lines.push(spans);
  }
  return lines;
}

function cell(upper: number, lower: number, step: 1 | 2): Span {
  if (step === 1) return { text: Number.isNaN(upper) ? ' ' : heatShade(upper) };
  if (Number.isNaN(upper) && Number.isNaN(lower)) return { text: ' ' };
  if (Number.isNaN(upper)) return { text: '▄', foreground: heatColour(lower) };
  if (Number.isNaN(lower)) return { text: '▀', foreground: heatColour(upper) };
  return { text: '▀', foreground: heatColour(upper), background: heatColour(lower) };
}

/** The scale below a picture: `never ▇▇▇▇ always`. */
export function heatScale(depth: ColourDepth, width: number, low: string, high: string): Line {
  const spans: Span[] = [{ text: `${low} `, dim: true }];
  for (let place = 0; place < width; place++) {
    const heat = place / (width - 1);
    spans.push(
      depth === 'none' ? { text: heatShade(heat) } : { text: ' ', background: heatColour(heat) },
    );
  }
  spans.push({ text: ` ${high}`, dim: true });
  return spans;
}
