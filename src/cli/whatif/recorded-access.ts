/** What a recording tells for a replay: its pattern, and how far that can be trusted. */
import {
  type IntervalsInForce,
  intervalsInForce,
  maxSamplesOf,
} from '../../analysis/intervals-in-force.ts';
import type { Question } from '../../analysis/question.ts';
import { lookIntervalUs } from '../../monitor/kernel-plan.ts';
import type { ReplayedAccess } from '../../ops/replay/limits.ts';
import { PatternBuilder, type PatternSnapshot } from '../../ops/replay/recorded-pattern.ts';
import { NO_INTERVALS_GOAL } from '../../params/defaults.ts';
import type {
  RecordItem,
  RecordingOrigin,
  Series,
  SeriesSnapshot,
} from '../../record/recording.ts';

/** Samples in an aggregation interval where a recording doesn't tell: DAMON's default. */
const USUAL_SAMPLES = 20;

/** Everything that a replay has to know of a recording. */
export interface RecordedAccess extends ReplayedAccess {
  readonly origin: RecordingOrigin | null;
  readonly highestAddress: number;
}

/** Takes the pattern from a recording. Of several schemes on one target, the first one counts. */
export class AccessRecording implements Question<RecordedAccess> {
  readonly #builder = new PatternBuilder();
  readonly #series = new Map<number, Series>();
  /** Index in the pattern of each series that counts, and of each target. */
  readonly #targetOfSeries = new Map<number, number>();
  readonly #targets = new Map<string, number>();
  #knowsTouched = false;
  readonly #pids: (number | null)[] = [];
  readonly #residentBytes = new Map<number, { sum: number; count: number }>();
  #origin: RecordingOrigin | null = null;
  #startNs: bigint | null = null;
  #intervals: IntervalsInForce | null = null;
  #knowsIntervals = true;
  #knowsAges = true;
  #nrSnapshots = 0;
  #isDamaged = false;
  #highestAddress = 0;

  take(item: RecordItem): void {
    switch (item.kind) {
      case 'origin':
        this.#origin = item.origin;
        break;
      case 'series':
        this.#begin(item.index, item.series);
        break;
      case 'snapshot':
        this.#add(item.snapshot);
        break;
      case 'footprint': {
        const { pid, residentBytes } = item.footprint;
        if (pid === null) break;
        const { sum, count } = this.#residentBytes.get(pid) ?? { sum: 0, count: 0 };
        this.#residentBytes.set(pid, { sum: sum + residentBytes, count: count + 1 });
        break;
      }
      case 'warning':
        this.#isDamaged = true;
        break;
    }
  }

  answer(): RecordedAccess {
    const sizes = [...this.#residentBytes.values()].map(({ sum, count }) => sum / count);
    return {
      pattern: this.#builder.build(),
      origin: this.#origin,
      intervals: this.#intervals ?? { sampleIntervalUs: 5_000, aggregationIntervalUs: 100_000 },
      knowsIntervals: this.#knowsIntervals,
      knowsAges: this.#knowsAges,
      nrSnapshots: this.#nrSnapshots,
      residentBytes: sizes.length === 0 ? null : sizes.reduce((sum, size) => sum + size, 0),
      isDamaged: this.#isDamaged,
      knowsTouched: this.#knowsTouched,
      seesAmountsOnly: this.#origin?.source === 'engine smaps',
      highestAddress: this.#highestAddress,
    };
  }

  #begin(index: number, series: Series): void {
    this.#series.set(index, series);
    const target = `${series.kdamondIndex} ${series.contextIndex} ${series.targetId}`;
    if (this.#targets.has(target)) return;
    this.#targets.set(target, this.#pids.length);
    this.#targetOfSeries.set(index, this.#pids.length);
    this.#pids.push(series.pid);
  }

  #add(snapshot: SeriesSnapshot): void {
    const target = this.#targetOfSeries.get(snapshot.seriesIndex);
    if (target === undefined) return;
    const { startNs, endNs, nrRegions, start, end, nrAccesses, age } = snapshot;
    this.#startNs ??= startNs;
    const intervals = this.#intervalsOf(snapshot, Number(endNs - startNs) / 1000);
    this.#intervals ??= intervals;
    const look = this.#lookOf(snapshot, intervals);
    if (look !== null) this.#knowsTouched = true;
    this.#nrSnapshots += 1;
    if (nrRegions > 0) {
      this.#highestAddress = Math.max(this.#highestAddress, end[nrRegions - 1]!);
      if (age[0]! < 0) this.#knowsAges = false;
    }
    this.#builder.add({
      timeUs: Number(endNs - this.#startNs) / 1000,
      ...intervals,
      maxNrAccesses: maxSamplesOf(intervals),
      targetPids: this.#pids,
      targetIndex: new Uint32Array(nrRegions).fill(target),
      ...{ nrRegions, start, end, nrAccesses, age },
      ...look,
    });
  }

  /**
   * What a look at pages found, where our own monitor has looked, of which it is known how often it
   * does. Counts that are all 0 beside accesses are none.
   */
  #lookOf(
    { seriesIndex, filterPassedBytes, nrAccesses, nrRegions }: SeriesSnapshot,
    inForce: IntervalsInForce,
  ): Pick<PatternSnapshot, 'touchedBytes' | 'touchedUs'> | null {
    const { filters, intervals } = this.#series.get(seriesIndex)!;
    const isOurs = this.#origin?.format === 'tcr';
    if (!isOurs || filterPassedBytes === null || !letThroughYoung(filters)) return null;
    const isSome = (column: Float64Array | Uint32Array) =>
      column.subarray(0, nrRegions).some((value) => value > 0);
    if (!isSome(filterPassedBytes) && isSome(nrAccesses)) return null;
    const intervalsGoal = intervals?.goal ?? NO_INTERVALS_GOAL;
    return {
      touchedBytes: filterPassedBytes,
      touchedUs: lookIntervalUs({ ...inForce, intervalsGoal }),
    };
  }

  #intervalsOf(snapshot: SeriesSnapshot, durationUs: number): IntervalsInForce {
    const known = intervalsInForce(this.#series.get(snapshot.seriesIndex)!, snapshot);
    if (known !== null) return known;
    this.#knowsIntervals = false;
    return { aggregationIntervalUs: durationUs, sampleIntervalUs: durationUs / USUAL_SAMPLES };
  }
}

/** Whether filters, as damo writes them, let young pages through: of a cgroup, or all of them. */
function letThroughYoung(filters: readonly unknown[]): boolean {
  const types = filters.map((filter) => (filter as { filter_type?: unknown } | null)?.filter_type);
  const last = filters.at(-1) as { matching?: unknown; allow?: unknown } | null | undefined;
  return (
    types.at(-1) === 'young' &&
    types.slice(0, -1).every((type) => type === 'memcg') &&
    [last?.matching, last?.allow].every((word) => word === true || word === 'y' || word === 'Y')
  );
}
