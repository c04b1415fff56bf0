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
    const moments = momentsOf(all);
    const cursors = all.map(() => 0);
    return moments.map((endNs) => {
      let startNs = endNs;
      let value = 0;
      for (const [index, instants] of all.entries()) {
        let cursor = cursors[index]!;
        while (cursor < instants.length && instants[cursor]!.endNs < endNs) cursor += 1;
        cursors[index] = cursor;
        const instant = instants[cursor];
        if (instant === undefined || instant.startNs > endNs) continue;
        value += instant.value;
        if (instant.startNs < startNs) startNs = instant.startNs;
      }
      return { startNs, endNs, value };
    });
  }
}

/**
 * The ends of snapshots, where ends of different series that are less than half a snapshot apart are
 * one moment: the first of them.
 */
function momentsOf(all: readonly (readonly Instant[])[]): bigint[] {
  const ends = all.flatMap((instants, series) =>
    instants.map(({ startNs, endNs }) => ({ series, endNs, halfNs: (endNs - startNs) / 2n })),
  );
  ends.sort((a, b) => (a.endNs < b.endNs ? -1 : a.endNs > b.endNs ? 1 : a.series - b.series));
  const moments: bigint[] = [];
  const seen = new Set<number>();
  for (const { series, endNs, halfNs } of ends) {
    const first = moments.at(-1);
    if (first === undefined || seen.has(series) || endNs - first > halfNs) {
      moments.push(endNs);
      seen.clear();
    }
    seen.add(series);
  }
  return moments;
}
