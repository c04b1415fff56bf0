import { alignUp } from '../base/arithmetic.ts';
import type { Random } from '../base/random.ts';
import type { RegionTable } from './region-table.ts';

/**
 * What splitting remembers from one aggregation to the next (spec 4.6). The kernel keeps one for
 * all its workers; pass the same to several kdamonds to have that.
 */
export interface SplitHistory {
  /** Number of regions before the last split. */
  lastNrRegions: number;
  /** Moves on where "split some" begins, so that each region gets its turn. */
  rotation: number;
}

/**
 * The largest region that keeps at least `minNrRegions` of them (spec 4.5), in core units; no
 * target may stay above it.
 */
export function regionSizeLimit(
  totalSize: number,
  minNrRegions: number,
  minRegionSize: number,
): number {
  const limit = minNrRegions === 0 ? totalSize : Math.floor(totalSize / minNrRegions);
  return Math.max(limit, minRegionSize);
}

/**
 * Cuts regions larger than the limit into pieces of exactly the limit; returns the limit (spec
 * 4.5).
 */
export function enforceMinNrRegions(
  tables: readonly RegionTable[],
  minNrRegions: number,
  minRegionSize: number,
): number {
  let totalSize = 0;
  for (const regions of tables) totalSize += regions.totalSize();
  const limit = alignUp(regionSizeLimit(totalSize, minNrRegions, minRegionSize), minRegionSize);
  for (const regions of tables) {
    regions.beginWalk();
    while (regions.walking()) {
      if (regions.size(regions.cursor) > limit) regions.splitAtCursor(limit);
      regions.advance();
    }
    regions.endWalk();
  }
  return limit;
}

/**
 * Splits regions at random places, so that the next window can tell their parts apart (spec 4.6):
 * all of them in two or three while they are few, every n-th while they are many, none at the
 * maximum.
 */
export function splitRegions(
  tables: readonly RegionTable[],
  maxNrRegions: number,
  minRegionSize: number,
  random: Random,
  history: SplitHistory,
): void {
  let nr = 0;
  for (const regions of tables) nr += regions.nr;
  if (nr < maxNrRegions) {
    if (nr > Math.floor(maxNrRegions / 2)) {
      splitSome(
        tables,
        Math.floor(maxNrRegions / (maxNrRegions - nr)),
        minRegionSize,
        random,
        history,
      );
    } else {
      const stuck = history.lastNrRegions === nr && nr < Math.floor(maxNrRegions / 3);
      for (const regions of tables) splitTarget(regions, stuck ? 3 : 2, minRegionSize, random);
    }
  }
  history.lastNrRegions = nr;
}

/** Splits each region of a target into `nrParts`; a third part comes from the left one. */
export function splitTarget(
  regions: RegionTable,
  nrParts: number,
  minRegionSize: number,
  random: Random,
): void {
  const cutsPerRow = nrParts - 1;
  const cuts = regions.cutsFor(cutsPerRow);
  const { start, end, nr } = regions;
  let nrCuts = 0;
  for (let row = 0; row < nr; row++) {
    let size = end[row]! - start[row]!;
    for (let cut = 0; cut < cutsPerRow; cut++) {
      const left = size > 2 * minRegionSize ? drawLeftSize(size, minRegionSize, random) : 0;
      cuts[row * cutsPerRow + cut] = left;
      if (left === 0) continue;
      size = left;
      nrCuts += 1;
    }
  }
  regions.cutRows(nrCuts, cutsPerRow);
}

/** Splits one region in every `step`, counted over all targets. */
function splitSome(
  tables: readonly RegionTable[],
  step: number,
  minRegionSize: number,
  random: Random,
  history: SplitHistory,
): void {
  const offset = history.rotation % step;
  history.rotation += 1;
  let index = 0;
  for (const regions of tables) {
    const cuts = regions.cutsFor(1);
    cuts.fill(0, 0, regions.nr);
    let nrCuts = 0;
    for (let row = 0; row < regions.nr; row++, index++) {
      const size = regions.size(row);
      if (index % step !== offset || size < 2 * minRegionSize) continue;
      const left = drawLeftSize(size, minRegionSize, random);
      cuts[row] = left;
      if (left > 0) nrCuts += 1;
    }
    regions.cutRows(nrCuts, 1);
  }
}

/** One to nine tenths of the size by chance, aligned; 0 where that leaves nothing. */
function drawLeftSize(size: number, minRegionSize: number, random: Random): number {
  // Rounding down once is rounding down to a whole size first and to a multiple then.
  return Math.floor((random.between(1, 10) * size) / (10 * minRegionSize)) * minRegionSize;
}
