import { ThermoclineError } from '../base/errors.ts';
import type { RecordItem, Series, SeriesSnapshot } from '../record/recording.ts';
import type { Question } from './question.ts';
import { RegionSpool } from './region-spool.ts';

/** Far more regions than anybody would look at one by one. */
const MAX_BYTES = 2 ** 30;

/** The snapshots of all targets that have the same start and end. */
export interface SnapshotGroup {
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** Columns are valid until the next is asked for. */
  readonly targets: Iterable<{ readonly series: Series; readonly snapshot: SeriesSnapshot }>;
}

/**
 * All snapshots in the order of time, those of several targets side by side. They are held in short
 * form, since a recording may have its targets one after the other.
 * @throws ThermoclineError TC_INVALID from `answer` where there are too many to hold
 */
export class AllSnapshots implements Question<Iterable<SnapshotGroup>> {
  readonly #series = new Map<number, Series>();
  readonly #spool = new RegionSpool(MAX_BYTES);

  take(item: RecordItem): void {
    if (item.kind === 'series') this.#series.set(item.index, item.series);
    if (item.kind === 'snapshot') this.#spool.add(item.snapshot);
  }

  answer(): Iterable<SnapshotGroup> {
    if (this.#spool.isFull) {
      throw new ThermoclineError(
        'TC_INVALID',
        'The recording has too many regions to show them all; choose a part with --time, or convert it.',
      );
    }
    return this.#groups();
  }

  *#groups(): Generator<SnapshotGroup> {
    const { held } = this.#spool;
    const order = [...held.keys()].sort(
      (a, b) =>
        compare(held[a]!.endNs, held[b]!.endNs) ||
        compare(held[a]!.startNs, held[b]!.startNs) ||
        held[a]!.seriesIndex - held[b]!.seriesIndex,
    );
    for (let from = 0; from < order.length; ) {
      const { startNs, endNs } = held[order[from]!]!;
      let to = from + 1;
      while (to < order.length) {
        const next = held[order[to]!]!;
        if (next.startNs !== startNs || next.endNs !== endNs) break;
        to += 1;
      }
      const snapshots = this.#spool.snapshots(order.slice(from, to));
      const withSeries = (snapshot: SeriesSnapshot) => ({
        series: this.#series.get(snapshot.seriesIndex)!,
        snapshot,
      });
      yield { startNs, endNs, targets: snapshots.map(withSeries) };
      from = to;
    }
  }
}

function compare(a: bigint, b: bigint): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
