/** A shadow's looks at single pages, by stripes of memory, and when they are due. */
import type { AddressRange } from '../params/types.ts';
import { PageLooks } from './page-looks.ts';

/** Part of the cold age for which the pages that a run takes have been idle for sure. */
const SEEN_IDLE_PART = 0.75;

/** In cold ages: two looks come before the first pages are taken; then one and two take turns. */
const FIRST_GAPS = [1 - SEEN_IDLE_PART, SEEN_IDLE_PART];

/** How much of what is out in a stripe was touched. */
export interface TouchedStripe {
  readonly range: AddressRange;
  readonly share: number;
}

/** The looks of one run. */
export class ShadowPages {
  readonly stripes: readonly { readonly range: AddressRange; readonly looks: PageLooks }[];
  #lastUs: number | null = null;
  #dueUs = 0;
  #nrLooks = 0;

  constructor(stripes: readonly AddressRange[]) {
    this.stripes = stripes.map((range) => ({ range, looks: new PageLooks() }));
  }

  /** Whether it is time to look. */
  isDue(nowUs: number): boolean {
    return nowUs >= this.#dueUs;
  }

  /** What is touched in `us`, as far as that is the same at all times. */
  touchedIn(us: number): TouchedStripe[] {
    return this.stripes.map(({ range, looks }) => ({ range, share: looks.touchedShare(us) }));
  }

  /**
   * Takes what a look has found idle, by stripe; null for a look that can't be told from a second
   * one right behind it.
   * @returns what was touched all of a sudden; a share below 0 where more is idle than was
   */
  note(idleBytes: readonly number[] | null, nowUs: number, coldAgeUs: number): TouchedStripe[] {
    const lastUs = this.#lastUs;
    this.#lastUs = nowUs;
    this.#nrLooks += 1;
    this.#dueUs = nowUs + coldAgeUs * (FIRST_GAPS[this.#nrLooks - 1] ?? 1 + (this.#nrLooks % 2));
    // The first look is for the next one to have something to begin with.
    if (lastUs === null || idleBytes === null) return [];
    return this.stripes.map(({ range, looks }, at) => ({
      range,
      share: looks.note(idleBytes[at]!, nowUs - lastUs),
    }));
  }

  /** Whether enough was seen to say what a run would take. */
  get isReady(): boolean {
    return this.#nrLooks > 1;
  }

  /** Bytes of a stripe that a run would find idle when it comes by memory after so long a time. */
  idleBytes(stripe: number, waitedUs: number, coldAgeUs: number): number {
    const { looks } = this.stripes[stripe]!;
    return looks.idleBytes(waitedUs - (1 - SEEN_IDLE_PART) * coldAgeUs);
  }
}
