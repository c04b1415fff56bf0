import type { ItemSource, RecordItem, Series, SeriesSnapshot } from './recording.ts';

/** The lowest start of each series and of each process, and which process each series is of. */
interface Lowest {
  readonly ofSeries: number[];
  readonly ofPid: Map<number, number>;
}

/**
 * The same recording for people who must not learn where things lie: each series' addresses count
 * from the lowest of them, and those of a process's mappings from the lowest of its series. Names
 * of mappings, of the host and of cgroups, and our parameters, are left out. The items are read
 * twice.
 * @param open gives the items from the start, each time
 */
export async function* withRelativeAddresses(open: () => ItemSource): ItemSource {
  const lowest = await findLowest(open());
  const columns = new MovedColumns();
  for await (const batch of open()) yield movedBatch(batch, lowest, columns);
}

async function findLowest(items: ItemSource): Promise<Lowest> {
  const lowest: Lowest = { ofSeries: [], ofPid: new Map() };
  const pids: (number | null)[] = [];
  for await (const batch of items) {
    for (const item of batch) {
      if (item.kind === 'series') pids[item.index] = item.series.pid;
      if (item.kind !== 'snapshot') continue;
      const { seriesIndex, start, nrRegions } = item.snapshot;
      let least = lowest.ofSeries[seriesIndex] ?? Number.POSITIVE_INFINITY;
      for (let row = 0; row < nrRegions; row++) if (start[row]! < least) least = start[row]!;
      lowest.ofSeries[seriesIndex] = least;
      const pid = pids[seriesIndex] ?? null;
      if (pid !== null) lowest.ofPid.set(pid, Math.min(least, lowest.ofPid.get(pid) ?? least));
    }
  }
  return lowest;
}

function* movedBatch(
  batch: Iterable<RecordItem>,
  lowest: Lowest,
  columns: MovedColumns,
): Generator<RecordItem> {
  for (const item of batch) {
    if (item.kind === 'snapshot') {
      const base = lowest.ofSeries[item.snapshot.seriesIndex]!;
      yield { kind: 'snapshot', snapshot: columns.move(item.snapshot, base) };
    } else if (item.kind === 'mapping') {
      const { mapping } = item;
      const base = lowest.ofPid.get(mapping.pid) ?? Number.POSITIVE_INFINITY;
      // A mapping below all regions was not monitored.
      if (mapping.start < base) continue;
      const moved = { start: mapping.start - base, end: mapping.end - base, name: '' };
      yield { kind: 'mapping', mapping: { ...mapping, ...moved } };
    } else if (item.kind === 'series') yield { ...item, series: withoutFilters(item.series) };
    else if (item.kind === 'origin') {
      yield { kind: 'origin', origin: { ...item.origin, host: null, params: null } };
    } else yield item;
  }
}

/** Filters hold addresses and names of cgroups. */
function withoutFilters(series: Series): Series {
  return { ...series, filters: [] };
}

/** Columns that are written anew for each snapshot: those of the reader are not ours to change. */
class MovedColumns {
  #start = new Float64Array(0);
  #end = new Float64Array(0);

  move(snapshot: SeriesSnapshot, base: number): SeriesSnapshot {
    const { nrRegions, start, end } = snapshot;
    if (this.#start.length < nrRegions) {
      this.#start = new Float64Array(start.length);
      this.#end = new Float64Array(start.length);
    }
    for (let row = 0; row < nrRegions; row++) {
      this.#start[row] = start[row]! - base;
      this.#end[row] = end[row]! - base;
    }
    return { ...snapshot, start: this.#start, end: this.#end };
  }
}
