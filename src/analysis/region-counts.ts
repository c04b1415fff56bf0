import type { RecordItem } from '../record/recording.ts';
import { type Instant, SeriesFigures } from './instants.ts';
import type { Question } from './question.ts';

/** How many regions there were at each moment; those of several targets summed. */
export class RegionCounts implements Question<readonly Instant[]> {
  readonly #figures = new SeriesFigures();

  take(item: RecordItem): void {
    if (item.kind !== 'snapshot') return;
    const { seriesIndex, startNs, endNs, nrRegions } = item.snapshot;
    this.#figures.add(seriesIndex, startNs, endNs, nrRegions);
  }

  answer(): readonly Instant[] {
    return this.#figures.summed();
  }
}
