/** Questions that see less of a recording. */
import { ThermoclineError } from '../base/errors.ts';
import type { RecordItem } from '../record/recording.ts';
import type { Question } from './question.ts';

/** The question, asked without the first `count` snapshots of each series. */
export function skipping<Answer>(count: number, inner: Question<Answer>): Question<Answer> {
  const skipped = new Map<number, number>();
  return {
    take(item) {
      if (item.kind === 'snapshot') {
        const soFar = skipped.get(item.snapshot.seriesIndex) ?? 0;
        skipped.set(item.snapshot.seriesIndex, soFar + 1);
        if (soFar < count) return;
      }
      inner.take(item);
    },
    answer: () => inner.answer(),
  };
}

/**
 * The question, asked of the series of one target only.
 * @param targetId in decimal
 * @returns a question whose answer throws TC_NOT_FOUND where no series has that target
 */
export function ofTarget<Answer>(targetId: string, inner: Question<Answer>): Question<Answer> {
  const chosen = new Set<number>();
  const others = new Set<string>();
  const isChosen = (item: RecordItem) => {
    if (item.kind === 'snapshot') return chosen.has(item.snapshot.seriesIndex);
    if (item.kind !== 'series') return true;
    if (item.series.targetId === targetId) chosen.add(item.index);
    else others.add(item.series.targetId ?? 'none');
    return chosen.has(item.index);
  };
  return {
    take(item) {
      if (isChosen(item)) inner.take(item);
    },
    answer() {
      if (chosen.size > 0) return inner.answer();
      const known = [...others].slice(0, 10).join(', ');
      throw new ThermoclineError(
        'TC_NOT_FOUND',
        `The recording has no target ${targetId}; its targets are ${known || 'none'}.`,
      );
    },
  };
}

/** The question, asked of one series only. */
export function ofSeries<Answer>(index: number, inner: Question<Answer>): Question<Answer> {
  return {
    take(item) {
      if (item.kind !== 'snapshot' || item.snapshot.seriesIndex === index) inner.take(item);
    },
    answer: () => inner.answer(),
  };
}
