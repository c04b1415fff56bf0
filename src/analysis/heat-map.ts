/** Heat by time and address: how often memory was accessed in each cell of a grid. */
import type { AddressRange } from '../params/types.ts';
import type { RecordItem, Series, SeriesSnapshot } from '../record/recording.ts';
import { intervalsInForce } from './intervals-in-force.ts';
import type { Question } from './question.ts';

/** What part of a recording a heat map shows, and how fine. */
export interface HeatGrid {
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly addresses: AddressRange;
  readonly timeCells: number;
  readonly addressCells: number;
}

/** Samples, or accesses a second where the recording tells its intervals. */
export type HeatUnit = 'samples' | 'hz';

/** How heat is counted. */
export interface HeatMapOptions {
  /** As damo 3.3.0 does: what an age tells is counted in every snapshot again. */
  readonly likeDamo?: boolean;
  /** Samples also where the recording tells its intervals. */
  readonly inSamples?: boolean;
}

/** A filled grid. */
export interface HeatMapAnswer {
  readonly grid: HeatGrid;
  readonly unit: HeatUnit;
  /** Nanoseconds and bytes of one cell, rounded down: the very end of a range may have none. */
  readonly timeUnitNs: number;
  readonly addressUnitBytes: number;
  /**
   * `timeCells` times `addressCells`, all addresses of one time together. Averages over the cell's
   * time and bytes; NaN where nothing was seen.
   */
  readonly cells: Float64Array;
}

/**
 * Fills one grid from the series that it is given. A region counts from when it had got its age,
 * but not from before the end of the snapshot before: that time has been counted.
 */
export class HeatMap implements Question<HeatMapAnswer> {
  readonly #grid: HeatGrid;
  readonly #options: HeatMapOptions;
  readonly #timeUnit: number;
  readonly #addressUnit: number;
  readonly #cells: Float64Array;
  readonly #series = new Map<number, Series>();
  readonly #previousEndNs = new Map<number, bigint>();
  #unit: HeatUnit = 'samples';

  constructor(grid: HeatGrid, options: HeatMapOptions = {}) {
    this.#grid = grid;
    this.#options = options;
    const { start, end } = grid.addresses;
    this.#timeUnit = Math.max(Number((grid.endNs - grid.startNs) / BigInt(grid.timeCells)), 1);
    this.#addressUnit = Math.max(Math.floor((end - start) / grid.addressCells), 1);
    this.#cells = new Float64Array(grid.timeCells * grid.addressCells).fill(NaN);
  }

  take(item: RecordItem): void {
    if (item.kind === 'series') this.#series.set(item.index, item.series);
    if (item.kind === 'snapshot') this.#add(item.snapshot);
  }

  answer(): HeatMapAnswer {
    return {
      grid: this.#grid,
      unit: this.#unit,
      timeUnitNs: this.#timeUnit,
      addressUnitBytes: this.#addressUnit,
      cells: this.#cells,
    };
  }

  #add(snapshot: SeriesSnapshot): void {
    const { seriesIndex, startNs, endNs } = snapshot;
    const previousEndNs = this.#previousEndNs.get(seriesIndex);
    this.#previousEndNs.set(seriesIndex, endNs);
    const { startNs: originNs } = this.#grid;
    const series = this.#series.get(seriesIndex)!;
    const intervals = intervalsInForce(series, snapshot);
    const aging = (this.#options.likeDamo && series.intervals) || intervals;
    const isRate = intervals !== null && !this.#options.inSamples;
    if (isRate) this.#unit = 'hz';
    const placed = {
      start: Number(startNs - originNs),
      end: Number(endNs - originNs),
      previousEnd:
        previousEndNs === undefined ? Number.NEGATIVE_INFINITY : Number(previousEndNs - originNs),
      agingNs: aging === null ? 0 : aging.aggregationIntervalUs * 1000,
      scale: isRate ? 1e6 / intervals.aggregationIntervalUs : 1,
    };
    if (placed.end <= 0 || placed.start >= this.#timeUnit * this.#grid.timeCells) {
      // With ages, a snapshot after the end may still tell about the time before it.
      if (placed.end <= 0 || placed.agingNs === 0) return;
    }
    if (this.#options.likeDamo) this.#fillLikeDamo(snapshot, placed);
    else this.#fill(snapshot, placed);
  }

  #fill(snapshot: SeriesSnapshot, placed: PlacedTime): void {
    const { timeCells, addressCells, addresses } = this.#grid;
    const cells = this.#cells;
    const timeUnit = this.#timeUnit;
    const addressUnit = this.#addressUnit;
    const timeEnd = Math.min(placed.end, timeUnit * timeCells);
    const addressEnd = addressUnit * addressCells;
    const cellSize = timeUnit * addressUnit;
    for (let row = 0; row < snapshot.nrRegions; row++) {
      const start = Math.max(snapshot.start[row]! - addresses.start, 0);
      const end = Math.min(snapshot.end[row]! - addresses.start, addressEnd);
      if (start >= end) continue;
      const since = placed.start - Math.max(snapshot.age[row]!, 0) * placed.agingNs;
      const from = Math.max(since, placed.previousEnd, 0);
      if (from >= timeEnd) continue;
      const value = snapshot.nrAccesses[row]! * placed.scale;
      const lastTime = Math.min(Math.floor(timeEnd / timeUnit), timeCells - 1);
      const lastAddress = Math.min(Math.floor(end / addressUnit), addressCells - 1);
      const firstAddress = Math.floor(start / addressUnit);
      for (let time = Math.floor(from / timeUnit); time <= lastTime; time++) {
        const shared = Math.min(timeEnd, (time + 1) * timeUnit) - Math.max(from, time * timeUnit);
        if (shared <= 0) continue;
        for (let column = firstAddress; column <= lastAddress; column++) {
          const bytes =
            Math.min(end, (column + 1) * addressUnit) - Math.max(start, column * addressUnit);
          if (bytes <= 0) continue;
          const cell = time * addressCells + column;
          const before = cells[cell]!;
          const added = (value * shared * bytes) / cellSize;
          cells[cell] = Number.isNaN(before) ? added : before + added;
        }
      }
    }
  }

  /** damo 3.3.0's figure: its rows start after the snapshot before, what they get does not. */
  #fillLikeDamo(snapshot: SeriesSnapshot, placed: PlacedTime): void {
    const { timeCells, addressCells, addresses } = this.#grid;
    const cells = this.#cells;
    const timeUnit = this.#timeUnit;
    const addressUnit = this.#addressUnit;
    const lastTime = Math.min(Math.trunc(placed.end / timeUnit), timeCells - 1);
    for (let row = 0; row < snapshot.nrRegions; row++) {
      const start = snapshot.start[row]! - addresses.start;
      const end = snapshot.end[row]! - addresses.start;
      if (end <= 0 || start >= addresses.end - addresses.start) continue;
      const since = placed.start - Math.max(snapshot.age[row]!, 0) * placed.agingNs;
      const from = Math.max(since, placed.previousEnd);
      const firstTime = Math.max(Math.trunc(from / timeUnit), 0);
      const firstAddress = Math.max(Math.trunc(start / addressUnit), 0);
      const lastAddress = Math.min(Math.trunc(end / addressUnit), addressCells - 1);
      const value = snapshot.nrAccesses[row]! * placed.scale;
      for (let time = firstTime; time <= lastTime; time++) {
        const shared =
          Math.min(placed.end, (time + 1) * timeUnit) - Math.max(since, time * timeUnit);
        for (let column = firstAddress; column <= lastAddress; column++) {
          const bytes =
            Math.min(end, (column + 1) * addressUnit) - Math.max(start, column * addressUnit);
          const cell = time * addressCells + column;
          const added = (value * shared * bytes) / (timeUnit * addressUnit);
          const before = cells[cell]!;
          cells[cell] = Number.isNaN(before) ? added : before + added;
        }
      }
    }
  }
}

/** Times of a snapshot in nanoseconds since the grid's beginning. */
interface PlacedTime {
  readonly start: number;
  readonly end: number;
  readonly previousEnd: number;
  /** Nanoseconds of one unit of age; 0 where it is not known. */
  readonly agingNs: number;
  /** What turns samples into the map's unit. */
  readonly scale: number;
}
