import type { MonitoredTarget } from '../operations.ts';

/**
 * A look at one whole apply pass of each scheme (spec 5.10): the regions that were handed to the
 * operations set, as they were before the action reset their age.
 */
export interface Walk {
  /** Addresses in core units; `nrAccesses` is the moving sum. */
  region(
    schemeIndex: number,
    target: MonitoredTarget,
    start: number,
    end: number,
    nrAccesses: number,
    age: number,
    filterPassed: number,
  ): void;
  /** Every scheme has had its pass, or (`completed` false) the walk was cancelled. */
  ended(completed: boolean): void;
}

/** The one walk that a context can have under way. */
export class WalkSlot {
  #walk: Walk | null = null;

  get busy(): boolean {
    return this.#walk !== null;
  }

  get current(): Walk | null {
    return this.#walk;
  }

  begin(walk: Walk): void {
    this.#walk = walk;
  }

  end(completed: boolean): void {
    const walk = this.#walk;
    this.#walk = null;
    walk?.ended(completed);
  }
}
