/** Figures of several targets, put together where they belong to the same moment. */

/** A figure of one moment. */
export interface Instant {
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly value: number;
}

/**
 * Figures of each series over time. Series may come one after the other, as in damo's files, or in
 * turns, as in ours; within a series, time goes on.
 */
export class SeriesFigures {
  readonly #bySeries = new Map<number, Instant[]>();

  add(seriesIndex: number, startNs: bigint, endNs: bigint, value: number): void {
    const instants = this.#bySeries.get(seriesIndex);
    if (instants === undefined) this.#bySeries.set(seriesIndex, [{ startNs, endNs, value }]);
    else instants.push({ startNs, endNs, value });
  }

  /** Drops the series that `counts` says no of. */
  keep(counts: (seriesIndex: number) => boolean): void {
    for (const seriesIndex of this.#bySeries.keys()) {
      if (!counts(seriesIndex)) this.#bySeries.delete(seriesIndex);
    }
  }

  /** Each series alone, in the order in which they came. */
  get separate(): readonly (readonly Instant[])[] {
    return [...this.#bySeries.values()];
  }

  /**
   * Sums over all series at each moment. Snapshots of one monitor end at about the same time; one
   * that goes on for longer counts at each moment that it covers.
   */
  summed(): readonly Instant[] {
    const all = this.separate;
    if (all.length <= 1) return all[0] ?? [];
    const cursors = all.map(() => 0);
    return momentsOf(all).map(({ startNs, endNs }) => {
      const middleNs = (startNs + endNs) / 2n;
      let value = 0;
      for (const [index, instants] of all.entries()) {
        let cursor = cursors[index]!;
        while (cursor < instants.length && isBefore(instants[cursor]!, middleNs)) cursor += 1;
        cursors[index] = cursor;
        const instant = instants[cursor];
        if (instant !== undefined && instant.startNs <= middleNs) value += instant.value;
      }
      return { startNs, endNs, value };
    });
  }
}

function isBefore({ startNs, endNs }: Instant, timeNs: bigint): boolean {
  return endNs < timeNs || (endNs === timeNs && startNs < endNs);
}

interface Moment {
  startNs: bigint;
  readonly endNs: bigint;
}

/**
 * Ends of different series that are less than half a snapshot apart are one moment, that of the
 * first of them. It lasts as long as the shortest of its snapshots.
 */
function momentsOf(all: readonly (readonly Instant[])[]): Moment[] {
  const ends = all.flatMap((instants, series) =>
    instants.map(({ startNs, endNs }) => ({ series, startNs, endNs })),
  );
  ends.sort((a, b) => (a.endNs === b.endNs ? a.series - b.series : a.endNs < b.endNs ? -1 : 1));
  const moments: Moment[] = [];
  const seen = new Set<number>();
  for (const { series, startNs, endNs } of ends) {
    const last = moments.at(-1);
    const halfNs = (endNs - startNs) / 2n;
    if (last === undefined || seen.has(series) || endNs - last.endNs > halfNs) {
      moments.push({ startNs, endNs });
      seen.clear();
    } else if (startNs > last.startNs && startNs < last.endNs) last.startNs = startNs;
    seen.add(series);
  }
  return moments;
}
