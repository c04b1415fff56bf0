import type { SnapshotFrame } from '../../client/snapshot-frame.ts';

/** Windows further apart than this part of their length have something missing in between. */
const GAP_FROM = 0.5;

/**
 * Of pictures that come in the order of time, those that are kept: each speaks for those before it
 * that are not, so that time which was watched stays covered and a gap stays a gap.
 */
export class SpanKeeper {
  /** From where on what was seen is without a gap and not told yet. */
  #fromUs = Number.NEGATIVE_INFINITY;
  #lastUs = Number.NEGATIVE_INFINITY;

  /** Passes over a picture that ends at `timeUs`. */
  pass(timeUs: number, spanUs: number): void {
    if (timeUs - spanUs - this.#lastUs > GAP_FROM * spanUs) this.#fromUs = timeUs - spanUs;
    this.#lastUs = timeUs;
  }

  /** Keeps the picture that was passed last; returns the time that it speaks for. */
  keep(): number {
    const spanUs = this.#lastUs - this.#fromUs;
    this.#fromUs = this.#lastUs;
    return spanUs;
  }
}

/** So many of the pictures at most, evenly, the newest among them. */
export function thinned(
  frames: readonly SnapshotFrame[],
  timeUs: (frame: SnapshotFrame) => number,
  limit: number,
): SnapshotFrame[] {
  if (frames.length <= limit) return [...frames];
  const step = frames.length / limit;
  const kept: SnapshotFrame[] = [];
  const keeper = new SpanKeeper();
  for (const [index, frame] of frames.entries()) {
    keeper.pass(timeUs(frame), frame.spanUs);
    const isNext = index === Math.ceil((kept.length + 1) * step) - 1;
    if (isNext) kept.push({ ...frame, spanUs: keeper.keep() });
  }
  return kept;
}
