import type { RecordItem, RecordingOrigin, Series, SeriesSnapshot } from '../record/recording.ts';
import { type AddressArea, AddressAreas, hottestArea } from './address-areas.ts';
import { SeriesFigures } from './instants.ts';
import { intervalsInForce } from './intervals-in-force.ts';
import type { Question } from './question.ts';

/** What one series of a recording holds. */
export interface SeriesInfo {
  readonly index: number;
  readonly series: Series;
  readonly nrSnapshots: number;
  /** Of all snapshots. */
  readonly nrRegions: number;
  readonly minNrRegions: number;
  readonly maxNrRegions: number;
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** From when on the first snapshot tells something: its start minus the longest age in it. */
  readonly knownSinceNs: bigint;
  /** Shortest and longest intervals in force; null where the recording doesn't tell. */
  readonly sampleIntervalUs: readonly [least: number, most: number] | null;
  readonly aggregationIntervalUs: readonly [least: number, most: number] | null;
  /** Addresses that were covered, without gaps. */
  readonly areas: readonly AddressArea[];
  /** damo's areas: a gap is one only if all snapshots have it between two regions. */
  readonly damoAreas: readonly AddressArea[];
  /** Whether any region has an age, or bytes that passed a filter. */
  readonly hasAges: boolean;
  readonly hasFilterPassed: boolean;
}

/** What a recording holds. */
export interface RecordingSummary {
  readonly origin: RecordingOrigin | null;
  /** Moments at which something was recorded; targets that end together count once. */
  readonly nrSnapshots: number;
  readonly nrRegions: number;
  /** Of the snapshots; null where there is none. */
  readonly startNs: bigint | null;
  readonly endNs: bigint | null;
  /** Those with snapshots. */
  readonly series: readonly SeriesInfo[];
  readonly nrFootprints: number;
  readonly nrMappings: number;
  readonly nrEvents: number;
}

/** Counts and extremes of everything in a recording. */
export class RecordingInfo implements Question<RecordingSummary> {
  readonly #bySeries = new Map<number, SeriesTally>();
  readonly #counts = new SeriesFigures();
  #origin: RecordingOrigin | null = null;
  #nrFootprints = 0;
  #nrMappings = 0;
  #nrEvents = 0;

  take(item: RecordItem): void {
    if (item.kind === 'snapshot') {
      const { seriesIndex, startNs, endNs, nrRegions } = item.snapshot;
      this.#counts.add(seriesIndex, startNs, endNs, nrRegions);
      this.#bySeries.get(seriesIndex)!.add(item.snapshot);
    } else if (item.kind === 'series') {
      this.#bySeries.set(item.index, new SeriesTally(item.index, item.series));
    } else if (item.kind === 'origin') this.#origin = item.origin;
    else if (item.kind === 'footprint') this.#nrFootprints += 1;
    else if (item.kind === 'mapping') this.#nrMappings += 1;
    else if (item.kind === 'event') this.#nrEvents += 1;
  }

  answer(): RecordingSummary {
    const series = [...this.#bySeries.values()].flatMap((tally) => tally.info() ?? []);
    const instants = this.#counts.summed();
    return {
      origin: this.#origin,
      nrSnapshots: instants.length,
      nrRegions: series.reduce((sum, { nrRegions }) => sum + nrRegions, 0),
      startNs: extreme(
        series.map(({ startNs }) => startNs),
        (a, b) => a < b,
      ),
      endNs: extreme(
        series.map(({ endNs }) => endNs),
        (a, b) => a > b,
      ),
      series,
      nrFootprints: this.#nrFootprints,
      nrMappings: this.#nrMappings,
      nrEvents: this.#nrEvents,
    };
  }
}

/** The series that is shown where only one can be: with the hottest area; damo's is the first. */
export function shownSeries(summary: RecordingSummary, likeDamo: boolean): SeriesInfo | null {
  const first = summary.series[0] ?? null;
  if (likeDamo || first === null) return first;
  const density = ({ areas }: SeriesInfo) => {
    const area = hottestArea(areas);
    return area === null ? 0 : area.heat / (area.end - area.start);
  };
  return summary.series.reduce(
    (best, info) => (density(info) > density(best) ? info : best),
    first,
  );
}

class SeriesTally {
  readonly #index: number;
  readonly #series: Series;
  readonly #areas = new AddressAreas();
  #nrSnapshots = 0;
  #nrRegions = 0;
  #minNrRegions = Number.POSITIVE_INFINITY;
  #maxNrRegions = 0;
  #startNs = 0n;
  #endNs = 0n;
  #knownSinceNs = 0n;
  #sampleUs: [number, number] | null = null;
  #aggregationUs: [number, number] | null = null;
  #hasAges = false;
  #hasFilterPassed = false;

  constructor(index: number, series: Series) {
    this.#index = index;
    this.#series = series;
  }

  add(snapshot: SeriesSnapshot): void {
    const intervals = intervalsInForce(this.#series, snapshot);
    if (this.#nrSnapshots === 0) {
      const backUs = oldestAge(snapshot) * (intervals?.aggregationIntervalUs ?? 0);
      this.#startNs = snapshot.startNs;
      this.#knownSinceNs = snapshot.startNs - BigInt(Math.round(backUs * 1000));
    }
    if (intervals !== null) {
      this.#sampleUs = widened(this.#sampleUs, intervals.sampleIntervalUs);
      this.#aggregationUs = widened(this.#aggregationUs, intervals.aggregationIntervalUs);
    }
    this.#nrSnapshots += 1;
    this.#nrRegions += snapshot.nrRegions;
    this.#minNrRegions = Math.min(this.#minNrRegions, snapshot.nrRegions);
    this.#maxNrRegions = Math.max(this.#maxNrRegions, snapshot.nrRegions);
    this.#endNs = snapshot.endNs;
    this.#hasAges ||= snapshot.nrRegions > 0 && snapshot.age[0]! >= 0;
    this.#hasFilterPassed ||= snapshot.filterPassedBytes !== null;
    this.#areas.add(snapshot);
  }

  info(): SeriesInfo | null {
    if (this.#nrSnapshots === 0) return null;
    return {
      index: this.#index,
      series: this.#series,
      nrSnapshots: this.#nrSnapshots,
      nrRegions: this.#nrRegions,
      minNrRegions: this.#minNrRegions,
      maxNrRegions: this.#maxNrRegions,
      startNs: this.#startNs,
      endNs: this.#endNs,
      knownSinceNs: this.#knownSinceNs,
      sampleIntervalUs: this.#sampleUs,
      aggregationIntervalUs: this.#aggregationUs,
      areas: this.#areas.covered(),
      damoAreas: this.#areas.withoutCommonHoles(),
      hasAges: this.#hasAges,
      hasFilterPassed: this.#hasFilterPassed,
    };
  }
}

function oldestAge({ nrRegions, age }: SeriesSnapshot): number {
  let oldest = 0;
  for (let row = 0; row < nrRegions; row++) oldest = Math.max(oldest, age[row]!);
  return oldest;
}

function widened(range: [number, number] | null, value: number): [number, number] {
  return range === null ? [value, value] : [Math.min(range[0], value), Math.max(range[1], value)];
}

function extreme(values: readonly bigint[], isBetter: (a: bigint, b: bigint) => boolean) {
  let best: bigint | null = null;
  for (const value of values) if (best === null || isBetter(value, best)) best = value;
  return best;
}
