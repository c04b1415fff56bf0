/** Which part of time and addresses is on the screen, and how to get to another. Pure. */

/** The visible part. Time runs to the right, addresses run down. */
export interface HeatView {
  /** Time at the left edge. */
  readonly fromUs: number;
  readonly usPerPixel: number;
  /** Offset on the address axis at the upper edge. */
  readonly offset: number;
  readonly bytesPerPixel: number;
  readonly width: number;
  readonly height: number;
}

/** All that can be looked at. */
export interface HeatWorld {
  readonly fromUs: number;
  readonly toUs: number;
  readonly totalBytes: number;
}

/** How large the cells are that a picture of this view is made of. */
export interface CellLevel {
  readonly usPerCell: number;
  readonly bytesPerCell: number;
}

/** No region is smaller than a page. */
const SMALLEST_CELL_BYTES = 4096;
/** At most this many pixels for one page or one snapshot. */
const LARGEST_CELL_PIXELS = 64;

/**
 * Cells for a view: the smallest that are at least a pixel wide and high, in powers of two, so that
 * a picture serves until the zoom has doubled.
 */
export function cellLevel(view: HeatView, snapshotUs: number): CellLevel {
  return {
    usPerCell: snapshotUs * 2 ** stepsUp(view.usPerPixel / snapshotUs),
    bytesPerCell: SMALLEST_CELL_BYTES * 2 ** stepsUp(view.bytesPerPixel / SMALLEST_CELL_BYTES),
  };
}

function stepsUp(ratio: number): number {
  return Math.max(0, Math.ceil(Math.log2(ratio) - 1e-9));
}

/** Moves the picture by so many pixels. */
export function pan(view: HeatView, x: number, y: number, world: HeatWorld): HeatView {
  const moved = {
    ...view,
    fromUs: view.fromUs - x * view.usPerPixel,
    offset: view.offset - y * view.bytesPerPixel,
  };
  return bounded(moved, view, world);
}

/** Magnifies by `factorX` and `factorY` around a pixel, which keeps its place. */
export function zoom(
  view: HeatView,
  at: { readonly x: number; readonly y: number },
  factor: { readonly x: number; readonly y: number },
  world: HeatWorld,
  snapshotUs: number,
): HeatView {
  const longestUs = Math.max(world.toUs - world.fromUs, snapshotUs * 60);
  const usPerPixel = clamp(
    view.usPerPixel / factor.x,
    snapshotUs / LARGEST_CELL_PIXELS,
    longestUs / view.width,
  );
  const bytesPerPixel = clamp(
    view.bytesPerPixel / factor.y,
    SMALLEST_CELL_BYTES / LARGEST_CELL_PIXELS,
    Math.max(world.totalBytes, 1) / view.height,
  );
  const zoomed = {
    ...view,
    usPerPixel,
    bytesPerPixel,
    fromUs: view.fromUs + at.x * (view.usPerPixel - usPerPixel),
    offset: view.offset + at.y * (view.bytesPerPixel - bytesPerPixel),
  };
  return bounded(zoomed, view, world);
}

/** All addresses; time stays where it is. */
export function fitted(view: HeatView, world: HeatWorld): HeatView {
  return { ...view, offset: 0, bytesPerPixel: world.totalBytes / view.height };
}

/** Moves the right edge to the newest. */
export function followed(view: HeatView, world: HeatWorld): HeatView {
  return { ...view, fromUs: world.toUs - view.width * view.usPerPixel };
}

/** Whether the newest is at the right edge. */
export function isAtEnd(view: HeatView, world: HeatWorld): boolean {
  return view.fromUs + view.width * view.usPerPixel >= world.toUs - view.usPerPixel;
}

/** Whether a view shows another part of time than one before it. */
export function movesTime(view: HeatView, before: HeatView): boolean {
  return view.fromUs !== before.fromUs || view.usPerPixel !== before.usPerPixel;
}

/**
 * Keeps a view within what there is, with the newest at its right edge where that is too short for
 * it. Time that has not moved stays, for a view that was paused when there was little.
 */
function bounded(view: HeatView, before: HeatView, world: HeatWorld): HeatView {
  const latestFromUs = world.toUs - view.width * view.usPerPixel;
  const earliestFromUs = Math.min(world.fromUs, latestFromUs);
  const lowest = Math.max(world.totalBytes - view.height * view.bytesPerPixel, 0);
  return {
    ...view,
    ...(movesTime(view, before) && { fromUs: clamp(view.fromUs, earliestFromUs, latestFromUs) }),
    offset: clamp(view.offset, 0, lowest),
  };
}

function clamp(value: number, min: number, max: number): number {
  return Math.max(Math.min(value, max), min);
}
