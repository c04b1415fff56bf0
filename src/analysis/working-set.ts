import type { RecordItem, Series, SeriesSnapshot } from '../record/recording.ts';
import { type Instant, SeriesFigures } from './instants.ts';
import type { Question } from './question.ts';
import { Regrouping } from './regroup.ts';

/** What counts, and together for how long. */
export interface WorkingSetOptions {
  /** Samples that must have found a region accessed for it to count. @defaultValue 1 */
  readonly minSamples?: number;
  /** Smaller regions don't count. @defaultValue 1 */
  readonly minBytes?: number;
  /** Joins snapshots to groups of this duration; null takes each alone. @defaultValue null */
  readonly workTimeUs?: number | null;
}

/** Bytes in regions that were accessed. */
export interface WorkingSetAnswer {
  /** Over time; several targets summed at each moment. */
  readonly instants: readonly Instant[];
  /** Each target alone. */
  readonly separate: readonly (readonly Instant[])[];
}

/** How much memory was accessed, at each moment of a recording. */
export class WorkingSet implements Question<WorkingSetAnswer> {
  readonly #options: Required<WorkingSetOptions>;
  readonly #figures = new SeriesFigures();
  readonly #series = new Map<number, Series>();
  readonly #regroupings = new Map<number, Regrouping>();

  constructor(options: WorkingSetOptions = {}) {
    this.#options = { minSamples: 1, minBytes: 1, workTimeUs: null, ...options };
  }

  take(item: RecordItem): void {
    if (item.kind === 'series') this.#series.set(item.index, item.series);
    if (item.kind !== 'snapshot') return;
    const { snapshot } = item;
    const { workTimeUs, minSamples, minBytes } = this.#options;
    const group =
      workTimeUs === null ? snapshot : this.#regrouping(snapshot, workTimeUs).add(snapshot);
    if (group === null) return;
    const bytes = accessedBytes(group, minSamples, minBytes);
    this.#figures.add(snapshot.seriesIndex, group.startNs, group.endNs, bytes);
  }

  answer(): WorkingSetAnswer {
    this.#figures.keep((index) => this.#isFirstOfTarget(index));
    return { instants: this.#figures.summed(), separate: this.#figures.separate };
  }

  /** What several schemes have recorded of one target is the same memory, and counts once. */
  #isFirstOfTarget(index: number): boolean {
    const own = this.#series.get(index);
    if (own === undefined) return true;
    for (const series of this.#series.values()) {
      if (targetOf(series) !== targetOf(own)) continue;
      if (schemeOrder(series) < schemeOrder(own)) return false;
    }
    return true;
  }

  #regrouping(snapshot: SeriesSnapshot, workTimeUs: number): Regrouping {
    const known = this.#regroupings.get(snapshot.seriesIndex);
    if (known !== undefined) return known;
    const regrouping = new Regrouping(workTimeUs);
    this.#regroupings.set(snapshot.seriesIndex, regrouping);
    return regrouping;
  }
}

function targetOf({ kdamondIndex, contextIndex, targetId }: Series): string {
  return `${kdamondIndex} ${contextIndex} ${targetId}`;
}

/** All regions of a target say more than those of a scheme. */
function schemeOrder({ schemeIndex }: Series): number {
  return schemeIndex ?? -1;
}

/** Bytes of regions with so many samples and bytes at least. */
export function accessedBytes(
  columns: {
    readonly nrRegions: number;
    readonly start: Float64Array;
    readonly end: Float64Array;
    readonly nrAccesses: Uint32Array | Float64Array;
  },
  minSamples: number,
  minBytes: number,
): number {
  const { nrRegions, start, end, nrAccesses } = columns;
  let bytes = 0;
  for (let row = 0; row < nrRegions; row++) {
    if (nrAccesses[row]! < minSamples) continue;
    const size = end[row]! - start[row]!;
    if (size >= minBytes) bytes += size;
  }
  return bytes;
}

/** The figures that percentiles are taken of: over time, or ascending. */
export function workingSetValues(
  { instants, separate }: WorkingSetAnswer,
  sort: 'size' | 'time',
  likeDamo: boolean,
): number[] {
  if (!likeDamo) return sorted(instants, sort);
  // damo adds the k-th smallest values of all targets, whenever they were seen.
  const lists = separate.map((list) => sorted(list, sort));
  const longest = Math.max(0, ...lists.map((list) => list.length));
  return Array.from({ length: longest }, (_, index) =>
    lists.reduce((sum, list) => sum + (list[index] ?? 0), 0),
  );
}

function sorted(instants: readonly Instant[], sort: 'size' | 'time'): number[] {
  const values = instants.map(({ value }) => value);
  return sort === 'time' ? values : values.sort((a, b) => a - b);
}
