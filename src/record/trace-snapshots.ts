/**
 * Puts snapshots together from lines of a trace. A line says how many regions its snapshot has, but
 * lines get lost, and lines of several targets may alternate. So each target has its own open
 * snapshot, which ends
 * - when as many regions were seen as were said,
 * - when the number that is said changes,
 * - when addresses start again from below, or
 * - when more time passed since its first line than half of the shortest interval so far.
 */
import { ThermoclineError } from '../base/errors.ts';
import type { TraceLine, TraceLineKind } from '../params/trace-line.ts';
import { EndTimes, noLaterThan } from './first-start.ts';
import type { RecordItem, Series } from './recording.ts';
import { MAX_REGIONS, MAX_SERIES, SnapshotColumns } from './snapshot-columns.ts';

/** Tunings that can still matter for snapshots to come; older ones were overtaken. */
const KEPT_TUNINGS = 64;

/** No aggregation interval is shorter; what seems so is one snapshot that was taken for two. */
const SHORTEST_NS = 1e6;

interface OpenSeries {
  readonly key: string;
  readonly index: number;
  readonly series: Series;
  readonly columns: SnapshotColumns;
  readonly ends: EndTimes;
  readonly isScheme: boolean;
  /** Of the first line of the open snapshot. */
  seconds: number;
  nanoseconds: number;
  nrRegions: number;
  latestStart: number;
  isFake: boolean;
  previousEndNs: bigint | null;
  shortestNs: number;
}

/** The state between two lines. */
export class TraceSnapshots {
  readonly #ends: Map<string, EndTimes>;
  readonly #firstEnds: ReadonlyMap<string, EndTimes> | null;
  readonly #series = new Map<string, OpenSeries>();
  readonly #tunings: { readonly timeNs: bigint; readonly sampleIntervalUs: number }[] = [];
  #aggregatedBy: TraceLineKind | null = null;
  #latest: OpenSeries | null = null;
  #nrOpenRegions = 0;
  #nrSeriesShown = 0;
  nrSnapshots = 0;
  nrIncomplete = 0;
  nrLostRegions = 0;

  /**
   * @param ends where the times of snapshots are put
   * @param firstEnds those of a first pass over the same lines; without them no items come
   */
  constructor(ends: Map<string, EndTimes>, firstEnds: ReadonlyMap<string, EndTimes> | null) {
    this.#ends = ends;
    this.#firstEnds = firstEnds;
  }

  /** The items that a line completes. */
  *take(line: TraceLine): Generator<RecordItem> {
    if (line.kind === 'damon_monitor_intervals_tune') {
      this.#tune(line);
      return;
    }
    if (line.kind !== 'damos_before_apply') {
      // Kernels with probes say the same of each region twice, if asked to.
      this.#aggregatedBy ??= line.kind;
      if (line.kind !== this.#aggregatedBy) return;
    }
    const series = this.#seriesOf(line);
    const { columns } = series;
    if (columns.nrRegions > 0 && endsBefore(series, line)) yield* this.#closeSnapshot(series);
    if (columns.nrRegions === 0) {
      series.seconds = line.seconds;
      series.nanoseconds = line.nanoseconds;
      series.nrRegions = line.nrRegions;
      series.isFake = line.isFake;
    }
    if (this.#nrOpenRegions >= MAX_REGIONS) {
      throw new ThermoclineError(
        'TC_INVALID',
        `More than ${MAX_REGIONS} regions belong to snapshots that never end; this is no trace ` +
          'of DAMON.',
      );
    }
    columns.add(line.start, line.end, line.nrAccesses, line.age);
    if (line.hasProbeHits) columns.setProbeHits(line.probeHits, 0);
    series.latestStart = line.start;
    this.#nrOpenRegions += 1;
    if (!series.isScheme && columns.nrRegions >= series.nrRegions)
      yield* this.#closeSnapshot(series);
  }

  /** The trace has ended. */
  *close(): Generator<RecordItem> {
    for (const series of this.#series.values()) {
      if (series.columns.nrRegions > 0) yield* this.#closeSnapshot(series);
    }
  }

  #tune(line: TraceLine): void {
    const { sampleIntervalUs } = line;
    this.#tunings.push({ timeNs: timeNs(line), sampleIntervalUs });
    if (this.#tunings.length > KEPT_TUNINGS) this.#tunings.shift();
  }

  *#closeSnapshot(series: OpenSeries): Generator<RecordItem> {
    const { columns } = series;
    this.#nrOpenRegions -= columns.nrRegions;
    const endNs = timeNs(series);
    series.ends.add(endNs);
    const startNs = series.previousEndNs ?? this.#firstEnds?.get(series.key)?.firstStartNs ?? endNs;
    const shown = { startNs: noLaterThan(endNs, startNs), endNs };
    const tookNs = Number(endNs - startNs);
    if (tookNs >= SHORTEST_NS) series.shortestNs = Math.min(series.shortestNs, tookNs);
    series.previousEndNs = endNs;
    if (this.#firstEnds !== null && !series.isFake) {
      this.#count(series);
      const sampleIntervalUs = this.#sampleIntervalUs(startNs, endNs);
      const intervals = { sampleIntervalUs, aggregationIntervalUs: null };
      const head = { seriesIndex: series.index, ...shown, ...intervals, schemeStats: null };
      if (series.index >= this.#nrSeriesShown) yield* this.#showSeries(series.index);
      yield { kind: 'snapshot', snapshot: columns.snapshot(head) };
    }
    columns.clear();
  }

  /** Series are numbered as they were met, and the first snapshot of a later one may come first. */
  *#showSeries(last: number): Generator<RecordItem> {
    for (const { index, series } of this.#series.values()) {
      if (index >= this.#nrSeriesShown && index <= last) yield { kind: 'series', index, series };
    }
    this.#nrSeriesShown = last + 1;
  }

  /** Traces of schemes hold chosen regions only, so nothing is known to be missing. */
  #count({ isScheme, columns, nrRegions }: OpenSeries): void {
    this.nrSnapshots += 1;
    if (isScheme || columns.nrRegions === nrRegions) return;
    this.nrIncomplete += 1;
    this.nrLostRegions += Math.max(0, nrRegions - columns.nrRegions);
  }

  /**
   * A tuning is traced at the end of an interval, some before and some after its regions, and holds
   * from the next interval on: that is the one in whose first half it lies, or any after it.
   */
  #sampleIntervalUs(startNs: bigint, endNs: bigint): number | null {
    const middleNs = (startNs + endNs) / 2n;
    const tuning = this.#tunings.findLast((one) => one.timeNs <= middleNs);
    return tuning?.sampleIntervalUs ?? null;
  }

  #seriesOf(line: TraceLine): OpenSeries {
    const latest = this.#latest;
    const isScheme = line.kind === 'damos_before_apply';
    if (latest !== null && isOf(latest, line, isScheme)) return latest;
    const scheme = isScheme ? `${line.contextIndex} ${line.schemeIndex}` : '';
    // Since kernels give small numbers instead of pointers, two kdamonds can mean two targets by
    // one.
    const key = `${line.kdamondIndex} ${line.targetId} ${scheme}`;
    let series = this.#series.get(key);
    if (series === undefined) {
      series = this.#newSeries(key, line, isScheme);
      this.#series.set(key, series);
    }
    this.#latest = series;
    return series;
  }

  #newSeries(key: string, line: TraceLine, isScheme: boolean): OpenSeries {
    if (this.#series.size >= MAX_SERIES) {
      throw new ThermoclineError('TC_INVALID', `There are more than ${MAX_SERIES} targets.`);
    }
    const ends = new EndTimes();
    this.#ends.set(key, ends);
    const series: Series = {
      ...{ kdamondIndex: line.kdamondIndex, contextIndex: isScheme ? line.contextIndex : null },
      ...{ schemeIndex: isScheme ? line.schemeIndex : null, targetId: line.targetId, pid: null },
      ...{ intervals: null, filters: [] },
    };
    return {
      ...{ key, index: this.#series.size, series, columns: new SnapshotColumns(), ends, isScheme },
      ...{ seconds: 0, nanoseconds: 0, nrRegions: 0, latestStart: 0, isFake: false },
      ...{ previousEndNs: null, shortestNs: Number.POSITIVE_INFINITY },
    };
  }
}

function isOf({ series, isScheme }: OpenSeries, line: TraceLine, isSchemeLine: boolean): boolean {
  if (isScheme !== isSchemeLine || series.targetId !== line.targetId) return false;
  if (series.kdamondIndex !== line.kdamondIndex) return false;
  if (!isScheme) return true;
  return series.contextIndex === line.contextIndex && series.schemeIndex === line.schemeIndex;
}

/** Whether the line does not belong to the open snapshot any more. */
function endsBefore(open: OpenSeries, line: TraceLine): boolean {
  if (line.start <= open.latestStart) return true;
  if (!open.isScheme && line.nrRegions !== open.nrRegions) return true;
  const sinceFirstNs = (line.seconds - open.seconds) * 1e9 + (line.nanoseconds - open.nanoseconds);
  return sinceFirstNs > open.shortestNs / 2;
}

function timeNs({ seconds, nanoseconds }: { seconds: number; nanoseconds: number }): bigint {
  return BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
}
