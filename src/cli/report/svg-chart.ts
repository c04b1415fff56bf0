/** Reports as pictures: SVG text without anything that has to be loaded. */
import type { HeatMapAnswer } from '../../analysis/heat-map.ts';
import type { Instant } from '../../analysis/instants.ts';
import type { HistogramBucket } from '../../analysis/weighted-distribution.ts';
import { formatBytes, formatDuration, formatShare } from '../../base/units.ts';
import type { Colour } from '../terminal/line.ts';
import { heatColour } from '../terminal/palette.ts';

const WIDTH = 960;
const HEIGHT = 540;
const LEFT = 150;
const TOP = 50;
const RIGHT = 30;
const BOTTOM = 60;
const INNER_WIDTH = WIDTH - LEFT - RIGHT;
const INNER_HEIGHT = HEIGHT - TOP - BOTTOM;
const LINE_HEAT = 0.2;

/** Figures over time as a line. */
export function lineChartSvg(
  title: string,
  instants: readonly Instant[],
  format: (value: number) => string,
): string {
  const startNs = instants[0]!.startNs;
  const spanNs = Math.max(Number(instants.at(-1)!.endNs - startNs), 1);
  const most = Math.max(
    instants.reduce((highest, { value }) => Math.max(highest, value), 0),
    1,
  );
  const points = instants.map(({ endNs, value }) => {
    const x = LEFT + (Number(endNs - startNs) / spanNs) * INNER_WIDTH;
    const y = TOP + (1 - value / most) * INNER_HEIGHT;
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  const colour = rgb(heatColour(LINE_HEAT));
  return page(title, [
    `<polyline fill="none" stroke="${colour}" stroke-width="1.5" points="${points.join(' ')}"/>`,
    ...axes('0', format(most), '0', formatDuration(spanNs / 1000)),
  ]);
}

/** A point of a scatter chart: a share, and bytes. */
export interface ScatterPoint {
  readonly x: number;
  readonly y: number;
}

/** What is saved against what it costs: all points, and a line through those that nothing beats. */
export function paretoSvg(
  title: string,
  points: readonly ScatterPoint[],
  front: readonly ScatterPoint[],
): string {
  const highest = (figure: (point: ScatterPoint) => number) =>
    points.reduce((most, point) => Math.max(most, figure(point)), Number.MIN_VALUE);
  const mostX = highest(({ x }) => x);
  const mostY = highest(({ y }) => y);
  const place = ({ x, y }: ScatterPoint): [string, string] => [
    (LEFT + (x / mostX) * INNER_WIDTH).toFixed(1),
    (TOP + (1 - y / mostY) * INNER_HEIGHT).toFixed(1),
  ];
  const dots = (some: readonly ScatterPoint[], radius: number, colour: string) =>
    some.map((point) => {
      const [cx, cy] = place(point);
      const label = `${formatBytes(point.y)} at ${formatShare(point.x)}`;
      return (
        `<circle cx="${cx}" cy="${cy}" r="${radius}" fill="${colour}">` +
        `<title>${escaped(label)}</title></circle>`
      );
    });
  const colour = rgb(heatColour(LINE_HEAT));
  const line = front.map((point) => place(point).join(',')).join(' ');
  return page(title, [
    ...dots(points, 2, 'rgb(170,170,170)'),
    `<polyline fill="none" stroke="${colour}" stroke-width="1.5" points="${line}"/>`,
    ...dots(front, 4, colour),
    ...axes('0', formatBytes(mostY), '0', formatShare(mostX)),
  ]);
}

/** A histogram as columns. */
export function histogramSvg(
  title: string,
  buckets: readonly HistogramBucket[],
  format: (value: number) => string,
): string {
  const most = buckets.reduce((highest, { bytes }) => Math.max(highest, bytes), 1);
  const width = INNER_WIDTH / Math.max(buckets.length, 1);
  const columns = buckets.map(({ from, to, bytes }, index) => {
    const height = (bytes / most) * INNER_HEIGHT;
    const label = `${format(from)} to ${format(to)}: ${formatBytes(bytes)}`;
    const box = rect(
      LEFT + index * width + 1,
      TOP + INNER_HEIGHT - height,
      Math.max(width - 2, 1),
      height,
      heatColour(LINE_HEAT),
    );
    return box.replace('/>', `><title>${escaped(label)}</title></rect>`);
  });
  const first = buckets[0];
  const last = buckets.at(-1);
  return page(title, [
    ...columns,
    ...axes(
      '0',
      formatBytes(most),
      first === undefined ? '' : format(first.from),
      last === undefined ? '' : format(last.to),
    ),
  ]);
}

/** A heat map: time to the right, addresses downwards, as on a terminal, and its scale below. */
export function heatMapSvg(title: string, map: HeatMapAnswer): string {
  const { timeCells, addressCells, addresses, startNs, endNs } = map.grid;
  const highest = highestOf(map.cells);
  const width = INNER_WIDTH / timeCells;
  const height = INNER_HEIGHT / addressCells;
  const boxes: string[] = [];
  for (let address = 0; address < addressCells; address++) {
    const y = TOP + address * height;
    // Neighbours of one colour are one box: a picture of mostly idle memory stays small.
    for (let time = 0; time < timeCells; ) {
      const colour = colourOf(map.cells[time * addressCells + address]!, highest);
      let next = time + 1;
      while (
        next < timeCells &&
        colourOf(map.cells[next * addressCells + address]!, highest) === colour
      ) {
        next += 1;
      }
      if (colour !== null) {
        boxes.push(rect(LEFT + time * width, y, (next - time) * width, height, colour));
      }
      time = next;
    }
  }
  const scale = Array.from({ length: 20 }, (_, step) =>
    rect(LEFT + 250 + step * 10, HEIGHT - 24, 10, 10, heatColour(step / 19)),
  );
  return page(title, [
    `<g shape-rendering="crispEdges">${boxes.join('')}${scale.join('')}</g>`,
    text(LEFT + 244, HEIGHT - 15, 'end', '0'),
    text(LEFT + 456, HEIGHT - 15, 'start', `${Number(highest.toPrecision(3))} ${map.unit}`),
    ...axes(
      `0x${addresses.end.toString(16)}`,
      `0x${addresses.start.toString(16)}`,
      '0',
      formatDuration(Number(endNs - startNs) / 1000),
    ),
  ]);
}

/** The highest of the cells in which something was seen; 0 where nothing was. */
export function highestOf(cells: Float64Array): number {
  let highest = 0;
  for (const value of cells) if (value > highest) highest = value;
  return highest;
}

function colourOf(value: number, highest: number): Colour | null {
  return Number.isNaN(value) ? null : heatColour(highest === 0 ? 0 : value / highest);
}

function page(title: string, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}"`,
    ' font-family="sans-serif" font-size="12" stroke="none">',
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
    `<text x="${LEFT}" y="28" font-size="16">${escaped(title)}</text>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

function axes(bottom: string, top: string, left: string, right: string): string[] {
  const box = `x="${LEFT}" y="${TOP}" width="${INNER_WIDTH}" height="${INNER_HEIGHT}"`;
  return [
    `<rect ${box} fill="none" stroke="black" stroke-width="0.5"/>`,
    text(LEFT - 6, TOP + INNER_HEIGHT, 'end', bottom),
    text(LEFT - 6, TOP + 10, 'end', top),
    text(LEFT, TOP + INNER_HEIGHT + 18, 'start', left),
    text(WIDTH - RIGHT, TOP + INNER_HEIGHT + 18, 'end', right),
  ];
}

function text(x: number, y: number, anchor: 'start' | 'end', content: string): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

function rect(x: number, y: number, width: number, height: number, colour: Colour): string {
  const numbers = [x, y, width, height].map((value) => Number(value.toFixed(2)));
  return (
    `<rect x="${numbers[0]}" y="${numbers[1]}" width="${numbers[2]}" ` +
    `height="${numbers[3]}" fill="${rgb(colour)}"/>`
  );
}

function rgb([red, green, blue]: Colour): string {
  return `rgb(${red},${green},${blue})`;
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
