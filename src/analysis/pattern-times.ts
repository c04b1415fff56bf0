import type { RecordItem } from '../record/recording.ts';
import type { Question } from './question.ts';

/** A time without a break in which each snapshot had regions. */
export interface SeenTime {
  readonly startNs: bigint;
  readonly endNs: bigint;
}

/**
 * When there were regions: asked through a filter, when a pattern was seen. Snapshots of a series
 * that follow each other are one time; so are times of several targets that meet.
 */
export class PatternTimes implements Question<readonly SeenTime[]> {
  readonly #times: { startNs: bigint; endNs: bigint }[] = [];
  readonly #open = new Map<number, { startNs: bigint; endNs: bigint }>();

  take(item: RecordItem): void {
    if (item.kind !== 'snapshot') return;
    const { seriesIndex, nrRegions, startNs, endNs } = item.snapshot;
    const open = this.#open.get(seriesIndex);
    if (nrRegions === 0) this.#open.delete(seriesIndex);
    else if (open !== undefined) open.endNs = endNs;
    else {
      const time = { startNs, endNs };
      this.#open.set(seriesIndex, time);
      this.#times.push(time);
    }
  }

  answer(): readonly SeenTime[] {
    const times = this.#times.toSorted((a, b) => (a.startNs < b.startNs ? -1 : 1));
    const joined: { startNs: bigint; endNs: bigint }[] = [];
    for (const time of times) {
      const last = joined.at(-1);
      if (last === undefined || time.startNs > last.endNs) joined.push({ ...time });
      else if (time.endNs > last.endNs) last.endNs = time.endNs;
    }
    return joined;
  }
}
