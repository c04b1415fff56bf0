/** What the heat map shows and what people do to it, whatever they do it with. */
import { batch, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { Snapshot } from '../../src/params/snapshot.ts';
import { fitted, followed, type HeatView, isAtEnd, movesTime, pan, zoom } from './heat-view.ts';
import type { Picture } from './picture.ts';
import { type Reading, readingAt } from './place-text.ts';
import type { HeatSelection } from './selection.ts';

/** A point of the picture, in pixels from its upper left corner. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

const PIXELS_PER_SNAPSHOT = 2;
/** What is shown of a monitor that has just begun. */
const FIRST_SPAN_US = 30e6;

/** State of one heat map. */
export class HeatController {
  readonly picture: Picture;
  /** Shared with the views below the picture. */
  readonly selection: Signal<HeatSelection | null>;
  /** Whether a drag selects instead of moving the picture. */
  readonly selects: Signal<boolean> = signal(false);
  /** The crosshair, or null. */
  readonly cursor: Signal<Point | null> = signal(null);
  /** Where a selection by keys began; null while there is none. */
  anchor: Point | null = null;
  readonly #view = signal<HeatView>({
    fromUs: 0,
    usPerPixel: 1,
    offset: 0,
    bytesPerPixel: 1,
    width: 0,
    height: 0,
  });
  readonly #follows = signal(true);
  /** All addresses are shown, also as they become more. */
  #fitsAddresses = true;
  #hasScale = false;

  constructor(picture: Picture, selection: Signal<HeatSelection | null>) {
    this.picture = picture;
    this.selection = selection;
  }

  get view(): ReadonlySignal<HeatView> {
    return this.#view;
  }

  /** Whether the newest is kept in sight. */
  get follows(): ReadonlySignal<boolean> {
    return this.#follows;
  }

  resize(width: number, height: number): void {
    const before = this.#view.value;
    if (before.width === width && before.height === height) return;
    const { untilUs } = this.picture;
    const wasWhole = untilUs !== null && this.#follows.value;
    this.#view.value = {
      ...before,
      width,
      height,
      // A run whose end is known stays wholly in sight.
      ...(wasWhole && { usPerPixel: untilUs / Math.max(width, 1) }),
    };
    this.update();
  }

  /** Takes notice of what is new in the picture. */
  update(): void {
    const { picture } = this;
    const { latest, world } = picture;
    let view = this.#view.value;
    if (latest === undefined || view.width === 0) return;
    if (!this.#hasScale) {
      view = { ...view, usPerPixel: this.#firstSpanUs(latest.snapshot) / view.width };
      this.#hasScale = true;
    }
    if (this.#fitsAddresses) view = fitted(view, world);
    if (this.#follows.value) view = followed(view, world);
    this.#view.value = view;
  }

  /** Keeps the newest in sight from now on, or leaves the picture where it is. */
  follow(follows: boolean): void {
    this.#follows.value = follows;
    this.update();
  }

  pan(x: number, y: number): void {
    const view = pan(this.#view.value, x, y, this.picture.world);
    this.#set(view);
  }

  /** Magnifies around a point, by default the crosshair or the middle. */
  zoom(factor: Point, at: Point = this.#focus()): void {
    const { world, latest } = this.picture;
    if (latest === undefined) return;
    const { aggregationIntervalUs } = latest.snapshot;
    const view = zoom(this.#view.value, at, factor, world, aggregationIntervalUs);
    this.#fitsAddresses = view.bytesPerPixel * view.height >= world.totalBytes * 0.999;
    this.#set(view);
  }

  /** All addresses and all of the time. */
  fitAll(): void {
    const { world } = this.picture;
    const view = this.#view.value;
    if (view.width === 0) return;
    this.#fitsAddresses = true;
    this.#set(
      fitted(
        { ...view, fromUs: world.fromUs, usPerPixel: (world.toUs - world.fromUs) / view.width },
        world,
      ),
    );
  }

  /** Puts a moment at the right edge. */
  scrubTo(timeUs: number): void {
    const view = this.#view.value;
    const rightUs = view.fromUs + view.width * view.usPerPixel;
    this.pan((rightUs - timeUs) / view.usPerPixel, 0);
  }

  /** Moves the crosshair, and the picture where it would leave it. */
  moveCursor(x: number, y: number): void {
    const { width, height } = this.#view.value;
    const before = this.#focus();
    const wanted = { x: before.x + x, y: before.y + y };
    const at = {
      x: Math.min(Math.max(wanted.x, 0), width - 1),
      y: Math.min(Math.max(wanted.y, 0), height - 1),
    };
    batch(() => {
      if (at.x !== wanted.x || at.y !== wanted.y) this.pan(at.x - wanted.x, at.y - wanted.y);
      this.cursor.value = at;
    });
  }

  /** Selects between two points; null, or next to nothing, selects no part. */
  select(from: Point | null, to: Point | null): void {
    if (
      from === null ||
      to === null ||
      Math.abs(from.x - to.x) < 3 ||
      Math.abs(from.y - to.y) < 3
    ) {
      this.selection.value = null;
      return;
    }
    const { timeUs: timeA, offset: offsetA } = this.placeOf(from);
    const { timeUs: timeB, offset: offsetB } = this.placeOf(to);
    this.selection.value = {
      fromUs: Math.min(timeA, timeB),
      toUs: Math.max(timeA, timeB),
      fromOffset: Math.min(offsetA, offsetB),
      toOffset: Math.max(offsetA, offsetB),
    };
  }

  /** Time and offset at a point. */
  placeOf({ x, y }: Point): { timeUs: number; offset: number } {
    const { fromUs, usPerPixel, offset, bytesPerPixel } = this.#view.value;
    return { timeUs: fromUs + x * usPerPixel, offset: offset + y * bytesPerPixel };
  }

  /** What the crosshair is on; null without one. */
  reading(): Reading | null {
    const cursor = this.cursor.value;
    if (cursor === null) return null;
    const { timeUs, offset } = this.placeOf(cursor);
    return readingAt(this.picture, timeUs, offset);
  }

  /** All of a run, or what there is of a history, as far as each snapshot can still be seen. */
  #firstSpanUs({ aggregationIntervalUs }: Snapshot): number {
    const { untilUs, world } = this.picture;
    if (untilUs !== null) return untilUs;
    const mostUs = (aggregationIntervalUs * this.#view.value.width) / PIXELS_PER_SNAPSHOT;
    const leastUs = Math.max(FIRST_SPAN_US, aggregationIntervalUs * 30);
    return Math.min(Math.max(world.toUs - world.fromUs, leastUs), Math.max(mostUs, leastUs));
  }

  #focus(): Point {
    const { width, height } = this.#view.value;
    return this.cursor.value ?? { x: Math.round(width / 2), y: Math.round(height / 2) };
  }

  /** Moving to the newest follows it, moving away from it pauses. */
  #set(view: HeatView): void {
    const moves = movesTime(view, this.#view.value);
    batch(() => {
      this.#view.value = view;
      if (moves) this.#follows.value = isAtEnd(view, this.picture.world);
    });
  }
}
