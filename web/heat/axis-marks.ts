/** Where ticks of time and names of addresses go beside the picture. Pure. */
import type { AddressAxis } from './address-axis.ts';
import type { HeatView } from './heat-view.ts';
import type { AddressLabel } from './picture.ts';

/** A tick of the time axis. */
export interface TimeMark {
  readonly x: number;
  readonly timeUs: number;
}

/** A name beside the picture; where several have no room, one that stands for all. */
export interface NameMark {
  readonly y: number;
  /** Of the part that is visible. */
  readonly top: number;
  readonly bottom: number;
  readonly name: string;
}

const STEPS_S = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];

/** Round moments, no nearer to each other than `pixelsApart`. */
export function timeMarks(view: HeatView, offsetUs: number, pixelsApart: number): TimeMark[] {
  const leastUs = view.usPerPixel * pixelsApart;
  const stepS = STEPS_S.find((step) => step * 1e6 >= leastUs) ?? Math.ceil(leastUs / 3.6e9) * 3600;
  const stepUs = stepS * 1e6;
  const marks: TimeMark[] = [];
  const first = Math.ceil((view.fromUs + offsetUs) / stepUs) * stepUs - offsetUs;
  const lastUs = view.fromUs + view.width * view.usPerPixel;
  for (let timeUs = first; timeUs <= lastUs; timeUs += stepUs) {
    marks.push({ x: (timeUs - view.fromUs) / view.usPerPixel, timeUs });
  }
  return marks;
}

/** Names of the visible mappings, `pixelsApart` at least; the larger of two is named. */
export function nameMarks(
  view: HeatView,
  axis: AddressAxis,
  labels: readonly AddressLabel[],
  pixelsApart: number,
): NameMark[] {
  const spans = labels.flatMap(({ targetIndex, start, end, name }) =>
    axis
      .offsetsOf(targetIndex, start, end)
      .map((one) => ({
        name,
        top: Math.max((one.start - view.offset) / view.bytesPerPixel, 0),
        bottom: Math.min((one.end - view.offset) / view.bytesPerPixel, view.height),
      }))
      .filter(({ top, bottom }) => bottom > 0 && top < view.height && bottom > top),
  );
  const largestFirst = spans.toSorted((a, b) => b.bottom - b.top - (a.bottom - a.top));
  const placed: NameMark[] = [];
  for (const span of largestFirst) {
    const middle = (span.top + span.bottom) / 2;
    const y = Math.min(Math.max(middle, pixelsApart / 2), view.height - pixelsApart / 2);
    if (placed.some((other) => Math.abs(other.y - y) < pixelsApart)) continue;
    placed.push({ ...span, y });
  }
  return placed.toSorted((a, b) => a.y - b.y);
}

/** Pixel rows at which a gap in the addresses was taken out. */
export function gapRows(view: HeatView, axis: AddressAxis): number[] {
  return axis.segments
    .slice(1)
    .map(({ offset }) => (offset - view.offset) / view.bytesPerPixel)
    .filter((y) => y > 0 && y < view.height);
}
