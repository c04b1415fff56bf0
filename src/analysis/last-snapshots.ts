import type { RecordItem, Series, SeriesSnapshot } from '../record/recording.ts';
import type { Question } from './question.ts';

/** A snapshot that can be kept, with its series. */
export interface KeptSnapshot {
  readonly series: Series;
  readonly snapshot: SeriesSnapshot;
}

/**
 * What a recording ended with: the last snapshot of each series that still had one then. A series
 * that ended earlier, because its process did, has no part in it.
 */
export class LastSnapshots implements Question<readonly KeptSnapshot[]> {
  readonly #series = new Map<number, Series>();
  readonly #last = new Map<number, SnapshotCopy>();

  take(item: RecordItem): void {
    if (item.kind === 'series') this.#series.set(item.index, item.series);
    if (item.kind !== 'snapshot') return;
    const { seriesIndex } = item.snapshot;
    const copy = this.#last.get(seriesIndex) ?? new SnapshotCopy();
    copy.take(item.snapshot);
    this.#last.set(seriesIndex, copy);
  }

  answer(): readonly KeptSnapshot[] {
    const kept = [...this.#last].map(([index, copy]) => ({
      series: this.#series.get(index)!,
      snapshot: copy.snapshot,
    }));
    let latest = 0n;
    for (const { snapshot } of kept) if (snapshot.endNs > latest) latest = snapshot.endNs;
    return kept.filter(({ snapshot }) => {
      const durationNs = snapshot.endNs - snapshot.startNs;
      return latest - snapshot.endNs <= durationNs / 2n;
    });
  }
}

/** A snapshot that outlives its reader's columns; its own columns are used again. */
class SnapshotCopy {
  #columns = roomFor(0);
  #snapshot: SeriesSnapshot | null = null;

  take(snapshot: SeriesSnapshot): void {
    const { nrRegions } = snapshot;
    if (nrRegions > this.#columns.start.length) this.#columns = roomFor(nrRegions * 2);
    const { start, end, nrAccesses, age, passed } = this.#columns;
    start.set(snapshot.start.subarray(0, nrRegions));
    end.set(snapshot.end.subarray(0, nrRegions));
    nrAccesses.set(snapshot.nrAccesses.subarray(0, nrRegions));
    age.set(snapshot.age.subarray(0, nrRegions));
    if (snapshot.filterPassedBytes) passed.set(snapshot.filterPassedBytes.subarray(0, nrRegions));
    const filterPassedBytes = snapshot.filterPassedBytes === null ? null : passed;
    this.#snapshot = {
      ...{ ...snapshot, start, end, nrAccesses, age, filterPassedBytes },
      probeHits: snapshot.probeHits?.slice(0, nrRegions * 4) ?? null,
    };
  }

  get snapshot(): SeriesSnapshot {
    return this.#snapshot!;
  }
}

function roomFor(nrRegions: number) {
  return {
    start: new Float64Array(nrRegions),
    end: new Float64Array(nrRegions),
    nrAccesses: new Uint32Array(nrRegions),
    age: new Float64Array(nrRegions),
    passed: new Float64Array(nrRegions),
  };
}
