/**
 * What is out, by when it left: a book of amounts. Counters tell how much came back and not which
 * memory it was, and a physical address is somebody else's as soon as its page has left. So what
 * comes back is taken from everything that is out, the younger the likelier.
 */
import type { Return } from '../policies/policy.ts';

interface Cohort {
  leftAtUs: number;
  /** Idle time when it left. */
  readonly idleUs: number;
  bytes: number;
}

/** Cohorts that are kept; the oldest are put together. */
const MAX_NR_COHORTS = 64;

/** Amounts that left and did not come back. */
export class OutBook {
  /** The oldest first. */
  readonly #cohorts: Cohort[] = [];

  /** Notes what left at this moment, after it had been idle for `idleUs`. */
  leave(bytes: number, idleUs: number, nowUs: number): void {
    if (bytes <= 0) return;
    this.#cohorts.push({ leftAtUs: nowUs, idleUs, bytes });
    while (this.#cohorts.length > MAX_NR_COHORTS) this.#joinClosest(nowUs);
  }

  /** What came back at this moment, by the idle times that it most likely had. */
  comeBack(bytes: number, nowUs: number): Return[] {
    const idleOf = ({ leftAtUs, idleUs }: Cohort) => Math.max(1, nowUs - leftAtUs + idleUs);
    // Memory that has been idle for twice as long is half as likely to be needed next.
    const weights = this.#cohorts.map((cohort) => cohort.bytes / idleOf(cohort));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    if (bytes <= 0 || sum === 0) return [];
    return this.#cohorts.map((cohort, index) => {
      const back = (bytes * weights[index]!) / sum;
      cohort.bytes = Math.max(0, cohort.bytes - back);
      return { bytes: back, idleUs: idleOf(cohort) };
    });
  }

  /** Joins the two neighbours whose ages differ least, in proportion. */
  #joinClosest(nowUs: number): void {
    let best = 1;
    let least = Number.POSITIVE_INFINITY;
    for (let at = 1; at < this.#cohorts.length; at++) {
      const older = nowUs - this.#cohorts[at - 1]!.leftAtUs + 1;
      const younger = nowUs - this.#cohorts[at]!.leftAtUs + 1;
      if (older / younger >= least) continue;
      least = older / younger;
      best = at;
    }
    const [older] = this.#cohorts.splice(best - 1, 1);
    const into = this.#cohorts[best - 1]!;
    const bytes = into.bytes + older!.bytes;
    const share = bytes === 0 ? 0 : older!.bytes / bytes;
    into.leftAtUs += (older!.leftAtUs - into.leftAtUs) * share;
    into.bytes = bytes;
  }
}
