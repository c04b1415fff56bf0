import type { ItemSource, RecordItem, Series } from '../record/recording.ts';
import { type Answers, ask, type Question } from './question.ts';
import { RegionSpool } from './region-spool.ts';

/** Snapshots of about twenty million regions. */
const SPOOL_BYTES = 128 * 2 ** 20;

/**
 * A recording that is asked twice, because the second question depends on the first answer. It is
 * read once where its regions fit in a bounded memory in short form, else twice.
 */
export class SecondLook implements Question<void> {
  readonly #read: () => ItemSource;
  readonly #spool: RegionSpool;
  #readsAgain = false;
  readonly #series: { readonly index: number; readonly series: Series }[] = [];

  /** @param read begins to read from the start */
  constructor(read: () => ItemSource, maxBytes: number = SPOOL_BYTES) {
    this.#read = read;
    this.#spool = new RegionSpool(maxBytes);
  }

  take(item: RecordItem): void {
    if (item.kind === 'series') this.#series.push({ index: item.index, series: item.series });
    // Our own records are read faster than anything else could be kept.
    if (item.kind === 'origin' && item.origin.format === 'tcr') this.#readsAgain = true;
    if (item.kind === 'snapshot' && !this.#readsAgain) this.#spool.add(item.snapshot);
  }

  answer(): void {}

  /** Asks again, of series and snapshots, after the first pass. */
  ask<const Questions extends readonly Question<unknown>[]>(
    questions: Questions,
  ): Promise<Answers<Questions>> {
    return ask(this.#readsAgain || this.#spool.isFull ? this.#read() : this.#again(), questions);
  }

  async *#again(): AsyncGenerator<Iterable<RecordItem>> {
    yield this.#series.map((one) => ({ kind: 'series', ...one }) as const);
    yield this.#spool.snapshots().map((snapshot) => ({ kind: 'snapshot', snapshot }) as const);
  }
}
